"""manage.py evaluate_instructions: the shop's own parser, asked requests whose meaning is written down."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from fusion.types import Item, Money
from recommender.encoders import set_encoders
from recommender.engine import reset_engine
from recommender.services import indexing
from recommender.services.outbox import mark_stale
from tests.encoders import HashedWords

pytestmark = pytest.mark.django_db

RIGHT = (
    '{"text": "black shoes under $50", "lang": "en", "kind": "price", "musts": ["color=black", "category=Shoes", "price<=50"]}'
)
RIGHT_ZH = '{"text": "不要黑色的鞋", "musts": ["color!=black", "category=Shoes"]}'
WRONG = '{"text": "red shoes", "lang": "en", "kind": "noun", "musts": ["color=green", "category=Shoes"]}'


@pytest.fixture
def shop(host):
    set_encoders([HashedWords()])
    reset_engine()
    price = Money.from_major(Decimal(40), "USD")
    colours = {"a": "black", "b": "red"}
    host.items = {
        item_id: Item(item_id, f"{colour} shoe", category=("Shoes",), price=price, attributes={"color": (colour,)})
        for item_id, colour in colours.items()
    }
    mark_stale(list(host.items))
    indexing.drain()
    yield host
    set_encoders(None)
    reset_engine()


def evaluate(tmp_path: Path, lines: list[str], **options) -> tuple[str, str]:
    path, out, err = tmp_path / "requests.jsonl", io.StringIO(), io.StringIO()
    path.write_text("\n".join(lines), encoding="utf-8")
    call_command("evaluate_instructions", path, stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


def test_a_row_per_language_and_kind_and_every_miss(shop, tmp_path):
    said, complained = evaluate(tmp_path, [RIGHT, RIGHT_ZH, WRONG])
    cells = [line.split()[:7] for line in said.splitlines()]
    assert cells[1] == ["en", "price", "1", "1.000", "1.000", "1.000", "1.000"]
    assert cells[2] == ["en", "noun", "1", "0.500", "0.500", "0.500", "0.000"]
    assert cells[3] == ["en", "all", "2", "0.800", "0.800", "0.800", "0.500"]
    assert cells[5] == ["zh", "all", "1", "1.000", "1.000", "1.000", "1.000"]
    assert "[en/noun] red shoes: missing ['must color=green'], extra ['must color=red']" in said
    assert complained == ""


def test_bad_lines_are_reported_and_the_rest_counts(shop, tmp_path):
    said, complained = evaluate(tmp_path, ["nope", RIGHT, '{"text": "x", "musts": ["black"]}'])
    assert "line 1: not JSON" in complained
    assert "line 3: musts has 'black'" in complained
    assert said.splitlines()[-1].split()[:3] == ["en", "all", "1"]


def test_only_a_file_without_any_readable_line_fails(shop, tmp_path):
    with pytest.raises(CommandError, match="no line that could be read"):
        evaluate(tmp_path, ["nope", ""])
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("evaluate_instructions", tmp_path / "absent.jsonl")


def test_json_holds_the_table_the_misses_and_the_bad_lines(shop, tmp_path):
    evaluate(tmp_path, [RIGHT, WRONG, "nope"], json=tmp_path / "out.json")
    report = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    total = report["rows"][-1]
    assert (total["kind"], total["n"], total["slot_f1"], total["musts_exact"]) == ("all", 2, 0.8, 0.5)
    assert 0 < total["median_ms"] <= total["p95_ms"]
    assert [len(report["misses"]), report["bad_lines"][0]["number"]] == [1, 3]


def test_misses_are_cut_where_asked_and_counted(shop, tmp_path):
    said, _ = evaluate(tmp_path, [WRONG, WRONG], misses=1)
    assert said.count("red shoes") == 1
    assert "1 more misses: --misses 2 lists all." in said
    with pytest.raises(CommandError, match="--misses is -1"):
        evaluate(tmp_path, [RIGHT], misses=-1)


def test_fields_that_no_product_has_and_an_empty_index_are_said(shop, tmp_path):
    _, complained = evaluate(tmp_path, ['{"text": "mint", "musts": ["flavour=mint"]}'])
    assert "No product has the field flavour" in complained
    shop.items = {}
    reset_engine()
    mark_stale(["a", "b"])
    indexing.drain()
    _, complained = evaluate(tmp_path, [RIGHT])
    assert "The index is empty" in complained


def test_no_model_is_loaded_and_nothing_is_encoded(shop, tmp_path):
    encoder = HashedWords()
    set_encoders([encoder])
    reset_engine()
    said, _ = evaluate(tmp_path, [RIGHT])
    assert "1.000" in said
    assert (encoder.loads, encoder.encoded) == (0, [])
