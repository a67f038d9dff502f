"""Small histories and a pipeline over a small catalogue, for the tests of evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from fusion.collection import ItemCollection, ItemRecord
from fusion.evaluation.histories import Basket, ShopperHistory
from fusion.index.exact import ExactIndex
from fusion.instructions.parser import LexiconParser
from fusion.pipeline import RecommendationPipeline
from fusion.types import Item
from tests.encoders import HashedWords

START = datetime(2026, 1, 1, tzinfo=UTC)


def day(n: float) -> datetime:
    return START + timedelta(days=n)


def shopper(name: str, *baskets: tuple[float, str], simulated: bool = False) -> ShopperHistory:
    """Baskets as (day, "a b c")."""
    return ShopperHistory(name, tuple(Basket(day(at), tuple(items.split())) for at, items in baskets), (), simulated)


def pipeline_over(items: Sequence[Item]) -> RecommendationPipeline:
    encoder = HashedWords()
    collection = ItemCollection(ExactIndex({"text": 64}))
    vectors = encoder.encode_texts([item.title for item in items])["text"]
    collection.update([ItemRecord(item, {"text": v}) for item, v in zip(items, vectors, strict=True)])
    collection.rebuild_lexical()
    parser = LexiconParser()
    parser.fit(collection.columns.vocabulary())
    return RecommendationPipeline(
        collection, [encoder], parser, lambda ids: {i: item for i in ids if (item := collection.item(i))}
    )
