"""A stored log of a policy that really chose: ranked by the arm that its draw fell on, shoppers who go by popularity."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np

from fusion.policy.weigher import PolicyWeigher
from fusion.weighing import Context
from recommender.models import Event, Recommendation

N_CANDIDATES, PAGE = 24, 8
WEIGHTS = {("words", "text"): 1.0, ("popularity", "prior"): 0.2}
LOOK_DECAY = 0.8


def store_choices(
    weigher: PolicyWeigher, n: int, now: datetime, *, by_popularity: bool = True, seed: int = 1, simulated: bool = False
) -> None:
    """n answers over 60 days before a week ago. Who looks takes what is popular, or, if not ``by_popularity``, by chance."""
    rng = np.random.default_rng(seed)
    answers, events = [], []
    for row in range(n):
        at = now - timedelta(days=68 - 60 * row / n)
        context = Context(None, (("words", "text"), ("words", "lexical")), n_musts=1, language="en", draw=float(rng.random()))
        chosen = weigher.weigh(context)
        z = rng.normal(size=(N_CANDIDATES, 2))
        weights = {signal: weight * chosen.factors.get(signal, 1.0) for signal, weight in WEIGHTS.items()}
        order = np.argsort(-(z @ np.array(list(weights.values()))))
        visitor = f"v{int(rng.integers(0, max(2, n // 3)))}"
        answer = _answer(at, context, z[order], weights, chosen, visitor, simulated)
        answers.append(answer)
        taken = 1 / (1 + np.exp(2.0 - 4.0 * z[order, 1])) if by_popularity else np.full(N_CANDIDATES, 0.2)
        for place in range(PAGE):
            if rng.random() < (place + 1.0) ** -LOOK_DECAY * taken[place]:
                kinds = ("click", "add_to_cart", "purchase") if rng.random() < 0.1 else ("click",)
                events += [_event(kind, answer, place, at, visitor, simulated) for kind in kinds]
    Recommendation.objects.bulk_create(answers)
    Event.objects.bulk_create(events)


def _answer(
    at: datetime,
    context: Context,
    z: np.ndarray,
    weights: dict[tuple[str, str], float],
    chosen: Any,
    visitor: str,
    simulated: bool,
) -> Recommendation:
    (text, popular) = weights.values()
    terms = {
        f"p{place}": [["text", "words", text, float(a)], ["prior", "popularity", popular, float(b)]]
        for place, (a, b) in enumerate(z)
    }
    return Recommendation(
        request={"words": "lamp", "limit": PAGE},
        ranking=[[item_id, 1.0] for item_id in terms],
        terms=terms,
        weights={"/".join(signal): weight for signal, weight in weights.items()},
        context=context.to_json(),
        factors={"/".join(signal): factor for signal, factor in chosen.factors.items()},
        policy=chosen.policy,
        arm=chosen.arm,
        propensity=chosen.propensity,
        created_at=at,
        expires_at=at,
        visitor_id=visitor,
        simulated=simulated,
    )


def _event(kind: str, answer: Recommendation, place: int, at: datetime, visitor: str, simulated: bool) -> Event:
    return Event(
        kind=kind,
        item_id=f"p{place}",
        visitor_id=visitor,
        recommendation_id=answer.pk,
        position=place + 1,
        occurred_at=at + timedelta(minutes=5),
        simulated=simulated,
    )
