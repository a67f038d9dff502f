from __future__ import annotations

import numpy as np

from fusion.encoders.recent import RecentVectors


def counting(asked):
    def encode(texts):
        asked.append(list(texts))
        return np.array([[len(text), 1.0] for text in texts], dtype=np.float32)

    return encode


def test_only_texts_that_are_not_remembered_are_encoded_and_order_is_kept():
    asked = []
    recent = RecentVectors(10)
    recent.encode(["a", "bb"], counting(asked))
    made = recent.encode(["ccc", "bb", "a", "ccc"], counting(asked))
    assert asked == [["a", "bb"], ["ccc"]]
    assert made[:, 0].tolist() == [3, 2, 1, 3]


def test_the_least_recently_used_goes_first():
    asked = []
    recent = RecentVectors(2)
    for text in ("a", "b", "a", "c", "a", "b"):
        recent.encode([text], counting(asked))
    assert asked == [["a"], ["b"], ["c"], ["b"]]


def test_size_zero_remembers_nothing():
    asked = []
    recent = RecentVectors(0)
    recent.encode(["a"], counting(asked))
    recent.encode(["a"], counting(asked))
    assert asked == [["a"], ["a"]]
