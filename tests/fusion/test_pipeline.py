from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import Image

from fusion.collection import ItemCollection, ItemRecord
from fusion.exceptions import EncodingError
from fusion.index.exact import ExactIndex
from fusion.pipeline import PipelineOptions, RecommendationPipeline
from fusion.profile import Profile, build_profile
from fusion.types import Constraint, Instruction, Interaction, Item, Matrix, Operator, Order, Query, Strength
from tests.encoders import HashedWords, MeanColours
from tests.fusion.items import GivenParser, make_item

WORDS, COLOURS = HashedWords(), MeanColours()
PAINT = {"red": (220, 20, 20), "blue": (20, 20, 220), "green": (20, 160, 20), "white": (250, 250, 250)}


def shop_items() -> list[Item]:
    made = []
    for n, (colour, thing, price, brand) in enumerate(
        [
            ("red", "running shoe", "80", "Nike"),
            ("blue", "running shoe", "60", "Puma"),
            ("white", "running shoe", "120", "Nike"),
            ("red", "wooden chair", "45", "Oak"),
            ("blue", "leather sofa", "900", "Oak"),
            ("green", "garden trowel", "5", ""),
            ("green", "potted fern", "9", ""),
            ("white", "desk lamp", "30", "Lumen"),
        ]
    ):
        made.append(
            make_item(
                f"{colour}-{thing.split()[-1]}",
                f"{colour.title()} {thing}",
                price=price,
                brand=brand,
                category=("Sport", "Shoes") if "shoe" in thing else ("Home",),
                attributes={"color": [colour]},
                created_at=datetime(2026, 1, n + 1, tzinfo=UTC),
            )
        )
    return made


