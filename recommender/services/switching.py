"""One way to put a version of any kind in force and back: what an encoder needs built first is built here."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _

from fusion.exceptions import FusionError
from recommender.exceptions import PromotionRefused
from recommender.models import ModelChange, ModelVersion
from recommender.services import encoder_swap, projection, versions
from recommender.services.evidence import Refusal

# Vectors of so many products are made of the stored ones within a page's request; more is a command's work.
BUILT_AT_ONCE = 5000
NOT_BUILT = "not_built"


def refusals(version: ModelVersion) -> list[Refusal]:
    """What speaks against promoting a version from a page."""
    found = versions.check(version)
    return found if found or not _takes_long(version) else versions.not_built(version)


def promote(
    version: ModelVersion,
    by: str,
    reason: str,
    *,
    force: bool = False,
    wait: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> ModelChange:
    """Put a version in force.

    Args:
        wait: build however many vectors are missing; without it, many are refused.
    Raises:
        PromotionRefused: something speaks against it; nothing was changed.
        ValueError: no reason was given.
    """
    if version.kind != ModelVersion.Kind.ENCODER:
        return versions.promote(version, by, reason, force=force)
    if not wait and _takes_long(version):
        said = _("Vectors of %(n)d products are built first, which takes a while: run manage.py models promote %(id)d.")
        raise PromotionRefused({NOT_BUILT: said % {"n": projection.missing(version), "id": version.pk}})
    return encoder_swap.promote(version, by, reason, force=force, on_progress=on_progress)


def roll_back(kind: str, by: str, reason: str) -> ModelChange:
    """Put what was live before back in force.

    Raises:
        PromotionRefused: nothing is live, so there is nothing to take back.
        ValueError: no reason was given, or no such kind.
    """
    return encoder_swap.roll_back(by, reason) if kind == ModelVersion.Kind.ENCODER else versions.roll_back(kind, by, reason)


def _takes_long(version: ModelVersion) -> bool:
    if version.kind != ModelVersion.Kind.ENCODER:
        return False
    try:
        return projection.missing(version) > BUILT_AT_ONCE
    except (ValueError, FusionError):  # it is damaged, which is said where it is promoted
        return False
