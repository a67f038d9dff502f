"""A/B splits: some shoppers are weighed by a candidate, the others by what is live, until somebody ends it or it does harm.

Each shopper counts once, with what they did in the first ``days`` after their first answer of the experiment, when those days
are over: the same span for both sides, and no number that still changes. How a split is read is
``fusion.policy.experiments``: it may be looked at as often as anybody likes.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from fusion.learning.rewards import REWARDS, reward_of
from fusion.policy.experiments import Guardrail, Reading, Sums, Verdict, read
from fusion.policy.split import CANDIDATE, LIVE
from recommender.control import refuse_when_frozen
from recommender.exceptions import PromotionRefused
from recommender.models import Event, Experiment, IndexState, ModelChange, ModelVersion, Recommendation
from recommender.services import leases, versions

logger = logging.getLogger(__name__)

BY_ITSELF = "experiment"
SIDES = (CANDIDATE, LIVE)
# What must not get worse, and by how much it may: shares of a shopper's answers, products sent back, milliseconds.
NOTHING_FOUND, DEGRADED, RETURNS = (
    Guardrail("nothing_found", 0.02, False),
    Guardrail("degraded", 0.02, False),
    Guardrail("returns", 0.02, False),
)
SLOWER_BY = 0.2
HARMFUL = (Verdict.WORSE, Verdict.BROKEN_GUARDRAIL, Verdict.MISMATCH)


@dataclass
class Shopper:
    """What one shopper saw and did in the days that count."""

    side: str
    since: datetime
    answers: int = 0
    nothing_found: int = 0
    degraded: int = 0
    milliseconds: float = 0.0
    acts: dict[tuple[str, str], set[str]] = field(default_factory=dict)

    @property
    def reward(self) -> float:
        return sum(reward_of(kinds) for kinds in self.acts.values())

    @property
    def returns(self) -> int:
        return sum("return" in kinds for kinds in self.acts.values())


@dataclass(frozen=True, slots=True)
class Look:
    """One look at an experiment.

    Attributes:
        sides: side -> the rewards of its shoppers, as sums.
        waiting: shoppers whose days are not over.
        crossed: shoppers who were seen on both sides (they signed in on the way) and count for neither.
    """

    reading: Reading
    sides: Mapping[str, Sums]
    guardrails: Mapping[str, tuple[float, float]]
    waiting: int
    crossed: int
    at: datetime


def start(candidate: ModelVersion, by: str, reason: str, *, share: float = 0.5, days: float = 7.0) -> Experiment:
    """Let a share of the shoppers be weighed by a candidate, from every process's next request on.

    Raises:
        PromotionRefused: it cannot be served, is live, was rejected, or another experiment runs.
        LearningFrozen: people froze learning.
        ValueError: no reason, or a share or a number of days that makes no sense.
    """
    if not reason.strip():
        raise ValueError(_("Say why: a change of what is in force needs a reason."))
    if not 0.01 <= share <= 0.99:
        raise ValueError(_("The share is %(share)s; it must be between 0.01 and 0.99.") % {"share": share})
    if not (math.isfinite(days) and 0 < days <= 90):
        raise ValueError(_("The days that count are %(days)s; they must be above 0 and at most 90.") % {"days": days})
    refuse_when_frozen()
    with transaction.atomic():
        leases.lock_index()
        candidate = ModelVersion.objects.get(pk=candidate.pk)
        if candidate.kind != ModelVersion.Kind.FUSION:
            raise PromotionRefused(
                {"kind": _("Only learnt weights can be tried on some shoppers; an encoder serves all or none.")}
            )
        firm = {refusal.code: refusal.message for refusal in versions.check(candidate) if refusal.firm}
        running = Experiment.objects.filter(state=Experiment.State.RUNNING).first()
        if running is not None:
            firm["running"] = _("%(name)s runs already; stop it first.") % {"name": running.name}
        if firm:
            raise PromotionRefused(firm)
        live = versions.live(candidate.kind)
        experiment = Experiment.objects.create(
            candidate=candidate, live=live, share=share, days=days, started_by=by, reason=reason
        )
        IndexState.objects.get_or_create(pk=1)
        IndexState.objects.filter(pk=1).update(experiment=experiment.pk)
        _record(experiment, ModelChange.Action.START, by, reason, {"share": share, "days": days})
    logger.info("event=experiment_started experiment=%d candidate=%d share=%.2f", experiment.pk, candidate.pk, share)
    return experiment


def stop(by: str, reason: str) -> Experiment:
    """End the experiment that runs, with a last look; everybody gets what is live. Works while learning is frozen.

    Raises:
        PromotionRefused: none runs.
        ValueError: no reason was given.
    """
    if not reason.strip():
        raise ValueError(_("Say why: a change of what is in force needs a reason."))
    running = Experiment.objects.filter(state=Experiment.State.RUNNING).first()
    if running is None:
        raise PromotionRefused({"none": _("No experiment runs.")})
    return _end(running, look(running), by, reason)


def watch(now: datetime | None = None) -> Experiment | None:
    """Look at the experiment that runs, keep what is seen, and end it when the candidate certainly does harm.

    A candidate that is certainly better goes on until somebody promotes it: that is a person's decision.
    """
    running = Experiment.objects.filter(state=Experiment.State.RUNNING).first()
    if running is None:
        return None
    seen = look(running, now)
    _keep(running, seen)
    if seen.reading.verdict in HARMFUL:
        said = _("It certainly did harm, or its split is not sound: %(verdict)s.")
        return _end(running, seen, BY_ITSELF, said % {"verdict": running.verdict})
    return running


def look(experiment: Experiment, now: datetime | None = None) -> Look:
    """What an experiment says now. Reads its answers and what quotes them, some thousand rows at a time."""
    now = now or timezone.now()
    shoppers, crossed = _shoppers(experiment)
    over = [one for one in shoppers.values() if one.since + timedelta(days=experiment.days) <= now]
    of_side = {side: [one for one in over if one.side == side] for side in SIDES}
    sides = {side: _sums(one.reward for one in members) for side, members in of_side.items()}
    slow = {side: _sums(one.milliseconds / one.answers for one in members) for side, members in of_side.items()}
    measured = [
        (NOTHING_FOUND, {side: _sums(one.nothing_found / one.answers for one in who) for side, who in of_side.items()}),
        (DEGRADED, {side: _sums(one.degraded / one.answers for one in who) for side, who in of_side.items()}),
        (RETURNS, {side: _sums(one.returns for one in who) for side, who in of_side.items()}),
        (Guardrail("milliseconds", SLOWER_BY * slow[LIVE].mean if slow[LIVE].n else 0.0, False), slow),
    ]
    reading = read(
        sides[CANDIDATE],
        sides[LIVE],
        (experiment.share, 1.0 - experiment.share),
        [(guardrail, found[CANDIDATE], found[LIVE]) for guardrail, found in measured],
    )
    means = {guardrail.name: (found[CANDIDATE].mean, found[LIVE].mean) for guardrail, found in measured}
    return Look(reading, sides, means, len(shoppers) - len(over), crossed, now)


def to_json(seen: Look) -> dict[str, Any]:
    """A look as it is stored and sent; what is not known yet is null."""
    found = seen.reading.difference
    return {
        "verdict": seen.reading.verdict.value,
        "difference": _finite(found.estimate),
        "low": _finite(found.low),
        "high": _finite(found.high),
        "mismatch": _finite(seen.reading.mismatch),
        "shoppers": {side: sums.n for side, sums in seen.sides.items()},
        "reward": {side: _finite(sums.mean) for side, sums in seen.sides.items()},
        "guardrails": {
            name: {CANDIDATE: _finite(ours), LIVE: _finite(theirs), "broken": name in seen.reading.broken}
            for name, (ours, theirs) in seen.guardrails.items()
        },
        "waiting": seen.waiting,
        "crossed": seen.crossed,
        "as_of": seen.at.isoformat(),
    }


def _shoppers(experiment: Experiment) -> tuple[dict[str, Shopper], int]:
    """Shopper -> what they saw and did in their days; and how many were seen on both sides."""
    shoppers: dict[str, Shopper] = {}
    crossed: set[str] = set()
    owner: dict[str, str] = {}
    answers = Recommendation.objects.filter(experiment=experiment.name, side__in=SIDES).order_by("created_at", "id")
    fields = ("id", "user_id", "visitor_id", "side", "created_at", "state", "degraded", "timings")
    for pk, user, visitor, side, at, state, degraded, timings in answers.values_list(*fields).iterator(2000):
        who = f"user {user}" if user else f"visitor {visitor}"
        one = shoppers.setdefault(who, Shopper(side, at))
        if one.side != side:
            crossed.add(who)
        if at >= one.since + timedelta(days=experiment.days):
            continue
        owner[pk] = who
        one.answers += 1
        one.nothing_found += state == "no_match"
        one.degraded += bool(degraded)
        one.milliseconds += sum(timings.values())
    events = Event.objects.filter(recommendation_id__in=answers.order_by().values("id"), kind__in=list(REWARDS))
    for pk, item, kind, at in events.values_list("recommendation_id", "item_id", "kind", "occurred_at").iterator(2000):
        one_of = shoppers.get(owner.get(pk, ""))
        if one_of is not None and one_of.since <= at < one_of.since + timedelta(days=experiment.days):
            one_of.acts.setdefault((pk, item), set()).add(kind)
    return {who: one for who, one in shoppers.items() if who not in crossed}, len(crossed)


def _sums(values: Iterable[float]) -> Sums:
    return Sums.of(np.fromiter(values, np.float64))


def _end(running: Experiment, seen: Look, by: str, reason: str) -> Experiment:
    """End it with its last look. Raises PromotionRefused when somebody ended it meanwhile."""
    with transaction.atomic():
        leases.lock_index()
        ended = versions.end_experiment(by)
        if ended is None or ended.pk != running.pk:
            raise PromotionRefused({"none": _("No experiment runs.")})
        _keep(ended, seen)
        _record(ended, ModelChange.Action.STOP, by, reason, ended.reading)
    logger.info("event=experiment_stopped experiment=%d verdict=%s by=%s", ended.pk, ended.verdict, by)
    return ended


def _keep(experiment: Experiment, seen: Look) -> None:
    experiment.reading, experiment.verdict = to_json(seen), seen.reading.verdict.value
    experiment.save(update_fields=["reading", "verdict"])


def _record(experiment: Experiment, action: str, by: str, reason: str, evidence: Mapping[str, Any]) -> None:
    ModelChange.objects.create(
        by=by, action=action, kind=experiment.candidate.kind, version=experiment.candidate, previous=experiment.live,
        reason=reason, evidence={"experiment": experiment.pk, **evidence},
    )  # fmt: skip


def _finite(value: float) -> float | None:
    return round(value, 6) if math.isfinite(value) else None
