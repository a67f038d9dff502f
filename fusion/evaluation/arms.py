"""The served pipeline as rankers: with the request, with the history, with both, with neither; and with signals taken out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from fusion.evaluation.baselines import Ranker
from fusion.evaluation.cases import Case
from fusion.evaluation.histories import Training, served_popularity
from fusion.pipeline import RecommendationPipeline
from fusion.profile import Profile, build_profile
from fusion.stand_in import STAND_IN
from fusion.types import Answer, Query
from fusion.weights import COLUMNS

INSTRUCTION, HISTORY, BOTH, NEITHER = "instruction", "history", "both", "popularity"
Leg = tuple[str, str]
Learner = Callable[[Training], None]


class Past:
    """Keeps what a collection learnt from behaviour at the moment of the fold that is being answered."""

    def __init__(self, learners: Sequence[Learner]) -> None:
        self.learners = learners
        self._training: Training | None = None

    def learn(self, training: Training) -> None:
        """Idempotent: many arms share one collection."""
        if training is not self._training:
            self._training = training
            for learner in self.learners:
                learner(training)


def popularity_learner(pipeline: RecommendationPipeline) -> Learner:
    """Sets the collection's popularity to what serving would have counted then."""
    collection = pipeline.collection
    return lambda training: collection.set_popularity(served_popularity(training, len(collection)), training.moment)


class Arm(Ranker):
    """One way to use the pipeline.

    Args:
        uses: whether the arm gets (the request, the history).
        without: (source, block) legs whose weight is 0.
    """

    def __init__(
        self,
        name: str,
        pipeline: RecommendationPipeline,
        past: Past,
        uses: tuple[bool, bool],
        *,
        kind: str = "arm",
        without: Iterable[Leg] = (),
    ) -> None:
        super().__init__(name)
        self.kind, self.past = kind, past
        self.with_request, self.with_history = uses
        self.without = frozenset(without)
        self.served = pipeline
        self.pipeline = _without(pipeline, self.without)
        self.used: set[Leg] = set()
        self.degraded: dict[str, int] = {}

    def learn(self, training: Training) -> None:
        self.past.learn(training)
        self.pipeline = _without(self.served, self.without)  # weights may have been learnt, too

    def rank(self, case: Case, k: int) -> list[str]:
        answer = self.answer(case, k)
        legs = {(source, block) for source, _, block in (key.partition("/") for key in answer.weights)}
        self.used.update(leg for leg in legs if leg[0] != STAND_IN)  # it has no weight of its own to take away
        for name in answer.degraded:
            self.degraded[name] = self.degraded.get(name, 0) + 1
        return [item.item.item_id for item in answer.items]

    def answer(self, case: Case, k: int, *, explain_depth: int = 0) -> Answer:
        """What a shopper would have been served at the case's moment."""
        return self.pipeline.recommend(self.query(case, k, explain_depth=explain_depth), self.profile(case))

    def query(self, case: Case, k: int, *, explain_depth: int = 0) -> Query:
        asked = case.query if self.with_request and case.query is not None else Query()
        exclude = tuple({*asked.exclude, *case.exclude})
        return replace(asked, limit=k, exclude=exclude, explain_depth=explain_depth)

    def profile(self, case: Case) -> Profile:
        return build_profile(case.history, now=case.moment) if self.with_history else Profile()


def four_arms(pipeline: RecommendationPipeline, past: Past, *, requests: bool) -> list[Arm]:
    """The main arm first: both, or the history alone where no case has a request."""
    history = Arm(HISTORY, pipeline, past, (False, True))
    neither = Arm(NEITHER, pipeline, past, (False, False))
    if not requests:
        return [history, neither]
    return [
        Arm(BOTH, pipeline, past, (True, True)),
        Arm(INSTRUCTION, pipeline, past, (True, False)),
        history,
        neither,
    ]


def knock_outs(main: Arm, used: Iterable[Leg]) -> list[Arm]:
    """The main arm without each block, and without each source, that its answers had. Equal ones appear once."""
    legs = frozenset(used)
    found: dict[frozenset[Leg], str] = {}
    for place, what in ((1, "block"), (0, "source")):
        for name in sorted({leg[place] for leg in legs}):
            removed = frozenset(leg for leg in legs if leg[place] == name)
            if removed != legs:
                found.setdefault(removed, f"without {what} {name}")
    uses = (main.with_request, main.with_history)
    return [Arm(name, main.served, main.past, uses, kind="knock-out", without=removed) for removed, name in found.items()]


def _without(pipeline: RecommendationPipeline, legs: frozenset[Leg]) -> RecommendationPipeline:
    if not legs:
        return pipeline
    weights = {leg: 0.0 if COLUMNS.get(leg, leg) in legs else weight for leg, weight in pipeline.options.weights.items()}
    return RecommendationPipeline(
        pipeline.collection,
        pipeline.source_encoder.encoders,
        pipeline.parser,
        pipeline.fetch,
        replace(pipeline.options, weights=weights),
    )
