"""fusion.kinds: a ranking says from where on nothing is of the kind that was asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fusion.kinds import KindEnd, kind_end
from fusion.types import Constraint, Instruction, Item, Operator, Strength
from tests.fusion.items import collection_of, make_item

SHOES, BALLS = ("Sports", "Footwear"), ("Sports", "Balls")
GOODS = [make_item("shoe-1", category=SHOES), make_item("ball-1", category=BALLS), make_item("shoe-2", category=SHOES),
         make_item("ball-2", category=BALLS), make_item("ball-3", category=BALLS)]  # fmt: skip
FOOTWEAR = Constraint("category", Operator.IN, ("Sports/Footwear",), strength=Strength.WANT, weight=0.6)


def end_of(ids: str, *chips: Constraint, **fresh: Item) -> KindEnd | None:
    return kind_end(ids.split(), {i.replace("_", "-"): item for i, item in fresh.items()}, Instruction(constraints=chips),
                    collection_of(GOODS))  # fmt: skip


def test_it_ends_after_the_last_one_of_the_kind_not_at_the_first_other() -> None:
    assert end_of("shoe-1 ball-1 shoe-2 ball-2 ball-3", FOOTWEAR) == KindEnd(3, ("Sports/Footwear",))


def test_a_kind_that_comes_last_never_ends() -> None:
    assert end_of("shoe-1 ball-1 ball-2 shoe-2", FOOTWEAR) is None


def test_a_ranking_without_any_of_the_kind_ends_where_it_begins() -> None:
    assert end_of("ball-1 ball-2", FOOTWEAR) == KindEnd(0, ("Sports/Footwear",))


def test_either_of_two_kinds_is_of_the_kind() -> None:
    balls = replace(FOOTWEAR, values=("Sports/Balls",))
    assert end_of("shoe-1 ball-1 ball-2", FOOTWEAR, balls) is None


@pytest.mark.parametrize(
    "chip", [replace(FOOTWEAR, weight=0.2), replace(FOOTWEAR, strength=Strength.AVOID), replace(FOOTWEAR, source="filter"),
             replace(FOOTWEAR, field="brand")]
)  # fmt: skip
def test_a_theme_a_dislike_a_filter_or_another_field_names_no_kind(chip: Constraint) -> None:
    assert end_of("shoe-1 ball-1", chip) is None


def test_an_item_as_it_is_now_counts_rather_than_as_it_was_indexed() -> None:
    moved = make_item("ball-2", category=SHOES)
    assert end_of("shoe-1 ball-1 ball-2 ball-3", FOOTWEAR, ball_2=moved) == KindEnd(3, ("Sports/Footwear",))


def test_what_left_the_index_is_of_no_kind() -> None:
    assert end_of("shoe-1 gone", FOOTWEAR) == KindEnd(1, ("Sports/Footwear",))
