"""fusion.facets: every count is what the answer holds once that value is chosen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fusion.collection import ItemCollection, ItemRecord
from fusion.exchange import Exchange
from fusion.facets import Facet, FacetCounter, FacetValue
from fusion.index.exact import ExactIndex
from fusion.pipeline import PipelineOptions, RecommendationPipeline
from fusion.price_ranges import ranges_of
from fusion.types import Constraint, Instruction, Item, Operator, Query
from tests.encoders import HashedWords
from tests.fusion.items import GivenParser, make_item

THINGS = {
    ("Home", "Light"): "lamp",
    ("Home", "Seats"): "chair",
    ("Sport", "Shoes"): "shoe",
    ("Sport", "Shoes", "Boots"): "boot",
}
COLOURS = ("red", "blue", "green", "white")
WORDS = HashedWords()


def shop_of(n: int = 120) -> ItemCollection:
    rng = np.random.default_rng(3)
    items = []
    for number in range(n):
        category = list(THINGS)[rng.integers(4)]
        colours = sorted(set(rng.choice(COLOURS, size=rng.integers(1, 3))))
        attributes = {"color": colours, "gender": [str(rng.choice(["Women", "Men", "Unisex"]))]}
        if category[0] == "Sport":
            attributes["size"] = [f"Size {rng.integers(38, 43)}"]
        items.append(
            make_item(
                f"i{number}",
                f"{colours[0]} {THINGS[category]} {number}",
                category=category,
                brand=str(rng.choice(["Oak", "Nike", "Puma", ""])),
                price=None if number % 17 == 0 else str(int(rng.integers(5, 400))),
                attributes=attributes,
                stock=0 if number % 7 == 0 else 5,
            )
        )
    vectors = WORDS.encode_texts([item.title for item in items])["text"]
    collection = ItemCollection(ExactIndex({"text": vectors.shape[1]}))
    collection.update([ItemRecord(item, {"text": vector}) for item, vector in zip(items, vectors, strict=True)])
    collection.rebuild_lexical()
    return collection


@pytest.fixture(scope="module")
def collection() -> ItemCollection:
    return shop_of()


def pipeline_of(
    collection: ItemCollection, known: dict[str, Instruction] | None = None, **options: object
) -> RecommendationPipeline:
    def fetch(ids: list[str]) -> dict[str, Item]:
        return {i: item for i in ids if (item := collection.item(i))}

    return RecommendationPipeline(collection, [WORDS], GivenParser(known), fetch, PipelineOptions(**options))  # type: ignore[arg-type]


def chosen(facet: Facet, *values: FacetValue) -> Constraint:
    if facet.kind == "ranges":
        (value,) = values
        operator = Operator.LTE if value.low is None else Operator.GTE if value.high is None else Operator.BETWEEN
        return Constraint("price", operator, low=value.low, high=value.high, currency=facet.currency, source="filter")
    return Constraint(facet.field, Operator.IN, tuple(value.value for value in values), source="filter")


NOT_RED = Constraint("color", Operator.NOT_IN, ("red",))
SPORT = Constraint("category", Operator.IN, ("Sport",), source="filter")
OAK = Constraint("brand", Operator.IN, ("Oak", "Nike"), source="filter")
CHEAP = Constraint("price", Operator.LTE, high=20000, currency="USD", source="filter")
BLUE_CHIP = Constraint("color", Operator.IN, ("blue",), source="text", span=(0, 4))


@pytest.mark.parametrize(
    "query",
    [
        Query(),
        Query("shoe"),
        Query("shoe", filters=(SPORT,)),
        Query("lamp", filters=(OAK, CHEAP)),
        Query("anything", filters=(CHEAP, SPORT, OAK)),
        Query("not red", filters=(OAK,)),
        Query("blue things", filters=(SPORT,)),
        Query("shoe", liked=("i3",), filters=(CHEAP,)),
    ],
    ids=str,
)
def test_a_count_is_the_total_of_the_answer_in_which_that_value_alone_is_chosen(collection, query) -> None:
    known = {
        "not red": Instruction("not red", "en", (NOT_RED,), rest="shoe"),
        "blue things": Instruction("blue things", "en", (BLUE_CHIP,), rest="blue things"),
    }
    pipeline = pipeline_of(collection, known)
    query = replace(query, facets=True)
    answer = pipeline.recommend(query)
    assert answer.facets
    for facet in answer.facets:
        for value in facet.values:
            assert value.n or value.selected
            said = any(c.field == facet.field and c.source == "text" and c.operator is Operator.IN for c in answer.musts)
            if said or not value.n:
                continue  # the words of a said chip would go with it; nothing related is no reason to show nothing
            others = tuple(c for c in query.filters if c.field != facet.field)
            after = pipeline.recommend(replace(query, filters=(*others, chosen(facet, value))))
            assert (facet.field, value.label, value.n) == (facet.field, value.label, after.total)


def test_several_values_of_one_facet_are_alternatives_and_facets_add_up(collection) -> None:
    pipeline = pipeline_of(collection)
    query = Query("shoe", facets=True)
    brand = next(f for f in pipeline.recommend(query).facets if f.field == "brand")
    both = pipeline.recommend(replace(query, filters=(chosen(brand, *brand.values[:2]),)))
    assert both.total == brand.values[0].n + brand.values[1].n
    again = next(f for f in both.facets if f.field == "brand")
    assert [(v.value, v.n) for v in again.values] == [(v.value, v.n) for v in brand.values]
    assert [v.selected for v in again.values[:2]] == [True, True]


def test_choosing_changes_no_score(collection) -> None:
    pipeline = pipeline_of(collection)
    everything = dict(pipeline.recommend(Query("red shoe")).ranking)
    narrowed = pipeline.recommend(Query("red shoe", filters=(OAK,))).ranking
    assert narrowed
    assert all(everything[item_id] == score for item_id, score in narrowed)


def test_what_a_request_excludes_is_no_value(collection) -> None:
    known = {"not red": Instruction("not red", "en", (NOT_RED,), rest="shoe")}
    answer = pipeline_of(collection, known).recommend(Query("not red", facets=True))
    colours = next(f for f in answer.facets if f.field == "color")
    assert {v.value for v in colours.values} == {"blue", "green", "white"}


def test_categories_are_a_tree_whose_parents_hold_their_children(collection) -> None:
    answer = pipeline_of(collection).recommend(Query(facets=True))
    tree = next(f for f in answer.facets if f.field == "category")
    told = {v.value: (v.depth, v.n) for v in tree.values}
    assert told["Home"][1] == told["Home/Light"][1] + told["Home/Seats"][1]
    assert told["Home"][0] == 0
    assert told["Home/Light"][0] == 1
    places = [v.value for v in tree.values]
    assert places.index("Home") < places.index("Home/Light")


def test_a_chosen_category_is_opened(collection) -> None:
    shoes = Constraint("category", Operator.IN, ("Sport/Shoes",), source="filter")
    answer = pipeline_of(collection).recommend(Query(filters=(shoes,), facets=True))
    tree = next(f for f in answer.facets if f.field == "category")
    assert [v.value for v in tree.values if v.selected] == ["Sport/Shoes"]
    assert "Sport/Shoes/Boots" in {v.value for v in tree.values}


def test_a_choice_that_nothing_has_any_more_stays_told_so_that_it_can_be_taken_off(collection) -> None:
    gone = Constraint("brand", Operator.IN, ("Nobody", "Oak"), source="filter")
    answer = pipeline_of(collection).recommend(Query(filters=(gone,), facets=True))
    brand = next(f for f in answer.facets if f.field == "brand")
    assert ("Nobody", 0, True) in [(v.value, v.n, v.selected) for v in brand.values]


def test_stock_is_a_facet_only_where_the_shop_shows_what_it_lacks(collection) -> None:
    hidden = pipeline_of(collection).recommend(Query(facets=True))
    assert "in_stock" not in {f.field for f in hidden.facets}
    shown = pipeline_of(collection, hide_out_of_stock=False).recommend(Query(facets=True))
    stock = next(f for f in shown.facets if f.field == "in_stock")
    assert stock.values[0].n == sum(item.in_stock for i in collection.ids() if (item := collection.item(i)))


def test_nothing_is_counted_beside_a_relaxation(collection) -> None:
    none = Constraint("price", Operator.LTE, high=1, currency="USD", source="filter")
    answer = pipeline_of(collection).recommend(Query("shoe", filters=(none,), facets=True))
    assert answer.state == "too_tight"
    assert answer.facets == ()


def test_sizes_stand_in_their_order_and_attributes_that_few_have_are_left_out(collection) -> None:
    facets = {f.field: f for f in pipeline_of(collection).recommend(Query("shoe", filters=(SPORT,), facets=True)).facets}
    sizes = [v.value for v in facets["size"].values]
    assert sizes == sorted(sizes)
    columns = collection.columns
    few = FacetCounter(columns, columns.mask([]) & (np.arange(columns.n_rows) < 1), (), lambda _f, v, _l: v, "en").facets()
    assert few == ()


def test_a_changed_value_is_counted_anew() -> None:
    collection = shop_of(20)
    pipeline = pipeline_of(collection)
    before = {v.value: v.n for f in pipeline.recommend(Query(facets=True)).facets if f.field == "color" for v in f.values}
    item = next(item for i in collection.ids() if (item := collection.item(i)) and item.in_stock)
    collection.update([ItemRecord(replace(item, attributes={**item.attributes, "color": ("gold",)}))])
    after = {v.value: v.n for f in pipeline.recommend(Query(facets=True)).facets if f.field == "color" for v in f.values}
    assert after["gold"] == 1
    assert sum(after.values()) == sum(before.values()) - len(item.attributes["color"]) + 1


@pytest.mark.parametrize("language", ["en", "zh"])
def test_ranges_of_prices_are_round_share_their_bounds_and_leave_none_out(collection, language) -> None:
    answer = pipeline_of(collection).recommend(Query(facets=True, language=language))
    prices = next(f for f in answer.facets if f.field == "price")
    assert prices.values[0].low is None
    assert prices.values[-1].high is None
    assert all(one.high == other.low for one, other in zip(prices.values, prices.values[1:], strict=False))
    assert prices.values[0].label == ("up to $" if language == "en" else "US$") + f"{prices.values[0].high // 100}" + (
        "" if language == "en" else "以内"
    )
    assert max(v.n for v in prices.values) < 2.5 * min(v.n for v in prices.values)


def test_ranges_are_in_the_shoppers_currency() -> None:
    exchange = Exchange({"USD": 1.0, "JPY": 0.01})
    values = np.asarray([10.0, 20.0, 30.0, 40.0, 50.0])
    assert ranges_of(values, "JPY", exchange) == [(None, 2000), (2000, 3000), (3000, 4000), (4000, None)]
    assert ranges_of(np.asarray([7.0, 7.0]), "USD", exchange) == []


def test_what_few_products_have_many_values_of_is_not_taken_for_what_many_have() -> None:
    items = [make_item(f"i{n}", attributes={"storage": ["32GB", "64GB", "128GB"]} if n < 2 else {}) for n in range(10)]
    collection = ItemCollection(ExactIndex({}))
    collection.update([ItemRecord(item) for item in items])
    columns = collection.columns
    facets = FacetCounter(columns, columns.mask([]), (), lambda _f, value, _l: value, "en").facets()
    storage = next(f for f in facets if f.field == "storage")
    assert storage.covered == 0.2
    assert storage.gain == 0.0  # each of the two has every value, so no answer tells them apart
