"""fusion.directions: what is broad is measured, directions are kinds, and the question is the one that tells most."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from fusion.directions import BROAD_BITS, Question, groups_of, is_broad, question_of
from fusion.facets import Facet, FacetValue
from fusion.types import Constraint, Instruction, Item, Operator, Strength
from tests.fusion.items import make_item

SEATS = Constraint("category", Operator.IN, ("Home/Seats",), strength=Strength.WANT, weight=0.6)


def results(*kinds: tuple[str, int]) -> list[Item]:
    """Args: kinds: (path, how many)."""
    return [make_item(f"{path}-{n}", category=tuple(path.split("/"))) for path, many in kinds for n in range(many)]


def falling(items: Sequence[Item], step: float = 0.01) -> list[float]:
    return [2.0 - step * place for place in range(len(items))]


THREE = results(("Home/Seats", 4), ("Home/Plants", 4), ("Sport/Balls", 4))


def test_results_of_several_kinds_are_broad_and_of_one_kind_are_not() -> None:
    gift = Instruction("gift", "en", rest="gift")
    assert is_broad(gift, THREE, falling(THREE))
    one = results(("Home/Seats", 12))
    assert not is_broad(gift, one, falling(one))


def test_what_fits_far_less_than_the_best_does_not_make_a_request_broad() -> None:
    items = results(("Home/Seats", 4), ("Home/Plants", 4), ("Sport/Balls", 4))
    assert not is_broad(Instruction("seat", "en"), items, [4.0, 3.9, 3.8, 3.7, *[1.5] * 8])


def test_a_named_kind_is_never_broad() -> None:
    named = Instruction("seat", "en", (SEATS,))
    assert not is_broad(named, THREE, falling(THREE))
    weak = Constraint("category", Operator.IN, ("Home/Plants",), strength=Strength.WANT, weight=0.3)
    assert is_broad(Instruction("for a plant lover", "en", (weak,)), THREE, falling(THREE))


def test_what_names_only_a_place_or_a_person_is_broad_however_the_results_fall() -> None:
    items = results(("Home/Seats", 10), ("Home/Plants", 2))
    scores = [4.0 - 0.1 * place for place in range(10)] + [1.0, 0.9]
    assert not is_broad(Instruction("a place", "en"), items, scores)
    room = Instruction("something for the bathroom", "en", (SEATS,), themes=("bathroom",))
    assert is_broad(room, items, scores)
    filtered = Constraint("category", Operator.IN, ("Home/Seats",), source="filter")
    assert not is_broad(Instruction("something for the bathroom", "en", (filtered,), themes=("bathroom",)), items, scores)


def test_a_third_kind_is_shown_only_where_some_of_it_fits_best() -> None:
    items = results(("Home/Seats", 8), ("Home/Plants", 2), ("Sport/Balls", 2))
    weak = groups_of(items, [4.0] * 8 + [1.0] * 2 + [1.5] * 2, (), {})
    assert [group.title for group in weak] == ["Seats", "Balls"]
    strong = groups_of(items, [4.0] * 8 + [2.5] * 2 + [2.2] * 2, (), {})
    assert [group.title for group in strong] == ["Seats", "Plants", "Balls"]


def test_where_no_score_tells_results_apart_each_counts_alike() -> None:
    assert is_broad(Instruction("under $50", "en"), THREE, [0.0] * len(THREE))
    assert BROAD_BITS < 1.0


def test_groups_are_the_best_three_kinds_on_the_deepest_level_that_has_them() -> None:
    items = results(("Home/Seats", 5), ("Sport/Balls", 2), ("Home/Plants", 3), ("Home/Lamps", 1))
    tree = Facet(
        "category", "Category", "tree", (FacetValue("Home/Seats", "Seats", 40), FacetValue("Home/Plants", "Plants", 7))
    )
    groups = groups_of(items, falling(items), [tree], {"Sport/Balls": "Bälle"})
    assert [(g.title, g.n, len(g.item_ids)) for g in groups] == [("Seats", 40, 4), ("Plants", 7, 3), ("Bälle", 0, 2)]
    assert groups[0].chip == Constraint("category", Operator.IN, ("Home/Seats",), source="filter")
    assert list(groups[0].item_ids) == [item.item_id for item in items[:4]]


def test_kinds_with_a_single_result_are_met_one_level_up() -> None:
    items = results(("Home/A", 1), ("Home/B", 1), ("Sport/C", 1), ("Sport/D", 1), ("Tools/E", 2))
    assert {g.path for g in groups_of(items, falling(items), [], {})} == {("Home",), ("Sport",), ("Tools",)}


def facet(field: str, gain: float, covered: float = 1.0, values: Sequence[str] = ("a", "b", "c"), **more: object) -> Facet:
    told = tuple(FacetValue(value, value, 5) for value in values)
    return Facet(field, field.title(), "values", told, gain=gain, covered=covered, **more)  # type: ignore[arg-type]


def asked(*facets: Facet, language: str = "en", instruction: Instruction | None = None) -> Question | None:
    return question_of(facets, instruction or Instruction("gift", "en"), language)


def test_the_question_is_the_one_that_tells_most_of_what_a_thing_is_for() -> None:
    question = asked(facet("color", 2.0), facet("plant type", 0.9, values=("Indoor", "Outdoor")), facet("season", 0.8))
    assert question is not None
    assert (question.field, question.text) == ("plant type", "Indoor or Outdoor?")
    assert [(label, chip.values, chip.source) for label, chip, _n in question.options] == [
        ("Indoor", ("Indoor",), "filter"),
        ("Outdoor", ("Outdoor",), "filter"),
    ]


@pytest.mark.parametrize(("language", "says"), [("en", "About how much may it cost?"), ("zh", "大概什么价位？")])
def test_a_price_is_asked_for_where_nothing_else_is_worth_it(language, says) -> None:
    ranges = (FacetValue("", "under $50", 5, high=5000), FacetValue("", "from $50", 5, low=5000))
    price = Facet("price", "Price", "ranges", ranges, "USD", 100, 9000, 1.0, 1.0)
    few = facet("season", 2.0, covered=0.2)
    question = asked(few, price, facet("brand", 3.0), facet("size", 3.0), language=language)
    assert question is not None
    assert question.text == says
    assert [(chip.operator, chip.low, chip.high) for _label, chip, _n in question.options] == [
        (Operator.LTE, None, 5000),
        (Operator.GTE, 5000, None),
    ]


def test_what_was_said_or_chosen_is_not_asked_again_and_little_is_not_asked_at_all() -> None:
    said = Instruction("red gift", "en", (Constraint("color", Operator.IN, ("red",)),))
    assert asked(facet("color", 2.0), instruction=said) is None
    chosen = Facet(
        "season", "Season", "values", (FacetValue("a", "a", 5, True), FacetValue("b", "b", 5)), gain=1.0, covered=1.0
    )
    assert asked(chosen) is None
    assert asked(facet("season", 0.1)) is None
