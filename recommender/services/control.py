"""People's hand on learning: freeze it, cap what it tries out, take attributes out of use. Each change keeps its reason."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from fusion.exclusion import Exclusion
from recommender.conf import get_settings
from recommender.models import IndexedItem, IndexState, LearningControl, ModelChange
from recommender.services import graphs, leases
from recommender.services.outbox import mark_stale

logger = logging.getLogger(__name__)
Action = ModelChange.Action

# What an item has beside attributes; a shop that wants to do without one of these leaves it out of its catalogue.
NO_ATTRIBUTES = ("brand", "category", "price")
MAX_NAME = 64


def freeze(by: str, reason: str) -> bool:
    """From now on nothing is trained, promoted or explored; what is live goes on serving. False: it was frozen."""
    return _change(by, reason, Action.FREEZE, frozen=True)


def unfreeze(by: str, reason: str) -> bool:
    """Let learning go on. False: it was not frozen."""
    return _change(by, reason, Action.UNFREEZE, frozen=False)


def cap_exploration(cap: float, by: str, reason: str) -> bool:
    """Let at most this share of requests be weighed otherwise than the best known way. False: it was so.

    Raises:
        ValueError: it is not between 0 and 1.
    """
    if not (math.isfinite(cap) and 0.0 <= cap <= 1.0):
        raise ValueError(_("The exploration cap is %(cap)s; it must be between 0 (never) and 1 (always).") % {"cap": cap})
    return _change(by, reason, Action.CAP, exploration_cap=float(cap))


def exclude_attributes(names: Iterable[str], by: str, reason: str) -> bool:
    """Use exactly these attributes never again, beside those of the settings. False: it was so.

    Processes serve without them with their next request; the graph loses them at once; the worker embeds every item again.

    Raises:
        ValueError: an empty or very long name, or one of what is no attribute.
    """
    wanted = sorted({_checked(name) for name in names})
    with transaction.atomic():
        if not _change(by, reason, Action.EXCLUDE, excluded_attributes=wanted):
            return False
        graphs.withdraw_values(Exclusion.of([*get_settings().EXCLUDE_ATTRIBUTES, *wanted]))
        item_ids = IndexedItem.objects.filter(removed=False).values_list("item_id", flat=True)
        mark_stale(item_ids.iterator(), "excluded", background=True)
        transaction.on_commit(_build_graph, robust=True)
    return True


def _checked(name: str) -> str:
    plain = " ".join(name.lower().split())
    if not plain or len(plain) > MAX_NAME or not plain.isprintable():
        said = _("%(name)r is no name of an attribute: give 1 to %(max)d characters.")
        raise ValueError(said % {"name": name[:MAX_NAME], "max": MAX_NAME})
    taken = Exclusion.of([plain])
    if any(field in taken for field in NO_ATTRIBUTES):
        said = _("%(name)s is no attribute but part of every product; only attributes can be excluded.")
        raise ValueError(said % {"name": plain})
    return plain


def _change(by: str, reason: str, action: str, **given: object) -> bool:
    """Write what differs, tell every process, keep who did it and what was before; all in one transaction."""
    if not reason.strip():
        raise ValueError(_("Say why: a change of what may be learnt needs a reason."))
    with transaction.atomic():
        leases.lock_index()
        row, _new = LearningControl.objects.get_or_create(pk=1)
        before = {name: getattr(row, name) for name in given}
        if before == given:
            return False
        LearningControl.objects.filter(pk=1).update(**given, changed_at=timezone.now(), changed_by=by[:150])
        IndexState.objects.filter(pk=1).update(control=F("control") + 1)
        ModelChange.objects.create(by=by[:150], action=action, reason=reason, evidence={"before": before, "after": given})
    logger.info("event=learning_control action=%s by=%s", action, by)
    return True


def _build_graph() -> None:
    from recommender.tasks import build_graph

    try:
        build_graph.apply_async(retry=False)
    except Exception as error:  # whatever a broker raises
        logger.warning("event=graph_not_sent error=%r hint='manage.py build_graph builds it'", error)
