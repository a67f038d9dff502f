from __future__ import annotations

import pytest

from fusion.instructions.homophones import HomophoneIndex
from fusion.instructions.tokens import tokenise


def corrected(text: str) -> str:
    index = HomophoneIndex({"连衣裙", "高跟鞋", "牛仔裤", "毛衣", "裤子", "跑鞋", "跑步鞋"}, {"黑色", "跑步", "的", "码", "不"})
    return "".join(token.word for token in index.correct(tokenise(text)))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("黑色连衣群", "黑色连衣裙"),
        ("高根鞋", "高跟鞋"),
        ("牛子裤", "牛仔裤"),
        ("毛依", "毛衣"),
        ("42码的连衣群", "42码的连衣裙"),
        ("黑色写", "黑色写"),
        ("跑步写", "跑步鞋"),
    ],
)
def test_one_character_that_sounds_alike_is_corrected(typed, meant):
    assert corrected(typed) == meant


@pytest.mark.parametrize("typed", ["连衣裙", "今天天气怎么样", "40码的跑鞋", "我想要毛衣", "库存", "两条腿走路"])
def test_what_means_something_is_left_alone(typed):
    assert corrected(typed) == typed


def test_offsets_stay_those_of_what_was_typed():
    index = HomophoneIndex({"连衣裙"}, ())
    assert [(t.start, t.end) for t in index.correct(tokenise("a连衣群"))] == [(0, 1), (1, 2), (2, 3), (3, 4)]
