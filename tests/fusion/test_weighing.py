import numpy as np
import pytest

from fusion.collection import ItemCollection
from fusion.pipeline import RecommendationPipeline
from fusion.types import Query
from fusion.weighing import Context, Weigher, Weighing
from tests.fusion.test_pipeline import Shelf, make_pipeline, shop_items
from tests.fusion.test_pipeline import collection as collection  # the fixture


@pytest.fixture
def pipeline(collection: ItemCollection) -> RecommendationPipeline:
    return make_pipeline(collection, Shelf(shop_items()))


class Fixed(Weigher):
    """Always the same factors; keeps what it saw."""

    def __init__(self, factors: dict[tuple[str, str], float]) -> None:
        self.factors = factors
        self.seen: list[Context] = []

    def weigh(self, context: Context) -> Weighing:
        self.seen.append(context)
        return Weighing(self.factors, "fixed-1", "some", 0.25)


class Broken(Weigher):
    def weigh(self, context: Context) -> Weighing:
        raise RuntimeError("no weights today")


def test_a_factor_scales_its_signal_in_the_score_and_in_the_reasons(pipeline: RecommendationPipeline) -> None:
    query = Query(text="leather sofa")
    before = pipeline.recommend(query)
    pipeline.weigher = Fixed({("words", "lexical"): 3.0})
    after = pipeline.recommend(query)
    assert after.weights["words/lexical"] == pytest.approx(3 * before.weights["words/lexical"])
    assert after.weights["words/text"] == pytest.approx(before.weights["words/text"])
    top = after.items[0]
    assert sum(term.contribution for term in top.terms) == pytest.approx(top.score, abs=1e-5)
    assert (after.weighing.policy, after.weighing.arm, after.weighing.propensity) == ("fixed-1", "some", 0.25)


def test_a_weigher_sees_the_signals_and_the_embedding_of_the_request(pipeline: RecommendationPipeline) -> None:
    pipeline.weigher = weigher = Fixed({})
    pipeline.recommend(Query(text="red running shoe", draw=0.3))
    context = weigher.seen[0]
    assert ("words", "text") in context.signals
    assert ("words", "lexical") in context.signals
    assert context.words is not None
    assert np.linalg.norm(context.words) == pytest.approx(1.0, abs=1e-4)
    assert (context.language, context.n_history, context.draw) == ("en", 0, 0.3)


def test_a_broken_weigher_degrades_the_answer_to_the_defaults(pipeline: RecommendationPipeline) -> None:
    query = Query(text="leather sofa")
    before = pipeline.recommend(query)
    pipeline.weigher = Broken()
    after = pipeline.recommend(query)
    assert after.ranking == before.ranking
    assert after.degraded == ("fusion",)
    assert after.weighing == Weighing()
