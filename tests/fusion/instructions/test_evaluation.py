"""How readings are scored, and which lines of a file are expectations."""

from __future__ import annotations

import json

import pytest

from fusion.instructions.evaluation import (
    BadLine,
    Expectation,
    Reading,
    Score,
    read_expectation,
    read_expectations,
    read_with,
    rows_of,
    score,
    slot_of,
    table_of,
    unknown_fields,
)
from fusion.types import Constraint, Instruction, Operator, Order, Strength

BLACK = Constraint("color", Operator.IN, ("black",))
SHOES = Constraint("category", Operator.IN, ("Shoes",), strength=Strength.WANT)


def reading(expected: Expectation, *constraints: Constraint, ms: float = 1.0, order: Order | None = None) -> Reading:
    return Reading(expected, Instruction(expected.text, "en", constraints, order), ms)


@pytest.mark.parametrize(
    ("constraint", "slot"),
    [
        (Constraint("color", Operator.IN, ("white", "black")), "color=black|white"),
        (Constraint("brand", Operator.NOT_IN, ("Nike",)), "brand!=Nike"),
        (Constraint("price", Operator.LTE, high=4999, currency="USD"), "price<=49.99"),
        (Constraint("price", Operator.GTE, low=5000, currency="JPY"), "price>=5000"),
        (Constraint("price", Operator.BETWEEN, low=2000, high=3000, currency="USD"), "price=20..30"),
        (Constraint("price", Operator.LTE), "price<="),
    ],
)
def test_a_constraint_is_written_as_an_expectation_is(constraint, slot):
    assert slot_of(constraint) == slot


def test_slots_count_over_strengths_and_order_and_one_wrong_must_makes_a_request_inexact():
    expected = Expectation(
        "x", musts=frozenset({"color=black"}), wants=frozenset({"category=Shoes"}), order="price asc", avoid="laces"
    )
    counts = score(
        [
            reading(expected, BLACK, SHOES, order=Order("price", descending=False)),
            reading(expected, Constraint("color", Operator.NOT_IN, ("black",)), SHOES),
        ]
    )
    assert (counts.right, counts.found, counts.expected) == (4, 5, 8)
    assert (counts.precision, counts.recall, counts.f1) == (0.8, 0.5, 8 / 13)
    assert counts.exactness == 0.5
    assert counts.wrong[1] == (
        "[en/any] x: missing ['must color=black', 'order price asc', 'words laces'], extra ['must color!=black']"
    )


def test_a_must_read_as_a_want_is_wrong_twice():
    counts = score([reading(Expectation("x", wants=frozenset({"color=black"})), BLACK)])
    assert (counts.right, counts.found, counts.expected, counts.exactness) == (0, 1, 1, 0.0)


def test_nothing_asked_and_nothing_found_is_right():
    counts = score([reading(Expectation("hello"))])
    assert (counts.f1, counts.exactness, counts.wrong) == (1.0, 1.0, [])
    assert (Score().f1, Score().ms(0.5)) == (1.0, 0.0)


def test_times_are_medians_and_percentiles_of_what_was_measured():
    counts = score([reading(Expectation("x"), ms=float(ms)) for ms in range(1, 101)])
    assert (counts.ms(0.5), counts.ms(0.95)) == (51.0, 96.0)


def test_rows_sum_up_kinds_and_languages_and_a_missing_language_is_the_parsers():
    rows = rows_of(
        [
            reading(Expectation("a", kind="noun")),
            reading(Expectation("b", lang="zh", kind="noun"), BLACK),
            reading(Expectation("c", lang="en", kind="price")),
        ]
    )
    assert [(row.lang, row.kind, row.score.n) for row in rows] == [
        ("en", "noun", 1), ("en", "price", 1), ("en", "all", 2), ("zh", "noun", 1), ("zh", "all", 1),
    ]  # fmt: skip
    lines = table_of(rows)
    assert lines[3].split() == ["en", "all", "2", "1.000", "1.000", "1.000", "1.000", "1.00", "1.00"]


def test_bad_lines_are_named_by_number_and_the_rest_is_read():
    lines = ['{"text": "black shoes", "musts": ["color=white|black"]}', "", "nope", '{"text": ""}', '{"text": "shoes"}']
    expectations, bad = read_expectations(lines)
    assert [e.text for e in expectations] == ["black shoes", "shoes"]
    assert expectations[0].musts == {"color=black|white"}
    assert [line.number for line in bad] == [3, 4]
    assert bad[1] == BadLine(4, "no text")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("[1]", "not an object"),
        ('{"text": 1}', "text is 1, not a text"),
        ('{"text": "x", "must": []}', "unknown key must"),
        ('{"text": "x", "musts": "color=black"}', "not a list"),
        ('{"text": "x", "musts": ["black"]}', "musts has 'black'; write"),
        ('{"text": "x", "wants": [3]}', "wants has 3; write"),
        ('{"text": "x", "order": "cheapest"}', "order is 'cheapest'; write"),
        ('{"text": "\\ud800"}', "not JSON in UTF-8"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_line_that_is_no_expectation_says_why(line, reason):
    with pytest.raises(ValueError, match=reason):
        read_expectation(line)


def test_fields_that_no_product_has_are_named():
    expectations = [
        Expectation("a", musts=frozenset({"flavour=mint", "price<=5"}), avoids=frozenset({"scent!=rose"})),
        Expectation("b", wants=frozenset({"color=black"})),
    ]
    assert unknown_fields(expectations, {"color", "price"}) == ["flavour", "scent"]


def test_a_real_parser_reads_an_expectation(clothes):
    line = json.dumps({"text": "黑色衬衫", "musts": ["base colour=Black", "category=Clothing/Tops/Shirts"]})
    read = read_with(clothes, read_expectation(line))
    assert (read.lang, read.miss) == ("zh", "")
    assert read.ms > 0
