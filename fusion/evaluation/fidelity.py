"""Are the reasons true? Take away what an item's first reason names, and see whether the item still stands where it stood.

One shown item is drawn from each answer (seeded). Three removals, from narrow to wide:

``terms``: the item alone loses the addends of the reason's signal (z = 0, "average"); every other candidate keeps its own.
    The rank is the number of candidates of the same answer with a larger score, plus one. This is the claim that a reason
    makes about one item: without this, it would stand lower.
``signal``: the pipeline answers the same request again with the weight of the signal's legs at 0, for all items. Both
    answers are ranked as served, over the first answer's candidates; one that the second answer leaves out comes last.
``evidence``: for a reason that names an item of the history ("because you bought the tent"), the pipeline answers again
    for a history without that item. It shows whether the named item spoke, not only whether some history did.

A rank falls when it is strictly worse; a tie with its old place is no fall. An item at rank 1 by so much that it stays there
cannot fall, however true its reason: such leaders are counted on their own, and so is whether the score fell. Nothing of
this says that a shopper finds a reason good.
Source: the erasure test of feature attributions (DeYoung et al. 2020, "comprehensiveness"), on ranks instead of a class.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fusion.evaluation.arms import Arm
from fusion.evaluation.cases import Case
from fusion.explanation import legs_of_reason
from fusion.pipeline import RecommendationPipeline
from fusion.profile import Profile
from fusion.types import Answer, RankedItem, Reason

REMOVALS = ("terms", "signal", "evidence")


@dataclass(frozen=True, slots=True)
class Removal:
    """What one removal did to one item. Ranks count from 1, over the same candidates.

    Attributes:
        drop: score before minus score after; above 0 means that the score fell.
        margin: score before minus that of the next candidate below; 0 for the last one.
    """

    how: str
    code: str
    before: int
    after: int
    drop: float
    margin: float

    @property
    def falls(self) -> bool:
        return self.after > self.before

    @property
    def is_leader(self) -> bool:
        """First before and after: it had nowhere to fall from by that much."""
        return self.before == 1 and self.after == 1


@dataclass(frozen=True, slots=True)
class Fidelity:
    """Shares over n answers; nan without any.

    Attributes:
        rank_falls: of all answers.
        score_falls: of all answers.
        leaders: answers whose item was first and stayed first.
        rank_falls_of_others: the share among the answers that are not leaders.
        places: median places lost where the rank fell.
    """

    how: str
    n: int
    rank_falls: float
    score_falls: float
    leaders: int
    rank_falls_of_others: float
    places: float


def summary(removals: Sequence[Removal]) -> list[Fidelity]:
    """One line for each way of removal that was possible at all."""
    found = []
    for how in REMOVALS:
        part = [r for r in removals if r.how == how]
        others = [r for r in part if not r.is_leader]
        lost = [r.after - r.before for r in part if r.falls]
        if part:
            found.append(
                Fidelity(
                    how,
                    len(part),
                    sum(r.falls for r in part) / len(part),
                    sum(r.drop > 0 for r in part) / len(part),
                    len(part) - len(others),
                    sum(r.falls for r in others) / len(others) if others else float("nan"),
                    float(np.median(lost)) if lost else 0.0,
                )
            )
    return found


def check(
    arm: Arm,
    cases: Sequence[Case],
    n: int,
    k: int,
    seed: int,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Removal]:
    """Removals for at most n answers of an arm, spread evenly over the cases. An answer without any reason is passed over.

    What the arm's collection learnt stays as it is: call this after the fold that the cases belong to was learnt.
    """
    draw = np.random.default_rng(seed)
    chosen = [cases[round(place)] for place in np.linspace(0, len(cases) - 1, min(n, len(cases)))]
    found: list[Removal] = []
    for done, case in enumerate(chosen, start=1):
        answer = arm.answer(case, k, explain_depth=10**9)
        reasoned = [item for item in answer.items if item.reasons]
        if reasoned:
            found += removals_of(arm, case, answer, reasoned[int(draw.integers(len(reasoned)))], k)
        if on_progress:
            on_progress(done, len(chosen))
    return found


def removals_of(arm: Arm, case: Case, answer: Answer, item: RankedItem, k: int) -> list[Removal]:
    """All removals that are possible for one item of one answer."""
    reason, item_id = item.reasons[0], item.item.item_id
    removed = frozenset(legs_of_reason(reason, item.terms))
    scores = dict(answer.ranking)
    own = sorted(scores.values(), reverse=True)
    margin = scores[item_id] - next((s for s in own if s < scores[item_id]), scores[item_id])
    gone = sum(t.contribution for t in item.terms if (t.source, t.block) in removed)
    found = [
        Removal(
            "terms",
            reason.code,
            _rank(scores, item_id, scores[item_id]),
            _rank(scores, item_id, scores[item_id] - gone),
            gone,
            margin,
        )
    ]
    without = Arm(arm.name, arm.served, arm.past, (arm.with_request, arm.with_history), without=removed)
    again = without.answer(case, k)
    found.append(_compared("signal", reason, answer, again, item_id, margin))
    profile = arm.profile(case)
    if spoken := _named_in_history(reason, arm, profile):
        query = arm.query(case, k)
        fewer = arm.pipeline.recommend(query, _forgetting(profile, spoken))
        found.append(_compared("evidence", reason, answer, fewer, item_id, margin))
    return found


def _rank(scores: Mapping[str, float], item_id: str, score: float) -> int:
    return 1 + sum(other > score for other_id, other in scores.items() if other_id != item_id)


def _compared(how: str, reason: Reason, first: Answer, second: Answer, item_id: str, margin: float) -> Removal:
    """Places in two answers, over the candidates of the first."""
    candidates = [i for i, _score in first.ranking]
    kept = set(candidates)
    places = {i: place for place, i in enumerate((i for i, _score in second.ranking if i in kept), start=1)}
    before, after = dict(first.ranking), dict(second.ranking)
    return Removal(
        how,
        reason.code,
        candidates.index(item_id) + 1,
        places.get(item_id, len(candidates) + 1),
        before[item_id] - after.get(item_id, float("-inf")),
        margin,
    )


def _named_in_history(reason: Reason, arm: Arm, profile: Profile) -> set[str]:
    """Ids of the history's items that the reason's sentence names by their title."""
    title = reason.params.get("title")
    if reason.signal != "history" or not title:
        return set()
    return {i for i, _weight in profile.liked if _title(arm.pipeline, i) == title}


def _title(pipeline: RecommendationPipeline, item_id: str) -> str:
    item = pipeline.collection.item(item_id)
    return item.title if item else item_id


def _forgetting(profile: Profile, gone: Iterable[str]) -> Profile:
    """The profile without some liked items; what was bought stays out of the answer as before."""
    gone = set(gone)
    return replace(profile, liked=tuple((i, w) for i, w in profile.liked if i not in gone))
