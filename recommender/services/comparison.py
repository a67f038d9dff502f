"""Two versions side by side: what was measured of each, and what recent requests would show under the one and the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from fusion.pipeline import RecommendationPipeline
from fusion.profile import Profile
from fusion.types import Answer, Query
from fusion.weighing import Weigher
from recommender.engine import get_engine
from recommender.learnt import weigher_of
from recommender.models import ModelVersion, Recommendation

TOP = 10
MAX_REQUESTS = 8
# So many of the newest answers are looked through for different requests.
LOOKED_AT = 400


@dataclass(frozen=True, slots=True)
class Metric:
    """One measured number, or other fact, of both. ``name`` is its path ("validation.lift"); None where one lacks it."""

    name: str
    left: Any
    right: Any


@dataclass(frozen=True, slots=True)
class Place:
    """A product's place under the right version. ``before`` is its place under the left one, None where it was not on top."""

    item_id: str
    title: str
    rank: int
    before: int | None

    @property
    def moved(self) -> int | None:
        """Places up (positive) or down; None for a newcomer."""
        return None if self.before is None else self.before - self.rank

    @property
    def fell(self) -> int:
        """Places down; 0 for what rose, stayed or is new."""
        return max(0, -(self.moved or 0))


@dataclass(frozen=True, slots=True)
class RequestComparison:
    """One request under both.

    Attributes:
        before: the first ten under the left version, best first.
        after: the first ten under the right one, with how they moved.
        stayed: how many are in both.
    """

    text: str
    before: tuple[Place, ...]
    after: tuple[Place, ...]
    stayed: int


@dataclass(frozen=True, slots=True)
class Factor:
    """By how much a signal's weight is multiplied, on the mean over the requests that had the signal."""

    signal: str
    left: float
    right: float
    requests: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """``left`` and ``right`` are versions, or None for the defaults. ``problem``: why requests could not be ranked."""

    kind: str
    left: ModelVersion | None
    right: ModelVersion | None
    metrics: tuple[Metric, ...]
    factors: tuple[Factor, ...]
    requests: tuple[RequestComparison, ...]
    as_of: datetime
    problem: str = ""


def compare(
    kind: str, left: ModelVersion | None, right: ModelVersion | None, requests: Sequence[str] = (), language: str = ""
) -> Comparison:
    """Both versions of a kind side by side. Nobody's history is used, and nothing is stored.

    Args:
        requests: texts to rank; without any, the newest different ones that shoppers asked.
        language: of the titles.
    """
    factors: tuple[Factor, ...] = ()
    ranked: tuple[RequestComparison, ...] = ()
    problem = ""
    if kind == ModelVersion.Kind.FUSION:
        try:
            weighers = _weigher(left), _weigher(right)
        except Exception as error:  # a damaged version has metrics all the same
            problem = str(error)
        else:
            texts = list(requests) or recent_requests()
            factors, ranked = _ranked(weighers, texts, language)
    return Comparison(kind, left, right, tuple(_metrics(left, right)), factors, ranked, timezone.now(), problem)


def recent_requests(limit: int = MAX_REQUESTS) -> list[str]:
    """The newest different requests in words, simulated shoppers' only where nobody else asked anything."""
    rows = Recommendation.objects.filter(parent=None).order_by("-pk").values_list("request__text", "simulated")[:LOOKED_AT]
    asked = [(" ".join(str(text or "").split()), simulated) for text, simulated in rows]
    real = [text for text, simulated in asked if text and not simulated]
    different: dict[str, str] = {}
    for text in real or [text for text, _ in asked if text]:
        different.setdefault(text.lower(), text)
    return list(different.values())[:limit]


def flat(values: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Nested JSON as ("validation.lift", 0.03) pairs, in the order given; lists stay whole."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def said(value: Any) -> str:
    """A measured number or fact as people read it: six significant digits, a dash for nothing."""
    if value is None:
        return "–"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _metrics(left: ModelVersion | None, right: ModelVersion | None) -> Iterator[Metric]:
    sides = [dict(flat(version.metrics)) if version else {} for version in (left, right)]
    for name in dict.fromkeys([*sides[0], *sides[1]]):
        yield Metric(name, sides[0].get(name), sides[1].get(name))


def _weigher(version: ModelVersion | None) -> Weigher | None:
    weigher = weigher_of(version) if version else None
    if weigher is not None and hasattr(weigher, "exploration_cap"):
        weigher.exploration_cap = 0.0  # what it holds best, not what it would try out
    return weigher


def _ranked(
    weighers: tuple[Weigher | None, Weigher | None], texts: Iterable[str], language: str
) -> tuple[tuple[Factor, ...], tuple[RequestComparison, ...]]:
    engine = get_engine()
    engine.refresh()
    pipelines = [_weighed_by(weigher, engine.pipeline) for weigher in weighers]
    found: list[RequestComparison] = []
    factors: dict[str, list[tuple[float, float]]] = {}
    for text in texts:
        query = Query(text=text, limit=TOP, draw=0.5)
        left, right = (pipeline.recommend(query, Profile()) for pipeline in pipelines)
        found.append(_of_request(text, left, right, language))
        for signal in left.context.signals:
            pair = (left.weighing.factors.get(signal, 1.0), right.weighing.factors.get(signal, 1.0))
            factors.setdefault("/".join(signal), []).append(pair)
    return tuple(_mean(signal, pairs) for signal, pairs in sorted(factors.items())), tuple(found)


def _weighed_by(weigher: Weigher | None, served: RecommendationPipeline) -> RecommendationPipeline:
    """The pipeline that serves, over the very same parts, with another weigher."""
    pipeline = copy(served)
    pipeline.weigher = weigher
    return pipeline


def _mean(signal: str, pairs: Sequence[tuple[float, float]]) -> Factor:
    n = len(pairs)
    return Factor(signal, sum(pair[0] for pair in pairs) / n, sum(pair[1] for pair in pairs) / n, n)


def _of_request(text: str, left: Answer, right: Answer, language: str) -> RequestComparison:
    first = [ranked.item.item_id for ranked in left.items]
    places = {item_id: place for place, item_id in enumerate(first, start=1)}
    after = tuple(_places(right, language, places))
    stayed = sum(place.before is not None for place in after)
    return RequestComparison(text, tuple(_places(left, language, places)), after, stayed)


def _places(answer: Answer, language: str, before: Mapping[str, int]) -> Iterator[Place]:
    for rank, ranked in enumerate(answer.items, start=1):
        item = ranked.item
        words = item.translations.get(language)
        title = words.title if words and words.title else item.title
        yield Place(item.item_id, title, rank, before.get(item.item_id))
