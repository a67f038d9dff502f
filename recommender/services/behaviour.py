"""Learns what shoppers choose together from the log, and puts it in force in every process."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from fusion.behaviour.learning import LearnOptions, Learnt, learn_lists
from fusion.weights import with_overrides
from recommender.behaviour import current, put_in_force
from recommender.conf import get_settings
from recommender.control import refuse_when_frozen, why_frozen
from recommender.engine import get_engine
from recommender.models import BehaviourVersion
from recommender.services.behaviour_mixture import ChosenWeights, choose_weights
from recommender.services.choices import Choices, LogMark, events_before, mark_of, read_choices

logger = logging.getLogger(__name__)

# How often learning starts again because somebody was erased while it ran.
TRIES = 3


@dataclass(frozen=True, slots=True)
class LearnReport:
    """What was learnt. ``version`` 0: nothing; ``reason`` then says why."""

    version: int
    model: str = ""
    n_events: int = 0
    n_shoppers: int = 0
    n_items: int = 0
    n_pairs: int = 0
    reason: str = ""
    chosen: ChosenWeights = field(default_factory=ChosenWeights)


def learn(*, simulated: bool = False, before: datetime | None = None, forget_others: bool = False) -> LearnReport:
    """Learn from the events received so far and put the result in force; with too few, put nothing in force.

    An event that is deleted while this runs (an erasure) makes it start again: nothing is kept of who is gone.

    Args:
        simulated: learn from simulated events as well; the version is then marked so.
        before: only events received before this moment.
        forget_others: also delete the earlier versions that are kept for a way back.
    Raises:
        LearningFrozen: people froze learning.
    """
    refuse_when_frozen()
    moment = before or timezone.now()
    for _ in range(TRIES):
        mark = mark_of(events_before(moment, simulated=simulated))
        choices = read_choices(events_before(moment, simulated=simulated).filter(pk__lte=mark.newest))
        row, report = _learnt(choices, moment, simulated)
        with transaction.atomic():
            if _is_whole(mark, moment, simulated):
                return replace(_stored(row, report, forget_others), n_events=mark.events)
        logger.info("event=behaviour_learnt_again reason=events_deleted")
    put_in_force(0, forget_others=True)
    return LearnReport(
        0, reason="Events were deleted while it learnt, again and again; nothing is in force until the next run."
    )


def relearn() -> LearnReport | None:
    """After an erasure: learn what is in force again without who is gone, and delete every earlier version.

    None when nothing was in force and nothing was kept. The old lists stop being served before the new ones are ready.
    While learning is frozen nothing is learnt: the lists stay withdrawn until somebody unfreezes it.
    """
    kept = BehaviourVersion.objects.order_by("-pk").values_list("simulated", flat=True).first()
    if kept is None:
        return None
    put_in_force(0, forget_others=True)
    if frozen := why_frozen():
        return LearnReport(0, reason=frozen)
    return learn(simulated=kept, forget_others=True)


def roll_back() -> int:
    """Put the version before the one in force back in force and forget the latter; returns it, 0 for none."""
    now = current()
    earlier = BehaviourVersion.objects.filter(pk__lt=now).order_by("-pk").values_list("pk", flat=True).first() or 0
    put_in_force(earlier)
    BehaviourVersion.objects.filter(pk__gt=earlier).delete()
    return earlier


def _learnt(choices: Choices, moment: datetime, simulated: bool) -> tuple[BehaviourVersion | None, LearnReport]:
    conf = get_settings()
    options = LearnOptions(conf.BEHAVIOUR_MIN_SHOPPERS, conf.BEHAVIOUR_NEIGHBOURS, conf.BEHAVIOUR_EASE_ITEMS)
    found = learn_lists(choices.item_ids, choices.counts(), choices.counts(choices.bought), options)
    if found is None:
        return None, LearnReport(
            0,
            n_shoppers=choices.n_shoppers,
            reason=f"No two items were chosen by the same {options.min_shoppers} shoppers yet: "
            f"{choices.n_shoppers} shoppers with at least two items each are too few.",
        )
    engine = get_engine()
    engine.refresh()
    chosen = choose_weights(choices, engine.collection, with_overrides(conf.WEIGHTS), options)
    row = _row(found, chosen, choices, moment, options, simulated)
    return row, LearnReport(
        0, found.model, n_shoppers=choices.n_shoppers, n_items=row.n_items, n_pairs=row.n_pairs, chosen=chosen
    )


def _row(
    found: Learnt, chosen: ChosenWeights, choices: Choices, moment: datetime, options: LearnOptions, simulated: bool
) -> BehaviourVersion:
    data = found.lists.to_bytes()
    return BehaviourVersion(
        model=found.model,
        until=moment,
        n_shoppers=choices.n_shoppers,
        n_items=len(found.lists),
        n_pairs=found.lists.n_pairs,
        min_shoppers=options.min_shoppers,
        simulated=simulated,
        weights=dict(chosen.weights),
        measured=dict(chosen.measured),
        sha256=hashlib.sha256(data).hexdigest(),
        data=data,
    )


def _is_whole(mark: LogMark, moment: datetime, simulated: bool) -> bool:
    return mark_of(events_before(moment, simulated=simulated), mark.newest).events >= mark.events


def _stored(row: BehaviourVersion | None, report: LearnReport, forget_others: bool) -> LearnReport:
    if row is not None:
        row.save(force_insert=True)
    version = row.pk if row is not None else 0
    put_in_force(version, forget_others=forget_others)
    logger.info("event=behaviour_learnt version=%d model=%s items=%d", version, report.model, report.n_items)
    return replace(report, version=version)
