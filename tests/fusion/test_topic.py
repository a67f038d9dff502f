"""fusion.topic: an answer that gives way stays with the thing asked for."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from fusion.collection import ItemCollection, ItemRecord
from fusion.index.exact import ExactIndex
from fusion.instructions.parser import LexiconParser
from fusion.pipeline import PipelineOptions, RecommendationPipeline
from fusion.types import Answer, Item, ItemText, Query
from tests.encoders import HashedWords
from tests.fusion.items import make_item

WORDS = HashedWords()
SPORT, HOME = ("Sports", "Equipment"), ("Home", "Furniture")
GOODS = [
    make_item("tent", "Green tent", price="200", category=SPORT, attributes={"color": ["green"]},
              translations={"zh": ItemText("绿色帐篷")}),
    make_item("big-tent", "Big blue tent", price="400", category=SPORT, attributes={"color": ["blue"]},
              translations={"zh": ItemText("蓝色大帐篷")}),
    make_item("ball", "Pink ball", price="8", category=SPORT, attributes={"color": ["pink"]},
              translations={"zh": ItemText("粉色球")}),
    make_item("mug", "Pink mug", price="5", category=HOME, attributes={"color": ["pink"]},
              translations={"zh": ItemText("粉色杯子")}),
    make_item("rope", "Skipping rope", price="7", category=SPORT, translations={"zh": ItemText("跳绳")}),
    make_item("stool", "Wooden stool", price="30", category=HOME, translations={"zh": ItemText("木凳")}),
]  # fmt: skip


def pipeline_of(items: Sequence[Item], **options: object) -> RecommendationPipeline:
    texts = WORDS.encode_texts([item.title for item in items])["text"]
    collection = ItemCollection(ExactIndex({"text": texts.shape[1]}))
    collection.update([ItemRecord(item, {"text": text}) for item, text in zip(items, texts, strict=True)])
    collection.rebuild_lexical()
    parser = LexiconParser()
    parser.fit(collection.columns.vocabulary())
    by_id = {item.item_id: item for item in items}
    return RecommendationPipeline(
        collection,
        [WORDS],
        parser,
        lambda ids: {i: by_id[i] for i in ids if i in by_id},
        PipelineOptions(**options),  # type: ignore[arg-type]
    )


@pytest.fixture(scope="module")
def shop() -> RecommendationPipeline:
    return pipeline_of(GOODS)


def shown(answer: Answer) -> set[str]:
    return {entry.item.item_id for entry in answer.items}


@pytest.mark.parametrize("text", ["pink tent under $10", "粉色帐篷10美元以内"])
def test_a_tent_that_is_too_cheap_to_be_true_is_answered_with_tents(shop: RecommendationPipeline, text: str) -> None:
    answer = shop.recommend(Query(text=text))
    assert answer.state == "too_tight"
    assert shown(answer) == {"tent", "big-tent"}
    assert {c.field for c in answer.relaxation.dropped} == {"color", "price"}
    assert "$200" in answer.relaxation.message


def test_other_things_that_meet_the_musts_do_not_hide_that_no_tent_does(shop: RecommendationPipeline) -> None:
    answer = shop.recommend(Query(text="pink tent"))
    assert (answer.state, shown(answer)) == ("too_tight", {"tent", "big-tent"})
    assert answer.relaxation.message == "No pink tent: blue or green tent (2)."


def test_what_was_set_by_hand_is_kept_while_something_meets_it(shop: RecommendationPipeline) -> None:
    pink = shop.recommend(Query(text="pink mug")).instruction.musts[0]
    by_hand = Query(text="tent", filters=(type(pink)("color", pink.operator, ("pink",), source="filter"),))
    answer = shop.recommend(by_hand)
    assert answer.state == "ok"
    assert shown(answer)
    assert shown(answer) <= {"ball", "mug"}


def test_a_thing_that_the_shop_does_not_have_is_told_from_one_that_is_too_dear(shop: RecommendationPipeline) -> None:
    answer = shop.recommend(Query(text="zeppelin under $1"))
    assert answer.state == "no_match"
    assert answer.relaxation.message.startswith("This shop has nothing like “zeppelin”. The nearest things: from $5")
    assert answer.items


def test_stock_holds_in_every_way_out() -> None:
    gone = [make_item("tent", "Pink tent", price="20", stock=0, category=SPORT, attributes={"color": ["pink"]}), *GOODS[1:]]
    answer = pipeline_of(gone).recommend(Query(text="pink tent in stock under $10"))
    assert shown(answer) == {"big-tent"}
    assert all(c.field != "in_stock" for way in answer.relaxation.alternatives for c in way.dropped)


def test_a_field_marked_as_safety_is_never_let_go() -> None:
    shop = pipeline_of([item for item in GOODS if item.item_id != "tent"], never_relaxed=("color",))
    answer = shop.recommend(Query(text="blue mug under $10"))
    assert (answer.state, answer.items) == ("no_match", ())


def test_each_way_out_keeps_what_it_promises(shop: RecommendationPipeline) -> None:
    for text in ("pink tent under $10", "green stool", "green mug under $4", "blue rope under $3"):
        answer = shop.recommend(Query(text=text))
        first = answer.relaxation.alternatives[0]
        assert len(answer.items) == answer.total == first.n_results
        for way in answer.relaxation.alternatives:
            kept = [c for c in answer.instruction.musts if c not in way.dropped]
            entries = {i: shop.collection.item(i) for i in shop.collection.ids()}
            fitting = shop.still_fit({i: item for i, item in entries.items() if item}, [*kept, *way.added])
            assert way.n_results <= len(fitting)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("guitar", "This shop has nothing like “guitar”. These come nearest."),
        ("a guitar under $50", "This shop has nothing like “guitar”. These come nearest."),
        ("吉他", "本店没有“吉他”。以下是最接近的商品。"),
    ],
)
def test_a_known_thing_that_no_product_is_called_is_said_not_to_be_there(shop, text, says) -> None:
    answer = shop.recommend(Query(text=text))
    assert (answer.state, answer.relaxation.message) == ("no_match", says)
    assert answer.items
    assert not answer.groups


@pytest.mark.parametrize("text", ["tent", "mug", "帐篷", "pink things", "something nice"])
def test_what_is_there_or_is_no_thing_is_not_said_to_be_missing(shop, text) -> None:
    assert shop.recommend(Query(text=text)).state == "ok"
