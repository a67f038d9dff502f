"""fusion.wording: what was asked for, in words that the reader of the page reads."""

from __future__ import annotations

import pytest

from fusion.columns import Columns
from fusion.types import Constraint, Operator
from fusion.wording import Wording, spoken_thing

PINK = Constraint("color", Operator.IN, ("pink",))
CHEAP = Constraint("price", Operator.LTE, high=1000, currency="USD")


@pytest.mark.parametrize(
    ("thing", "language", "said"),
    [
        ("tent", "zh", "帐篷"),
        ("Tents", "zh", "帐篷"),
        ("帐篷", "en", "tent"),
        ("tent", "en", "tent"),
        ("帐篷", "zh", "帐篷"),
        ("zorblax", "zh", "“zorblax”"),
        ("量子通量", "en", "“量子通量”"),
        ("", "zh", ""),
    ],
)
def test_a_noun_of_another_language_is_translated_or_quoted(thing: str, language: str, said: str) -> None:
    assert spoken_thing(thing, language) == said


@pytest.mark.parametrize(
    ("language", "thing", "said"),
    [
        ("zh", "tent", "US$10以内的粉色帐篷"),
        ("zh", "zorblax", "US$10以内的粉色“zorblax”"),
        ("en", "帐篷", "pink tent under $10"),
    ],
)
def test_a_sentence_holds_no_word_that_its_reader_cannot_place(language: str, thing: str, said: str) -> None:
    names = {("pink", "zh"): "粉色"}
    wording = Wording(language, lambda field, value, spoken: names.get((value, spoken), value), Columns(), thing)
    assert wording.of([PINK, CHEAP]) == said
