"""Learns from the shop's log which weight setting answers which request best, and keeps it as a candidate with its evidence.

It never puts anything in force. Without exploration there is nothing to learn: then it says so, and ``begin`` keeps a policy
that explores within the cap for somebody to promote.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from fusion.exceptions import NotCovered
from fusion.gate.weigher import GateWeigher
from fusion.learning.examination import LEAST_ACTS, Examination, estimate_examination
from fusion.learning.impressions import MAX_SEEN, LoggedAnswer, pack
from fusion.policy.arms import ARMS
from fusion.policy.features import FEATURES
from fusion.policy.learner import Bounds, Floats
from fusion.policy.learners import DEFAULT_LEARNER, create
from fusion.policy.learning import Judgement, chances_on, choices_of, judge, learn
from fusion.policy.storage import policy_name, to_bytes
from fusion.policy.weigher import PolicyWeigher
from fusion.weighing import Weigher
from recommender.control import current_control, refuse_when_frozen
from recommender.learnt import weigher_of
from recommender.models import ModelVersion
from recommender.services import versions
from recommender.services.logged_answers import LogCounts, LogRange, read_answers

logger = logging.getLogger(__name__)

EARLIER = 0.7  # of the answers teach; the later ones judge
# Of what may be explored, so much is spread evenly: later estimates rest on every arm.
EVEN = 0.3
# Where the log has too few acts to tell how far people look: the usual power law (Joachims et al. 2017 found .7 to 1).
USUAL_DECAY = 0.7
NOT_EXPLORED = (
    "no answer of the log had a choice (propensity below 1), so nothing can be learnt of other weight settings. Keep an "
    "exploring policy with `manage.py learn_policy --begin`, promote it with `manage.py models promote ID --force --reason R`, "
    "set how much it may explore with `manage.py models cap`, and come back when it has answered for a while"
)


@dataclass(frozen=True, slots=True)
class PolicyOptions:
    """How a policy is learnt.

    Attributes:
        memory: after so many answers an answer counts 1/e.
        seed: of the bootstrap and of the examination model.
    """

    learner: str = DEFAULT_LEARNER
    memory: float = 3000.0
    seed: int = 0


@dataclass(frozen=True)
class PolicyReport:
    """What came of a run. ``version`` is None where nothing was kept; ``reason`` then says why."""

    version: ModelVersion | None
    reason: str
    counts: LogCounts
    n_chosen: int = 0
    judgement: Judgement | None = None
    metrics: dict[str, Any] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        """One line for the ledger."""
        return f"version {self.version.pk}: {self.version.name}" if self.version else f"nothing was kept: {self.reason}"


def begin() -> ModelVersion:
    """Keep a policy that has learnt nothing and explores: the default arm, and all others alike within the cap.

    It goes on top of the gate in force, if one is. It shows no gain, so only a person can put it in force.

    Raises:
        LearningFrozen: people froze learning.
    """
    refuse_when_frozen()
    gate = _gate_of(_live_weigher())
    learner = create(DEFAULT_LEARNER, len(ARMS), len(FEATURES))
    name = f"explore-{policy_name(learner, gate)}"
    weigher = PolicyWeigher(learner, gate=gate, bounds=_bounds(len(ARMS)), name=name)
    return versions.store(
        ModelVersion.Kind.FUSION,
        name,
        to_bytes(weigher),
        about={"gate": gate.name if gate else "", "arms": [arm.name for arm in ARMS], "settings": {"learner": "none"}},
        parent=versions.live(ModelVersion.Kind.FUSION),
        note="manage.py learn_policy --begin: explores, so that there is something to learn from",
    )


def learn_policy(log: LogRange, options: PolicyOptions, *, keep: bool = False) -> PolicyReport:
    """Learn on the earlier answers, judge on the later ones, and store what is certainly better than what is live.

    Args:
        keep: store it with its evidence also where it is not certainly better.
    Raises:
        LearningFrozen: people froze learning.
        ValueError: there is no such learner.
    """
    refuse_when_frozen()
    create(options.learner, len(ARMS), len(FEATURES))
    counts = LogCounts()
    log = replace(log, until=log.end)
    live = _live_weigher()
    answers = list(_chosen(read_answers(log, counts), _gate_of(live), counts.skipped))
    report = _learnt(answers, live, log, options, counts, keep=keep)
    logger.info("event=policy_learnt kept=%s answers=%d reason=%r", report.version is not None, len(answers), report.reason)
    return report


def _learnt(
    answers: Sequence[LoggedAnswer],
    live: Weigher | None,
    log: LogRange,
    options: PolicyOptions,
    counts: LogCounts,
    *,
    keep: bool,
) -> PolicyReport:
    if not answers:
        return PolicyReport(None, NOT_EXPLORED, counts)
    gate, bounds = _gate_of(live), _bounds(len(ARMS))
    examination = _examination(answers, options.seed)
    choices = choices_of(answers, ARMS, examination.examined)
    earlier, later = choices.split(EARLIER)
    learner = learn(options.learner, earlier, options.memory)
    ours = chances_on(learner, bounds, later.log.x)
    try:
        judgement = judge(later.log, ours, _chances_of(live, bounds, later.log.x), options.seed)
    except NotCovered as error:
        return PolicyReport(None, str(error), counts, len(answers))
    metrics = _metrics(judgement)
    if judgement.gain.low <= 0 and not keep:
        gain = judgement.gain
        reason = f"the gain over what is live is not certain: {gain.mean:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}] an answer"
        return PolicyReport(None, reason, counts, len(answers), judgement, metrics)
    refuse_when_frozen()  # somebody may have frozen it meanwhile
    name = policy_name(learner, gate)
    version = versions.store(
        ModelVersion.Kind.FUSION,
        name,
        to_bytes(PolicyWeigher(learner, gate=gate, bounds=bounds, name=name)),
        metrics=metrics,
        about=_about(log, options, counts, len(answers), examination, gate),
        parent=versions.live(ModelVersion.Kind.FUSION),
        simulated=counts.simulated > 0,
        note=f"manage.py learn_policy --learner {options.learner} --seed {options.seed}",
    )
    return PolicyReport(version, "", counts, len(answers), judgement, metrics)


def _chosen(answers: Iterable[LoggedAnswer], gate: GateWeigher | None, skipped: Counter[str]) -> Iterator[LoggedAnswer]:
    """The answers that a policy chose an arm for over the gate that is in force now."""
    gates = _gates_of_policies()
    names, below = {arm.name for arm in ARMS}, gate.name if gate else ""
    for answer in answers:
        if answer.propensity >= 1.0 or not answer.arm:
            skipped["weighed without a choice"] += 1
        elif answer.arm not in names:
            skipped["by an arm that there is no more"] += 1
        elif gates.get(answer.policy) != below:
            skipped["by a policy over another gate"] += 1
        else:
            yield answer


def _gates_of_policies() -> dict[str, str]:
    """Name of each stored policy -> name of the gate that it multiplies, "" for the defaults."""
    rows = ModelVersion.objects.filter(kind=ModelVersion.Kind.FUSION).values_list("name", "about")
    return {name: about["gate"] for name, about in rows if "gate" in about}


def _live_weigher() -> Weigher | None:
    version = versions.live(ModelVersion.Kind.FUSION)
    return weigher_of(version) if version else None


def _gate_of(weigher: Weigher | None) -> GateWeigher | None:
    if isinstance(weigher, PolicyWeigher):
        return weigher.gate
    return weigher if isinstance(weigher, GateWeigher) else None


def _bounds(n_arms: int) -> Bounds:
    cap = current_control().exploration
    return Bounds(cap, EVEN * cap / (n_arms - 1))


def _chances_of(live: Weigher | None, bounds: Bounds, x: Floats) -> Floats:
    """(n, K): what is live plays with, within the bounds of now; the default arm where there is no policy."""
    if isinstance(live, PolicyWeigher) and [arm.name for arm in live.arms] == [arm.name for arm in ARMS]:
        return chances_on(live.learner, replace(live.bounds, cap=bounds.cap), x)
    found = np.zeros((len(x), len(ARMS)))
    found[:, 0] = 1.0
    return found


def _examination(answers: Sequence[LoggedAnswer], seed: int) -> Examination:
    """How far people look, from this log where it can tell."""
    wordless = [replace(answer, words="") for answer in answers]
    try:
        return estimate_examination(pack(wordless, lambda texts: np.zeros((len(texts), 1), np.float32), 1), seed)
    except ValueError:
        logger.info("event=examination_not_measured acts_needed=%d", LEAST_ACTS)
        return Examination(np.arange(1.0, MAX_SEEN + 1) ** -USUAL_DECAY, USUAL_DECAY)


def _metrics(judgement: Judgement) -> dict[str, Any]:
    """As ``recommender.services.evidence`` reads it: the interval is that of the gain, laid on the live policy's value."""
    live, gain = judgement.live, judgement.gain
    version = versions.live(ModelVersion.Kind.FUSION)
    best = judgement.estimates["dr"]
    return {
        "evidence": {
            "estimate": best.value,
            "low": live + gain.low,
            "high": live + gain.high,
            "live": live,
            "against": version.pk if version else 0,
            "method": "doubly robust, paired with the live policy answer by answer",
            "n": best.n,
        },
        "estimates": {method: asdict(found) for method, found in judgement.estimates.items()},
    }


def _about(
    log: LogRange, options: PolicyOptions, counts: LogCounts, n_chosen: int, examination: Examination, gate: GateWeigher | None
) -> dict[str, Any]:
    return {
        "from": counts.first.isoformat() if counts.first else "",
        "until": log.end.isoformat(),
        "simulated": log.simulated,
        "answers": counts.answers,
        "chosen": n_chosen,
        "events": counts.events,
        "skipped": dict(counts.skipped),
        "gate": gate.name if gate else "",
        "arms": [arm.name for arm in ARMS],
        "look_exponent": round(examination.exponent, 3),
        "seed": options.seed,
        "settings": asdict(options),
    }
