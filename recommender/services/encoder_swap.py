"""Putting an encoder version in force: its vectors are built beside those that serve, then every process swaps at once."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction

from recommender.adapted import KIND
from recommender.models import ModelChange, ModelVersion
from recommender.services import leases, ledger, projection, versions

_Progress = Callable[[int, int], None]


def promote(
    version: ModelVersion, by: str, reason: str, *, force: bool = False, on_progress: _Progress | None = None
) -> ModelChange:
    """Build what is missing and put the version in force; what is served meanwhile is what was served before.

    While it builds, every save writes vectors of both. A build that is killed goes on where it was when this is called again.

    Raises:
        PromotionRefused: something speaks against it, or another version is being built; nothing was changed.
        ValueError: no reason was given.
    """
    versions.refuse(version, force=force, building=True)
    projection.begin(version)
    with ledger.track(projection.JOB) as job:
        try:
            projection.build(version, _both(job, on_progress))
            with transaction.atomic():
                leases.lock_index()
                change = versions.promote(version, by, reason, force=force)
                projection.end(version)
        except Exception:
            projection.end(version)
            raise
        job.job.message = f"encoder version {version.pk}"
    return change


def roll_back(by: str, reason: str) -> ModelChange:
    """Put the encoder that was in force before back. Its vectors are there, so it is immediate.

    Only after several rollbacks in a row some may be gone; they are made first, of what is stored.

    Raises:
        PromotionRefused: nothing is live, so there is nothing to take back.
        ValueError: no reason was given.
    """
    back = versions.fallback(KIND)
    if back is not None and versions.live(KIND) is not None:
        projection.build(back)
    return versions.roll_back(KIND, by, reason)


def _both(job: ledger.Tracked, on_progress: _Progress | None) -> _Progress:
    def progress(done: int, total: int) -> None:
        job(done, total)
        if on_progress:
            on_progress(done, total)

    return progress
