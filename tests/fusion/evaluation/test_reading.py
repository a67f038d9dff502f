"""Histories from files: both shapes, and every bad line named with its reason."""

from __future__ import annotations

import gzip
import json

import pytest

from fusion.evaluation.reading import FileUnreadable, read_histories
from tests.fusion.evaluation.makers import day


def written(tmp_path, *lines: object, name: str = "h.jsonl"):
    path = tmp_path / name
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


def test_baskets_are_sorted_and_repeats_within_a_basket_are_one(tmp_path):
    baskets = [{"t": "2026-01-03 00:00:00", "items": ["b", "b"]}, {"at": "2026-01-02T00:00:00Z", "items": [7], "text": "mug"}]
    (found,), bad = read_histories(written(tmp_path, {"user_id": 5, "baskets": baskets}, name="h.jsonl.gz"))
    assert not bad
    assert found.shopper == "5"
    assert [(b.at, b.items, b.text) for b in found.baskets] == [(day(1), ("7",), "mug"), (day(2), ("b",), "")]


def test_events_of_one_moment_are_a_basket_and_views_are_history(tmp_path):
    rows = [
        {"user": "u", "sku": "a", "type": "purchase", "at": "2026-01-02"},
        {"user": "u", "sku": "b", "type": "purchase", "at": "2026-01-02"},
        {"user": "u", "sku": "c", "type": "view", "at": 1767225600},
    ]
    (found,), bad = read_histories(written(tmp_path, *rows))
    assert not bad
    assert [b.items for b in found.baskets] == [("a", "b")]
    assert [(act.item_id, act.at) for act in found.others] == [("c", day(0))]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{not json", "not a JSON object"),
        ("[1]", "a list"),
        ({"baskets": []}, "user is None"),
        ({"user": "u"}, 'neither "baskets" nor "type"'),
        ({"user": "u", "baskets": 3}, "not a list"),
        ({"user": "u", "baskets": [{"at": "yesterday", "items": ["a"]}]}, "basket 1: at is 'yesterday'"),
        ({"user": "u", "baskets": [{"at": "2026-01-01", "items": []}]}, "basket 1: no items"),
        ({"user": "u", "baskets": [{"at": "2026-01-01", "items": [None]}]}, "an item is None"),
        ({"user": "u", "sku": "a", "type": "stared", "at": "2026-01-01"}, "type is 'stared'"),
        ({"user": "u", "sku": "a", "type": ["view"], "at": "2026-01-01"}, "type is"),
        ({"user": "\x00", "baskets": []}, "printable"),
    ],
)
def test_a_bad_line_is_named_with_its_number_and_the_rest_is_read(tmp_path, line, reason):
    good = {"user": "v", "baskets": [{"at": "2026-01-01", "items": ["a"]}]}
    found, bad = read_histories(written(tmp_path, good, line))
    assert [h.shopper for h in found] == ["v"]
    assert [b.number for b in bad] == [2]
    assert reason in bad[0].reason


def test_a_bad_basket_leaves_the_other_baskets_of_its_line_in(tmp_path):
    baskets = [{"at": "never", "items": ["a"]}, {"at": "2026-01-01", "items": ["b"]}]
    (found,), bad = read_histories(written(tmp_path, {"user": "u", "baskets": baskets}))
    assert [b.items for b in found.baskets] == [("b",)]
    assert bad[0].reason.startswith("basket 1")


def test_a_missing_file_and_a_false_gzip_are_refused_with_their_name(tmp_path):
    with pytest.raises(FileUnreadable, match=r"none\.jsonl"):
        read_histories(tmp_path / "none.jsonl")
    false = tmp_path / "h.jsonl.gz"
    false.write_text("{}")
    with pytest.raises(FileUnreadable, match=r"h\.jsonl\.gz"):
        read_histories(false)
