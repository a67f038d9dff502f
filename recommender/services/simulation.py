"""Simulated shoppers ask this shop's own pipeline and leave an event log, every row of it marked as simulated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from fusion.instructions.catalogue_values import CatalogueValues, read_catalogue
from fusion.profile import Profile, build_profile
from fusion.simulation.judging import Judgement, judge
from fusion.simulation.needs import Need
from fusion.simulation.session import Act, Plan, Shown, Summary, Visit, simulate
from fusion.simulation.world import World
from fusion.types import Query
from fusion.weighing import Weigher
from recommender.catalog import Feedback, Shopper
from recommender.engine import Engine, get_engine
from recommender.models import Event, Recommendation
from recommender.services.feedback import history, record
from recommender.services.serving import RecommendationRequest, recommend

ARMS = ("instruction", "history", "both", "popularity")

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Simulation:
    """A finished run: what happened, and what is needed to judge answers by the hidden tastes."""

    world: World
    values: CatalogueValues
    summary: Summary


def run(plan: Plan, on_progress: Progress) -> Simulation:
    """Simulate a plan against this process's engine. Events arrive in the order of simulated time.

    Raises:
        ValueError: nothing is indexed yet.
    """
    engine = get_engine()
    engine.counts_simulated = True
    engine.refresh()
    ids = sorted(engine.collection.ids())
    items = [item for item_id in ids if (item := engine.collection.item(item_id)) is not None]
    values = read_catalogue(engine.collection.columns.vocabulary())
    if not items:
        raise ValueError("The index is empty, so there is nothing to simulate with. Run `manage.py index` first.")
    world = World(items, plan.seed)
    return Simulation(world, values, simulate(world, values, plan, _ask, _tell, on_progress))


def judge_arms(simulation: Simulation, n: int, seed: int, on_progress: Progress) -> Judgement:
    """NDCG@10 of instruction, history, both and popularity on ``n`` fresh requests, graded by the hidden tastes."""
    engine = get_engine()
    engine.refresh()

    def answer(arm: str, shopper_id: str, need: Need) -> Sequence[str]:
        return _answer(engine, arm, shopper_id, need)

    return judge(
        simulation.world,
        simulation.values,
        simulation.summary,
        answer,
        ARMS,
        joint="both",
        n=n,
        seed=seed,
        on_progress=on_progress,
    )


def judge_weighers(
    simulation: Simulation, weighers: Mapping[str, Weigher | None], joint: str, n: int, seed: int, on_progress: Progress
) -> Judgement:
    """NDCG@10 of the same fresh requests of shoppers with a history under each weigher, graded by the hidden tastes.

    Args:
        weighers: by name; None is the default weights.
        joint: which of them is compared with the best of the others.
    """
    engine = get_engine()
    engine.refresh()
    in_force = engine.pipeline.weigher

    def answer(arm: str, shopper_id: str, need: Need) -> Sequence[str]:
        engine.pipeline.weigher = weighers[arm]
        return _answer(engine, "both", shopper_id, need)

    world, values, summary = simulation.world, simulation.values, simulation.summary
    try:
        return judge(world, values, summary, answer, list(weighers), joint=joint, n=n, seed=seed, on_progress=on_progress)
    finally:
        engine.pipeline.weigher = in_force


@transaction.atomic
def clear() -> tuple[int, int]:
    """Delete every simulated event and answer: (events, answers). Nothing that people did is touched."""
    events = Event.objects.filter(simulated=True).delete()[0]
    answers = Recommendation.objects.filter(simulated=True)
    n = answers.count()
    answers.delete()
    return events, n


def _answer(engine: Engine, arm: str, shopper_id: str, need: Need) -> Sequence[str]:
    text = need.text if arm in ("instruction", "both") else ""
    known = build_profile(history(Shopper(user_id=shopper_id))) if arm in ("history", "both") else Profile()
    query = Query(text=text, language=need.language, limit=10, depth=10, explain_depth=0)
    return [ranked.item.item_id for ranked in engine.pipeline.recommend(query, known).items]


def _ask(visit: Visit) -> Shown:
    request = RecommendationRequest(
        text=visit.text, language=visit.language, surface="simulated", limit=10, simulated_at=visit.at
    )
    shopper = Shopper(user_id=visit.shopper_id, session_id=visit.session_id, language=visit.language)
    served = recommend(request, shopper)
    return Shown(served.recommendation.pk, [ranked.item.item_id for ranked in served.answer.items])


def _tell(acts: Sequence[Act]) -> None:
    record(
        Feedback(
            kind=act.kind,
            item_id=act.item_id,
            user_id=act.shopper_id,
            session_id=act.session_id,
            recommendation_id=act.recommendation_id,
            position=act.position,
            surface="simulated",
            occurred_at=act.at,
            simulated=True,
        )
        for act in acts
    )
