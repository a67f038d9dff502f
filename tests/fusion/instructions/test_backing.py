"""The tagger behind the rules, at its worst: one that refuses every word. What rules and numbers say must stand."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from fusion.encoders.text import TransformersTextEncoder
from fusion.instructions.adapter import base_of, write_adapter
from fusion.instructions.backing import is_unexplained
from fusion.instructions.evaluation import order_of, slots_of
from fusion.instructions.parser import LexiconParser
from fusion.instructions.phrase_table import Kind
from fusion.instructions.pieces import Piece
from fusion.instructions.tagger import RequestTagger, tagger_on
from fusion.types import Strength
from tests.fusion.encoders.conftest import save_small_bert
from tests.instructions.suite import load_vocabulary


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> TransformersTextEncoder:
    made = TransformersTextEncoder(model=str(save_small_bert(tmp_path_factory.mktemp("bert"))))
    made.load()
    return made


def tagger_with(
    encoder: TransformersTextEncoder, folder: Path, bias: tuple[float, ...], threshold: float = 0.9
) -> RequestTagger:
    """A tagger that says the same of every token: the softmax of ``bias`` over O, B-WANT, I-WANT, B-AVOID, I-AVOID."""
    tensors = {"head.weight": np.zeros((5, 32)), "head.bias": np.array(bias)}
    for projection in ("query", "value"):
        tensors[f"layer.0.{projection}.down"] = np.zeros((2, 32))
        tensors[f"layer.0.{projection}.up"] = np.zeros((32, 2))
    write_adapter(folder, tensors, {"base": base_of(encoder.identity("text")), "n_layers": 1, "threshold": threshold})
    tagger = tagger_on([encoder], folder)
    assert tagger is not None
    return tagger


@pytest.fixture(scope="module")
def refusing(encoder, tmp_path_factory) -> LexiconParser:
    """A parser whose tagger is sure that every word is refused."""
    parser = LexiconParser(tagger=tagger_with(encoder, tmp_path_factory.mktemp("all"), (0, 0, 0, 9, 0)))
    parser.fit(load_vocabulary("clothes"))
    return parser


def musts(parser: LexiconParser, text: str) -> set[str]:
    return slots_of(parser.parse(text), Strength.MUST)


def test_a_property_that_no_cue_decided_becomes_refused(clothes, refusing):
    assert musts(clothes, "flurble purple") == {"base colour=Purple"}
    assert musts(refusing, "flurble purple") == {"base colour!=Purple"}


def test_an_unknown_refused_word_joins_what_is_avoided(clothes, refusing):
    assert clothes.parse("zigzaggy flurble").avoid == ""
    assert refusing.parse("zigzaggy flurble").avoid == "zigzaggy flurble"


@pytest.mark.parametrize(
    "text",
    [
        "flurble not black under 300",
        "flurble, only nike please",
        "flurble preferably red",
        "flurble nothing but nike",
        "flurble size 42",
        "flurble cheapest over 100",
        "flurble newest",
        "flurble not too expensive in stock",
        "呜喵 42码 两百以内",
        "呜喵 不要黑色的 最便宜的",
        "呜喵 只要耐克 最好是红色",
    ],
)
def test_rules_prices_numbers_sizes_orders_and_stock_stay_as_they_were_read(clothes, refusing, text):
    before, after = clothes.parse(text), refusing.parse(text)
    for strength in Strength:
        assert slots_of(after, strength) == slots_of(before, strength)
    assert order_of(after) == order_of(before)
    assert before.constraints or before.order


def test_the_tagger_is_not_asked_where_the_rules_know_every_word(encoder, tmp_path):
    tagger = tagger_with(encoder, tmp_path, (0, 0, 0, 9, 0))
    parser = LexiconParser(tagger=tagger)
    parser.fit(load_vocabulary("clothes"))
    for text in ("black nike shoes under 300", "黑色跑鞋两百以内", "comfortable waterproof boots", "80", "", "???"):
        parser.parse(text)
    assert tagger.n_asked == 0
    parser.parse("flurble boots")
    assert tagger.n_asked == 1


def test_a_negation_that_found_nothing_to_negate_is_asked_about(clothes, refusing):
    assert musts(clothes, "boots yes, sandals no") == {"category=Footwear/Boots|Footwear/Sandals"}
    assert "category=Footwear/Boots|Footwear/Sandals" not in musts(refusing, "boots yes, sandals no")


def test_below_the_threshold_nothing_is_refused(encoder, tmp_path):
    parser = LexiconParser(tagger=tagger_with(encoder, tmp_path, (0, 0, 0, 1, 0), threshold=0.9))
    parser.fit(load_vocabulary("clothes"))
    assert musts(parser, "flurble purple") == {"base colour=Purple"}


def test_a_broken_adapter_leaves_the_rules_alone_and_is_said_once(encoder, tmp_path, caplog):
    tagger = tagger_with(encoder, tmp_path, (0, 0, 0, 9, 0))
    next(tmp_path.glob("*.safetensors")).write_bytes(b"nothing")
    parser = LexiconParser(tagger=tagger)
    parser.fit(load_vocabulary("clothes"))
    with caplog.at_level(logging.WARNING, logger="fusion.instructions.backing"):
        assert musts(parser, "flurble purple") == {"base colour=Purple"}
        assert musts(parser, "gromble purple") == {"base colour=Purple"}
    assert caplog.text.count("event=tagger_failed") == 1
    assert "train_tagger" in tagger.problem


def test_weights_that_are_not_in_memory_yet_are_not_waited_for(encoder, tmp_path):
    tagger_with(encoder, tmp_path, (0, 0, 0, 9, 0))
    cold = TransformersTextEncoder(model=encoder.model)
    parser = LexiconParser(tagger=RequestTagger(tmp_path, cold.text_tower, encoder.identity("text")))
    parser.fit(load_vocabulary("clothes"))
    assert musts(parser, "flurble purple") == {"base colour=Purple"}
    assert not cold.is_loaded


@pytest.mark.parametrize(
    ("words", "negated", "expected"),
    [
        ("flurble", False, True),
        ("flurble", True, False),
        ("i7", False, False),
        ("防水", False, False),
        ("就算", False, True),
    ],
)
def test_a_word_is_unexplained_where_neither_a_rule_nor_a_list_knows_it(words, negated, expected):
    assert is_unexplained(Piece(Kind.UNKNOWN, 0, 1, words=words, negated=negated)) is expected
    assert not is_unexplained(Piece(Kind.MENTION, 0, 1, words=words))
