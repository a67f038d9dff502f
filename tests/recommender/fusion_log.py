"""A stored log whose truth is known: ranked by words and a little popularity, shoppers who go by popularity or by nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from recommender.models import Event, Recommendation
from tests.fusion.learning.logs import POPULARITY, TEXT, made_log

WORDED = {"signals": ["words/text", "words/lexical"], "n_history": 0, "n_musts": 1, "language": "en", "draw": 0.5}
WEIGHTS = {"words/text": 1.0, "popularity/prior": 0.3}


def store_answer(at: datetime, terms: Mapping[str, list[list[Any]]], **given: Any) -> Recommendation:
    """One stored answer; ``terms``: item id -> [[block, source, weight, z], ...], best first."""
    fields: dict[str, Any] = {
        "request": {"text": "lamp", "words": "lamp", "limit": 8, "order": None},
        "instruction": {"order": None},
        "ranking": [[item_id, 1.0 / place] for place, item_id in enumerate(terms, start=1)],
        "terms": dict(terms),
        "weights": WEIGHTS,
        "context": WORDED,
        "expires_at": at + timedelta(hours=1),
        "created_at": at,
        "visitor_id": "v1",
    }
    return Recommendation.objects.create(**{**fields, **given})


def store_log(n: int, now: datetime, *, informative: bool, seed: int = 1, simulated: bool = False, days: float = 100.0) -> None:
    """n answers over the last days, with a click, or a click, a cart and a purchase, for what was taken."""
    log = made_log(n, seed, informative=informative)
    answers, events = [], []
    for row in range(n):
        at = now - timedelta(days=days * (1 - row / n))
        terms = {
            f"p{place}": [["text", "words", 1.0, float(log.addends[row, place, TEXT])],
                          ["prior", "popularity", 0.3, float(log.addends[row, place, POPULARITY]) / 0.3]]
            for place in range(log.rank.shape[1])
        }  # fmt: skip
        visitor = f"v{log.shopper[row]}"
        answers.append(
            Recommendation(
                request={"words": f"lamp {log.text[row]}", "limit": 8},
                ranking=[[item_id, 1.0] for item_id in terms],
                terms=terms,
                weights=WEIGHTS,
                context=WORDED,
                created_at=at,
                expires_at=at,
                visitor_id=visitor,
                simulated=simulated,
            )
        )
        for place in np.flatnonzero(log.acted[row]):
            kinds = ("click", "add_to_cart", "purchase") if log.reward[row, place] > 1 else ("click",)
            events += [
                Event(
                    kind=kind,
                    item_id=f"p{place}",
                    visitor_id=visitor,
                    recommendation_id=answers[-1].pk,
                    position=int(place) + 1,
                    occurred_at=at + timedelta(minutes=5),
                    simulated=simulated,
                )
                for kind in kinds
            ]
    Recommendation.objects.bulk_create(answers)
    Event.objects.bulk_create(events)
