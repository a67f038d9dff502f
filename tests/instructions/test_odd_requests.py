"""Whatever is typed: an answer, no command obeyed, and work that is bounded by the 500 characters that are read."""

from __future__ import annotations

import sys
from types import FrameType

import pytest

from fusion.instructions.normalise import MAX_CHARACTERS, normalise
from fusion.instructions.tokens import tokenise
from fusion.types import Instruction
from tests.instructions.odd_requests import PATTERNS, commands, odd_requests
from tests.instructions.suite import fitted_parsers

LONGEST_EMOJI_NAME = 16  # with the spaces around it


@pytest.fixture(scope="module")
def clothes():
    return fitted_parsers()["clothes"]


def test_5000_odd_strings_are_read_without_an_error(clothes):
    n = 0
    for text in odd_requests():
        n += 1
        found = clothes.parse(text)
        assert isinstance(found, Instruction)
        for constraint in found.constraints:
            start, end = constraint.span or (0, 0)
            assert 0 <= start <= end <= min(len(text), MAX_CHARACTERS)
    assert n == 5000


def test_no_command_sets_a_must_or_an_order(clothes):
    obeyed = {text: found for text in commands() if (found := clothes.parse(text)).musts or found.order}
    assert obeyed == {}


@pytest.mark.parametrize("pattern", ["a", "不要", "👗", "1-", "(", "\u200b", "\x00", "ﬃ"])
def test_what_is_read_of_a_request_does_not_grow_with_its_length(clothes, pattern):
    long, longer = pattern * 2_000, pattern * 500_000
    assert len(normalise(longer).text) <= MAX_CHARACTERS * LONGEST_EMOJI_NAME
    assert tokenise(normalise(longer).text) == tokenise(normalise(long).text)
    assert clothes.parse(longer).constraints == clothes.parse(long).constraints


def test_no_pattern_costs_more_than_the_square_of_its_length(clothes):
    """Counted in function calls, since time depends on the machine: twice the text, little over four times the calls."""
    for pattern in PATTERNS:
        half, whole = ((pattern * MAX_CHARACTERS)[:n] for n in (100, 200))
        clothes.parse(whole)  # what is cached is cached
        assert _calls(clothes, whole) <= 4.4 * _calls(clothes, half) + 2_000, pattern


@pytest.mark.parametrize("pattern", ["鞋", "👗", "一的", "1-", "以外鞋", "除了黑色", "not "])
def test_the_slowest_patterns_stay_under_a_bound(clothes, pattern):
    assert _calls(clothes, (pattern * MAX_CHARACTERS)[:MAX_CHARACTERS]) < 800_000


def _calls(parser, text: str) -> int:
    count = 0

    def counting(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(counting)
    try:
        parser.parse(text)
    finally:
        sys.setprofile(None)
    return count
