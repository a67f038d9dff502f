"""The odd strings are the same in every run and as odd as they claim."""

from __future__ import annotations

import random

from benchmarks.odd_strings import odd_strings


def test_the_same_seed_gives_the_same_strings():
    assert odd_strings(60, random.Random(1)) == odd_strings(60, random.Random(1))


def test_they_hold_control_characters_surrogates_orders_and_a_megabyte():
    strings = odd_strings(200, random.Random(1))
    assert len(strings) == 200
    assert any("\x00" in text for text in strings)
    assert any(0xD800 <= ord(c) < 0xE000 for text in strings for c in text[:500])
    assert any("rank" in text for text in strings)
    assert max(map(len, strings)) == 1_000_000
