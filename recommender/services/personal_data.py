"""Everything the plugin holds of one shopper: handed over on request, and deleted on request with a receipt.

``EXPORTED`` and ``WITHHELD`` are the map of personal data. A test fails when a model with a shopper's id has a field that
neither names, so nothing new can be kept without being handed over or accounted for.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Model

from fusion.profile import build_profile
from recommender.behaviour import put_in_force
from recommender.catalog import Shopper
from recommender.models import BehaviourVersion, ErasureReceipt, Event, Recommendation, UploadedPhoto
from recommender.services import feedback
from recommender.services.graphs import withdraw_pairs
from recommender.services.visitors import owned_by

logger = logging.getLogger(__name__)

EXPORTED: Mapping[type[Model], tuple[str, ...]] = {
    Event: (
        "event_id", "kind", "item_id", "user_id", "visitor_id", "session_id", "recommendation_id", "position", "quantity",
        "value_minor", "currency", "surface", "occurred_at", "received_at", "simulated",
    ),
    Recommendation: (
        "id", "parent_id", "user_id", "visitor_id", "session_id", "surface", "request", "instruction", "ranking", "because",
        "weights", "context", "factors",
        "policy", "propensity", "experiment", "side", "arm", "state", "relaxation", "degraded", "total", "created_at",
        "expires_at", "simulated",
    ),
    UploadedPhoto: ("id", "visitor_id", "user_id", "width", "height", "created_at", "expires_at"),
}  # fmt: skip
WITHHELD: Mapping[type[Model], Mapping[str, str]] = {
    Event: {"id": "a row number"},
    Recommendation: {
        "terms": "how each score adds up; request, weights and history say where it comes from",
        "timings": "milliseconds",
        "versions": "revisions of models and index",
    },
    UploadedPhoto: {"file": "the photo itself: GET /api/v1/uploads/images/{id} hands it over while it is kept"},
}
NAMES: Mapping[type[Model], str] = {Event: "events", Recommendation: "recommendations", UploadedPhoto: "photos"}


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an erasure deleted. ``unlearnt`` names learnt data that the shopper was part of and that is no longer served."""

    receipt_id: str
    erased_at: datetime
    counts: Mapping[str, int]
    unlearnt: tuple[str, ...] = ()


def export(shopper: Shopper) -> dict[str, Any]:
    """All rows of a shopper, and the profile that the next request would be answered with. Ready for JSON but for times."""
    whole = replace(shopper, use_history=True)
    profile = build_profile(feedback.history(whole))
    return {
        **{name: list(_rows(model, whole)) for model, name in NAMES.items()},
        "profile": {
            "liked": [list(pair) for pair in profile.liked],
            "disliked": [list(pair) for pair in profile.disliked],
            "purchased": list(profile.purchased),
        },
        "withheld": {NAMES[model]: dict(reasons) for model, reasons in WITHHELD.items()},
    }


def erase(shopper: Shopper) -> Receipt:
    """Delete all rows of a shopper and withdraw what was learnt with them; what is learnt next does not know them.

    The rows and the receipt are one transaction. Learnt lists are withdrawn at once, and made anew by the worker.
    """
    with transaction.atomic():
        deleted = feedback.erase(shopper)
        counts = {"events": deleted.events, "recommendations": deleted.recommendations, "photos": deleted.photos}
        unlearnt = [name for name, withdraw in LEARNT.items() if deleted.events and withdraw()]
        row = ErasureReceipt.objects.create(counts=counts, unlearnt=unlearnt)
        if unlearnt:
            transaction.on_commit(_learn_again)
    logger.info("event=erased receipt=%s", row.pk)
    return Receipt(row.pk, row.erased_at, counts, tuple(unlearnt))


def _rows(model: type[Model], shopper: Shopper) -> Iterator[dict[str, Any]]:
    rows = model._default_manager.filter(owned_by(shopper)).order_by("pk")
    yield from rows.values(*EXPORTED[model]).iterator(1000)


def _withdraw_behaviour() -> bool:
    """Whether there was anything learnt from choices; it is no longer served, and no earlier version stays."""
    if not BehaviourVersion.objects.exists():
        return False
    put_in_force(0, forget_others=True)
    return True


# What is learnt from shoppers -> how it is withdrawn; each says whether there was anything.
LEARNT: Mapping[str, Callable[[], bool]] = {"behaviour": _withdraw_behaviour, "graph": withdraw_pairs}


def _learn_again() -> None:
    """Ask a worker to learn anew. Without a broker the next periodic run does it."""
    from recommender.tasks import build_graph, learn_behaviour

    try:
        learn_behaviour.apply_async(retry=False)
        build_graph.apply_async(retry=False)
    except Exception as error:  # whatever a broker raises
        logger.warning("event=relearn_not_sent error=%r", error)