class Shelf:
    """The host: what it says now may differ from what was indexed."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = {item.item_id: item for item in items}

    def __call__(self, item_ids: Sequence[str]) -> Mapping[str, Item]:
        return {i: self.items[i] for i in item_ids if i in self.items}


def photo_of(colour: str) -> Image.Image:
    return Image.new("RGB", (32, 32), PAINT[colour])


@pytest.fixture
def shelf() -> Shelf:
    return Shelf(shop_items())


@pytest.fixture
def collection() -> ItemCollection:
    items = shop_items()
    texts = WORDS.encode_texts([item.title for item in items])["text"]
    looks = COLOURS.encode_photos([photo_of(item.attributes["color"][0]) for item in items])["look"]
    collection = ItemCollection(ExactIndex({"text": texts.shape[1], "look": looks.shape[1]}))
    records = [ItemRecord(i, {"text": t, "look": v}) for i, t, v in zip(items, texts, looks, strict=True)]
    records[6] = replace(records[6], vectors={"text": texts[6]})  # the fern has no photo
    collection.update(records)
    collection.rebuild_lexical()
    return collection


def make_pipeline(
    collection: ItemCollection, shelf: Shelf, known: Mapping[str, Instruction] | None = None, **options: object
) -> RecommendationPipeline:
    return RecommendationPipeline(
        collection,
        [WORDS, COLOURS],
        GivenParser(known),
        shelf,
        PipelineOptions(**options),  # type: ignore[arg-type]
    )


def ids(answer: object) -> list[str]:
    return [ranked.item.item_id for ranked in answer.items]  # type: ignore[attr-defined]


def test_words_find_the_items_that_have_them(collection: ItemCollection, shelf: Shelf) -> None:
    answer = make_pipeline(collection, shelf).recommend(Query(text="running shoe", limit=3))
    assert set(ids(answer)) == {"red-shoe", "blue-shoe", "white-shoe"}
    assert answer.state == "ok"
    assert answer.degraded == ()


def test_a_photo_finds_what_looks_like_it(collection: ItemCollection, shelf: Shelf) -> None:
    answer = make_pipeline(collection, shelf).recommend(Query(photo=photo_of("blue"), limit=2))
    assert set(ids(answer)) == {"blue-shoe", "blue-sofa"}
    assert answer.items[0].reasons[0].code == "looks_like_photo"


def test_words_and_a_photo_together_find_what_fits_both(collection: ItemCollection, shelf: Shelf) -> None:
    answer = make_pipeline(collection, shelf).recommend(Query(text="running shoe", photo=photo_of("blue"), limit=1))
    assert ids(answer) == ["blue-shoe"]
    assert {r.signal for r in answer.items[0].reasons} >= {"photo"}


def test_terms_add_up_to_each_score_and_shares_to_at_most_one(collection: ItemCollection, shelf: Shelf) -> None:
    profile = build_profile([Interaction("red-chair", "purchase", datetime.now(UTC))])
    query = Query(text="running shoe", photo=photo_of("red"), liked=("desk lamp",), limit=8)
    answer = make_pipeline(collection, shelf).recommend(query, profile)
    assert len(answer.items) >= 3
    for ranked in answer.items:
        assert sum(t.contribution for t in ranked.terms) == pytest.approx(ranked.score, abs=1e-5)
        assert sum(r.share for r in ranked.reasons) <= 1.0 + 1e-6
        assert all(r.contribution > 0 for r in ranked.reasons)


CHEAP = Constraint("price", Operator.LTE, high=6500, label="up to $65")
RED = Constraint("color", Operator.IN, ("red",), label="red")


def test_a_must_drops_what_does_not_meet_it(collection: ItemCollection, shelf: Shelf) -> None:
    known = {"cheap shoe": Instruction("cheap shoe", "en", (CHEAP,), rest="running shoe")}
    answer = make_pipeline(collection, shelf, known).recommend(Query(text="cheap shoe", limit=8))
    assert ids(answer)[0] == "blue-shoe"
    assert all(r.item.price.amount_minor <= 6500 for r in answer.items)
    assert answer.total == 5


def test_musts_are_checked_again_on_fresh_items(collection: ItemCollection, shelf: Shelf) -> None:
    shoe = shelf.items["blue-shoe"]
    shelf.items["blue-shoe"] = replace(shoe, price=replace(shoe.price, amount_minor=9900))
    shelf.items["red-chair"] = replace(shelf.items["red-chair"], stock=0)
    del shelf.items["green-fern"]
    answer = make_pipeline(collection, shelf).recommend(Query(filters=(CHEAP,), limit=8))
    assert sorted(ids(answer)) == ["green-trowel", "white-lamp"]
    assert answer.total == 2
    assert {i for i, _ in answer.ranking} == {"green-trowel", "white-lamp"}


def test_measured_colours_complete_the_fresh_item(collection: ItemCollection, shelf: Shelf) -> None:
    shelf.items["red-chair"] = replace(shelf.items["red-chair"], attributes={})
    answer = make_pipeline(collection, shelf).recommend(Query(filters=(RED,), limit=8))
    assert set(ids(answer)) == {"red-shoe", "red-chair"}


def test_when_nothing_fits_the_softest_must_is_let_go_and_named(collection: ItemCollection, shelf: Shelf) -> None:
    blue = Constraint("color", Operator.IN, ("blue",), label="Colour: blue")
    oak = Constraint("brand", Operator.IN, ("Oak",), label="Brand: Oak")
    answer = make_pipeline(collection, shelf).recommend(Query(filters=(replace(CHEAP, source="text"), blue, oak), limit=8))
    assert answer.state == "too_tight"
    assert answer.relaxation.dropped == (blue,)
    assert ids(answer) == ["red-chair"]
    assert answer.relaxation.message == (
        "Nothing blue Oak under $65: red Oak under $65 (1), blue Oak from $900 (1), or blue Puma under $65 (1). "
        "Shown here: red Oak under $65."
    )
    assert answer.musts == (replace(CHEAP, source="text"), oak, answer.relaxation.added[0])
    assert answer.items[0].unmet == ("Colour: blue",)


def test_nothing_at_all_is_said_in_the_shoppers_language(shelf: Shelf) -> None:
    empty = ItemCollection(ExactIndex({}))
    answer = make_pipeline(empty, shelf).recommend(Query(text="shoe", filters=(CHEAP,), language="zh"))
    assert (answer.state, answer.items, answer.relaxation.message) == ("no_match", (), "本店没有符合的商品。")
    assert "index" in answer.degraded


def test_an_order_sorts_what_is_relevant_and_breaks_no_must(collection: ItemCollection, shelf: Shelf) -> None:
    known = {"cheapest shoe": Instruction("cheapest shoe", "en", (), Order("price", descending=False), rest="running shoe")}
    answer = make_pipeline(collection, shelf, known).recommend(Query(text="cheapest shoe", limit=8))
    assert ids(answer)[:3] == ["blue-shoe", "red-shoe", "white-shoe"]
    unsorted = make_pipeline(collection, shelf, known).recommend(Query(text="running shoe", limit=8))
    assert set(ids(answer)) == set(ids(unsorted))  # sorting loses nothing
    dearest = make_pipeline(collection, shelf).recommend(
        Query(filters=(CHEAP,), order=Order("price", descending=True), limit=2)
    )
    assert ids(dearest) == ["blue-shoe", "red-chair"]


def test_wants_raise_and_avoids_lower_without_dropping(collection: ItemCollection, shelf: Shelf) -> None:
    base = Instruction("shoe", "en", rest="running shoe")
    want = replace(base, constraints=(Constraint("brand", Operator.IN, ("Puma",), strength=Strength.WANT, label="Puma"),))
    avoid = replace(base, constraints=(Constraint("color", Operator.IN, ("white",), strength=Strength.AVOID),))
    pipeline = make_pipeline(collection, shelf, {"puma": want, "not white": avoid})
    wanted = pipeline.recommend(Query(text="puma", limit=3))
    assert ids(wanted)[0] == "blue-shoe"
    assert any(r.code == "is_wanted" and r.params["values"] == "Puma" for r in wanted.items[0].reasons)
    avoided = pipeline.recommend(Query(text="not white", limit=3))
    assert ids(avoided)[-1] == "white-shoe"
    assert len(avoided.items) == 3


def test_leaning_to_cheaper_prefers_cheaper(collection: ItemCollection, shelf: Shelf) -> None:
    lean = Constraint("price", Operator.LTE, strength=Strength.WANT, weight=1.0)
    known = {"not too expensive": Instruction("not too expensive", "en", (lean,), rest="running shoe")}
    answer = make_pipeline(collection, shelf, known).recommend(Query(text="not too expensive", limit=3))
    assert ids(answer) == ["blue-shoe", "red-shoe", "white-shoe"]


def test_seeds_speak_in_the_blocks_that_were_asked_for_and_are_not_shown(collection: ItemCollection, shelf: Shelf) -> None:
    pipeline = make_pipeline(collection, shelf, diversity=0.0)
    by_look = pipeline.recommend(Query(liked=("red-shoe",), seed_blocks=("look",), limit=1))
    by_text = pipeline.recommend(Query(liked=("red-shoe",), seed_blocks=("text",), limit=2))
    assert ids(by_look) == ["red-chair"]
    assert set(ids(by_text)) == {"blue-shoe", "white-shoe"}
    assert by_look.items[0].reasons[0].label == "Looks like Red running shoe"


def test_history_alone_makes_a_feed_without_what_was_bought(collection: ItemCollection, shelf: Shelf) -> None:
    profile = build_profile([Interaction("red-shoe", "purchase", datetime.now(UTC))])
    answer = make_pipeline(collection, shelf).recommend(Query(limit=8), profile)
    assert "red-shoe" not in ids(answer)
    assert ids(answer)[0] in {"blue-shoe", "white-shoe", "red-chair"}
    assert "Because you bought Red running shoe" in [reason.label for reason in answer.items[0].reasons]


def test_without_history_and_request_the_popular_come_first_then_the_new(collection: ItemCollection, shelf: Shelf) -> None:
    collection.set_popularity({"green-trowel": 3.0})
    answer = make_pipeline(collection, shelf, diversity=0.0).recommend(Query(limit=3))
    assert ids(answer) == ["green-trowel", "white-lamp", "green-fern"]
    assert answer.items[0].reasons[0].code == "popular"


def test_history_off_equals_a_new_visitor(collection: ItemCollection, shelf: Shelf) -> None:
    pipeline = make_pipeline(collection, shelf)
    query = Query(text="running shoe", limit=8)
    assert pipeline.recommend(query).ranking == pipeline.recommend(query, Profile()).ranking


def test_an_item_without_a_photo_is_not_punished(collection: ItemCollection, shelf: Shelf) -> None:
    answer = make_pipeline(collection, shelf).recommend(Query(text="potted fern", photo=photo_of("white"), limit=3))
    assert "green-fern" in ids(answer)


def test_in_a_shop_of_shoes_every_shoe_answers_shoe(shelf: Shelf) -> None:
    items = [make_item(f"s{n}", f"shoe number{n}") for n in range(30)]
    texts = WORDS.encode_texts([item.title for item in items])["text"]
    shoes = ItemCollection(ExactIndex({"text": texts.shape[1]}))
    shoes.update([ItemRecord(i, {"text": t}) for i, t in zip(items, texts, strict=True)])
    shoes.rebuild_lexical()
    answer = make_pipeline(shoes, Shelf(items)).recommend(Query(text="shoe", limit=24))
    assert len(answer.ranking) == 30


def test_what_is_below_average_and_has_no_word_of_the_request_is_left_out(collection: ItemCollection, shelf: Shelf) -> None:
    answer = make_pipeline(collection, shelf).recommend(Query(text="running shoe", limit=8))
    assert "green-fern" not in [i for i, _ in answer.ranking]
    assert all(score >= 0 for _, score in answer.ranking)


class Broken(HashedWords):
    def encode_instructions(self, texts: Sequence[str]) -> Mapping[str, Matrix]:
        raise EncodingError("the model is away")


def test_a_broken_model_degrades_the_answer_and_words_still_find(collection: ItemCollection, shelf: Shelf) -> None:
    pipeline = RecommendationPipeline(collection, [Broken(), COLOURS], GivenParser(), shelf)
    answer = pipeline.recommend(Query(text="running shoe", limit=3))
    assert answer.degraded == ("text_model",)
    assert set(ids(answer)) == {"red-shoe", "blue-shoe", "white-shoe"}


def test_a_place_is_grouped_and_asked_about_unless_its_words_can_be_compared_with_nothing(
    collection: ItemCollection, shelf: Shelf
) -> None:
    parser = GivenParser({"for the hall": Instruction("for the hall", "en", rest="hall", themes=("hall",))})
    query, all_of_it = Query(text="for the hall", limit=8, facets=True), PipelineOptions(floor=-99.0)
    answer = RecommendationPipeline(collection, [WORDS, COLOURS], parser, shelf, all_of_it).recommend(query)
    assert {group.title for group in answer.groups} == {"Home", "Shoes"}
    blind = RecommendationPipeline(collection, [Broken(), COLOURS], parser, shelf, all_of_it).recommend(query)
    assert (blind.groups, blind.question) == ((), None)


def test_a_broken_parser_leaves_the_words_to_be_searched(collection: ItemCollection, shelf: Shelf) -> None:
    class Stumbling(GivenParser):
        def parse(self, text: str, *, language: str = "", currency: str = "") -> Instruction:
            raise RuntimeError("stumbled")

    answer = RecommendationPipeline(collection, [WORDS], Stumbling(), shelf).recommend(Query(text="running shoe", limit=3))
    assert answer.degraded == ("parser",)
    assert set(ids(answer)) == {"red-shoe", "blue-shoe", "white-shoe"}


def test_a_host_that_does_not_answer_degrades_to_what_was_indexed(collection: ItemCollection) -> None:
    def away(item_ids: Sequence[str]) -> Mapping[str, Item]:
        raise ConnectionError("no database")

    answer = RecommendationPipeline(collection, [WORDS], GivenParser(), away).recommend(Query(text="running shoe", limit=3))
    assert answer.degraded == ("catalog",)
    assert len(answer.items) == 3


def test_a_large_catalogue_is_searched_through_candidates_and_gives_the_same_first_page() -> None:
    rng = np.random.default_rng(1)
    items = [make_item(f"i{n}", f"thing {n} {'lamp' if n % 97 == 0 else 'chair'}") for n in range(3000)]
    vectors = rng.normal(size=(3000, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    collection = ItemCollection(ExactIndex({"text": 16}))
    collection.update([ItemRecord(i, {"text": v}) for i, v in zip(items, vectors, strict=True)])
    collection.rebuild_lexical()

    class Sixteen(HashedWords):
        def encode_instructions(self, texts: Sequence[str]) -> Mapping[str, Matrix]:
            return {"text": np.stack([vectors[7] for _ in texts])}

    shelf = Shelf(items)
    few = RecommendationPipeline(collection, [Sixteen()], GivenParser(), shelf, PipelineOptions(n_candidates=100))
    all_ = RecommendationPipeline(collection, [Sixteen()], GivenParser(), shelf, PipelineOptions(n_candidates=5000))
    query = Query(text="lamp", limit=20)
    assert ids(few.recommend(query)) == ids(all_.recommend(query))
    known, least = all_.recommend(query), few.recommend(query)
    assert (known.partial, least.partial) == (False, True)
    assert sum("lamp" in item.title for item in items) <= least.total <= known.total


def test_taste_speaks_within_what_was_asked_for_and_not_on_a_page_without_a_request(collection, shelf):
    profile = build_profile([Interaction("red-shoe", "purchase", datetime.now(UTC))])
    pipeline = make_pipeline(collection, shelf)
    asked, browsed = pipeline.recommend(Query("shoe", limit=8), profile), pipeline.recommend(Query(limit=8), profile)
    sources = [{t.source for terms in answer.terms.values() for t in terms} for answer in (asked, browsed)]
    assert "taste" in sources[0]
    assert "taste" not in sources[1]
