"""fusion.chips: what was understood, as a list that a shopper may edit."""

from __future__ import annotations

import pytest

from fusion.chips import ALL, chip_key, chips_of, edited, order_named, read_chip, sort_name, without_words
from fusion.instructions.parser import LexiconParser
from fusion.types import ChipEdits, Constraint, Instruction, Operator, Order, Strength, Vocabulary

VALUES = {
    "color": {"red": 5, "blue": 4, "black": 9},
    "category": {"Home/Lighting": 9, "Home/Chairs": 7},
    "brand": {"Acme": 3, "A|B: 50%": 1},
}
PARSER = LexiconParser()
PARSER.fit(Vocabulary(VALUES, "USD", {"lamp": 9, "chair": 7}))


def read(text: str, language: str = "en") -> Instruction:
    return PARSER.parse(text, language=language)


def after(text: str, *, removed: tuple[str, ...] = (), added: tuple[Constraint, ...] = (), language: str = "en") -> Instruction:
    return edited(read(text, language), ChipEdits(removed, added), PARSER, language, "USD")


def keys(instruction: Instruction) -> list[str]:
    return [chip_key(chip) for chip in chips_of(instruction)]


def test_order_and_words_to_avoid_are_chips_with_a_span_and_a_label() -> None:
    instruction = read("cheapest red lamp, nothing flashy")
    chips = {chip.field: chip for chip in chips_of(instruction)}
    assert list(chips)[-2:] == ["sort", "words"]
    assert (chips["sort"].values, chips["sort"].label, chips["sort"].span) == (("price",), "cheapest first", (0, 8))
    assert (chips["words"].values, chips["words"].label, chips["words"].strength) == (("flashy",), "not flashy", Strength.AVOID)
    assert instruction.text[slice(*(chips["words"].span or (0, 0)))] == "flashy"
    assert {chip.field: chip for chip in chips_of(read("便宜点的灯，不要太花哨", "zh"), "zh")}["words"].label.startswith(
        "不要："
    )


@pytest.mark.parametrize(
    "chip",
    [
        Constraint("color", Operator.IN, ("red", "blue"), source="chip"),
        Constraint("brand", Operator.NOT_IN, ("A|B: 50%",), source="chip"),
        Constraint("price", Operator.LTE, high=4999, currency="USD", source="chip"),
        Constraint("price", Operator.BETWEEN, low=12_345_678, high=98_765_432, currency="JPY", source="chip"),
        Constraint("rating", Operator.GTE, low=4.5, source="chip"),
        Constraint("sort", Operator.IN, ("-price",), source="chip"),
        Constraint("odd:field|x", Operator.IN, ("ü 灯",), source="chip"),
    ],
)
def test_a_key_names_a_chip_completely(chip: Constraint) -> None:
    assert read_chip(chip_key(chip)) == chip


@pytest.mark.parametrize(
    "key", ["", "color", "color:in:", "color:like:red", ":in:red", "price:lte:..", "price:lte:..x USD", "price:between:9..5",
            "price:lte:..nan", "price:gte:inf..", "sort:in:smallest", "sort:in:price|newest", "words:in:x"],
)  # fmt: skip
def test_a_damaged_key_is_no_chip(key: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_chip(key)


def test_a_removed_chip_takes_its_words_along_and_nothing_else() -> None:
    instruction = after("red lamp under $50", removed=("color:in:red",))
    assert (instruction.rest, keys(instruction)) == ("lamp", ["category:in:Home/Lighting", "price:lte:..5000 USD"])
    assert after("red lamp under $50", removed=("price:lte:..5000 USD",)).rest == "red lamp"
    chinese = after("红色的灯，50美元以内", removed=("color:in:red",), language="zh")
    assert "红" not in chinese.rest
    assert "灯" in chinese.rest
    assert "red" not in chinese.expansions


def test_removing_a_refusal_does_not_turn_it_onto_the_next_word() -> None:
    text = "not black lamp"
    refusal = next(chip for chip in chips_of(read(text)) if chip.operator is Operator.NOT_IN)
    instruction = after(text, removed=(chip_key(refusal),))
    assert keys(instruction) == ["category:in:Home/Lighting"]
    assert "lamp" in instruction.rest


def test_order_and_avoided_words_can_be_taken_off() -> None:
    text = "cheapest red lamp, nothing flashy"
    assert after(text, removed=("sort:in:price",)).order is None
    assert after(text, removed=("words:not_in:flashy",)).avoid == ""
    assert after(text, removed=(ALL,)) == Instruction(text=text, language="en")


def test_an_added_chip_is_labelled_in_the_shoppers_language_and_has_the_catalogues_currency() -> None:
    added = (read_chip("color:in:blue"), read_chip("price:lte:..4000"), read_chip("sort:in:newest"))
    instruction = after("灯", added=added, language="zh")
    assert [chip.label for chip in chips_of(instruction)[1:]] == ["颜色：蓝色", "US$40以内", "最新优先"]
    assert instruction.constraints[-1].currency == "USD"
    assert instruction.order == Order("created_at", True, label="最新优先")


def test_a_recognised_chip_that_is_named_stays_as_it_is_or_changes_its_strength() -> None:
    text = "red lamp under $50"
    kept = after(text, removed=(ALL,), added=(read_chip("color:in:red"),))
    assert kept.constraints == read(text).constraints[:1]
    softer = after(text, added=(read_chip("color:in:red", Strength.WANT),))
    assert (softer.constraints[0].strength, softer.constraints[0].span) == (Strength.WANT, (0, 3))
    assert softer.rest == "red lamp"


def test_words_that_another_chip_needs_stay() -> None:
    text = "red lamp"
    gone, kept = Constraint("a", Operator.IN, ("x",), span=(0, 8)), Constraint("b", Operator.IN, ("y",), span=(4, 8))
    assert without_words(text, text, [gone], [kept]) == "lamp"
    assert (
        without_words("lampshade lamp", "lampshade lamp", [Constraint("a", Operator.IN, ("x",), span=(10, 14))], [])
        == "lampshade"
    )


def test_orders_have_names() -> None:
    assert sort_name(order_named("-price")) == "-price"
    assert sort_name(Order("size", True)) == "-size"
    with pytest.raises(ValueError, match="Known: price"):
        order_named("size")
