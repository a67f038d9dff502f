"""Putting an encoder version in force: its vectors are built beside those that serve, then every process swaps at once."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import transaction
from django.utils.translation import gettext as _

from recommender.adapted import KIND
from recommender.exceptions import PromotionRefused
from recommender.models import ModelChange, ModelVersion
from recommender.services import leases, ledger, projection, versions

logger = logging.getLogger(__name__)

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


def promote_soon(version: ModelVersion, by: str, reason: str, *, force: bool = False) -> ModelChange | None:
    """For a page or an API that cannot wait: put it in force now if its vectors are there, else let the worker build them.

    Returns:
        The change, or None when the worker will make it; the ledger then says how far it is.
    Raises:
        PromotionRefused: something speaks against it, or no worker can be told.
        ValueError: no reason was given.
    """
    if not reason.strip() or version.kind != KIND or not projection.missing(version):
        return versions.promote(version, by, reason, force=force)
    versions.refuse(version, force=force, building=True)
    from recommender.tasks import promote_encoder

    try:
        promote_encoder.apply_async(args=(version.pk, by, reason, force), retry=False)
    except Exception as error:  # whatever a broker raises
        logger.warning("event=promotion_not_sent version=%d error=%r", version.pk, error)
        said = _("No worker can be told to build its vectors. manage.py models promote %(id)d builds them here and now.")
        raise PromotionRefused(said % {"id": version.pk}, ("no_worker",)) from error
    return None


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
