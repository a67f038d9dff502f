"""recommender.api.parsers: bounds hold, and cost no time."""

from __future__ import annotations

import io
import time

import pytest
from rest_framework.exceptions import ParseError

from recommender.api.errors import TooLarge
from recommender.api.parsers import MAX_DEPTH, MAX_JSON_BYTES, GuardedJSONParser


def parse(text: str | bytes):
    return GuardedJSONParser().parse(io.BytesIO(text.encode() if isinstance(text, str) else text))


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


def test_depth_is_bounded_exactly_and_brackets_in_strings_do_not_count():
    assert parse(nested(MAX_DEPTH))
    with pytest.raises(ParseError, match="32 levels"):
        parse(nested(MAX_DEPTH + 1))
    for text in ('"' + "[" * 100 + '"', '["' + '\\"[{' * 100 + '", []]', "[" + ",".join(["[]"] * 500) + "]"):
        assert parse(text) is not None


def test_size_is_bounded_exactly():
    assert parse('"' + "x" * (MAX_JSON_BYTES - 2) + '"')
    with pytest.raises(TooLarge):
        parse('"' + "x" * (MAX_JSON_BYTES - 1) + '"')


@pytest.mark.parametrize(
    "text", ["NaN", "Infinity", "1e400", "-1e400", "1" * 41, "01", "", "{'a': 1}", b"\xef\xbb\xbf{}", '"\n"']
)
def test_what_is_not_json_is_a_parse_error(text):
    with pytest.raises(ParseError):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "[" * MAX_JSON_BYTES,
        "[]," * (MAX_JSON_BYTES // 3),
        "[" * 40 + '"' + '\\"' * (MAX_JSON_BYTES // 2 - 30),
        "[" * 40 + '"' + "\\" * (MAX_JSON_BYTES - 60),
        '"[' * (MAX_JSON_BYTES // 2),
        "{" * 40 + '"a":1,' * (MAX_JSON_BYTES // 6 - 20),
    ],
)
def test_hostile_megabytes_are_refused_at_once(text):
    started = time.perf_counter()
    with pytest.raises(ParseError):
        parse(text)
    assert time.perf_counter() - started < 2.0
