"""The indexing service: what the rest of the plugin, its tasks and its commands call."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fusion.encoders.base import Encoder
from recommender.catalog import get_catalog
from recommender.services.embedder import Embedder, IndexReport
from recommender.services.outbox import mark_stale
from recommender.services.planning import FORCE
from recommender.services.reconciliation import ReconcileReport, reconcile

__all__ = ["IndexReport", "ReconcileReport", "drain", "mark_all_stale", "mark_stale", "reconcile"]


def mark_all_stale() -> int:
    """Mark every item of the catalogue for a new encoding, whether it changed or not; what people save overtakes it."""
    return mark_stale(get_catalog().iter_item_ids(), FORCE, background=True)


def drain(
    *,
    encoders: Sequence[Encoder] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    limit: int | None = None,
    seconds: float | None = None,
) -> IndexReport:
    """Work the outbox off. Several drains may run at once; each item is in the hands of one.

    Args:
        encoders: instead of the process's own.
        on_progress: called as (items done, items known so far) after each batch.
        limit: stop once this many items were worked off.
        seconds: stop at the first batch boundary after this time.
    Raises:
        Whatever the host's adapter or the database raises several times in a row; claimed items are given back first.
    """
    return Embedder(encoders, on_progress or (lambda done, total: None)).run(limit, seconds)
