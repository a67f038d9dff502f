"""Tokens' probabilities become stretches of the text; and the adapter that ships, on the real text encoder."""

from __future__ import annotations

import numpy as np
import pytest

from fusion.encoders.bundled import BundledEncoder
from fusion.instructions.adapter import read_card
from fusion.instructions.parser import LexiconParser
from fusion.instructions.tagger import AVOID, BUNDLED, WANT, RequestTagger, places, tagger_on, tags_of
from fusion.types import Strength
from tests.encoders import HashedWords
from tests.fusion.encoders.conftest import bundled_models_dir  # noqa: F401 (a fixture)
from tests.instructions.suite import load_vocabulary


def sure(*labels: int) -> np.ndarray:
    """(n, 5) rows that give .9 to one label and .025 to the others."""
    return (np.full((len(labels), 5), 0.025) + 0.875 * np.eye(5)[list(labels)]).astype(np.float32)


def spans(text: str, tags) -> list[tuple[str, str]]:
    return [(text[tag.start : tag.end], tag.label) for tag in tags]


def test_tokens_of_one_kind_are_one_tag_and_a_beginning_starts_another():
    text = "no navy blue red 鞋"
    found = tags_of(text, sure(0, 0, 3, 4, 3, 1, 0), [(0, 0), (0, 2), (3, 7), (8, 12), (13, 16), (17, 18), (0, 0)])
    assert spans(text, found) == [("navy blue", AVOID), ("red", AVOID), ("鞋", WANT)]
    assert found[0].probability == pytest.approx(0.925)


def test_a_word_is_not_refused_by_half():
    text = "linne 靴子"
    rows = sure(3, 0, 1, 4)
    rows[1] = [0.6, 0.0, 0.0, 0.4, 0.0]
    found = tags_of(text, rows, [(0, 3), (3, 5), (6, 7), (7, 8)])
    assert spans(text, found) == [("linne", AVOID), ("靴", WANT), ("子", AVOID)]
    assert found[0].probability == pytest.approx((0.925 + 0.4) / 2)


def test_blanks_and_signs_that_stand_for_no_character_have_no_place():
    # As the bundled tokenizer gives them: "▁" claims the first character that the next token has, too.
    text = "鞋子 nike"
    assert places(text, [(0, 0), (0, 1), (0, 2), (2, 3), (3, 7), (0, 0)]) == [(0, 0), (0, 0), (0, 2), (0, 0), (3, 7), (0, 0)]
    assert places("a  bc", [(0, 1), (1, 5)]) == [(0, 1), (3, 5)]


def test_an_encoder_without_a_text_tower_has_no_tagger():
    assert tagger_on([HashedWords()], BUNDLED) is None


# -- the adapter that ships ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tagger(bundled_models_dir) -> RequestTagger:  # noqa: F811
    encoder = BundledEncoder(models_dir=bundled_models_dir, blocks=("text",))
    encoder.load()
    made = tagger_on([encoder], BUNDLED)
    assert made is not None
    return made


def test_the_shipped_adapter_is_small_and_says_how_good_it_is():
    card = read_card(BUNDLED)
    assert (BUNDLED / card["file"]).stat().st_size < 1_000_000
    assert card["base"]["model"] == "multilingual-e5-small"
    assert card["metrics"]["test"]["f1"] > 0.7


@pytest.mark.models
@pytest.mark.parametrize(
    ("text", "wanted", "refused"),
    [
        ("i'm fed up with leather, show me boots", "boots", "leather"),
        ("dresses without sequins", "dresses", "sequins"),
        ("我从来不穿紫色,推荐几条连衣裙", "连衣裙", "紫色"),
        ("看腻了黑色,想要红色的靴子", "靴子", "黑色"),
    ],
)
def test_the_shipped_tagger_tells_wanted_from_refused(tagger, text, wanted, refused):
    found = tagger.tag(text)
    assert (refused, AVOID) in spans(text, found)
    assert (wanted, WANT) in spans(text, found)


@pytest.mark.models
def test_it_shares_the_encoder_s_tensors(tagger):
    forward = tagger._tower.short_forward()
    tagger.load()
    assert tagger._labeller._forward is forward
    assert forward is tagger._tower._request_bert
    assert forward.words.data_ptr() == tagger._tower._model.embeddings.word_embeddings.weight.data_ptr()


@pytest.mark.models
def test_a_refusal_that_no_rule_knows_becomes_a_must_not(tagger):
    parser = LexiconParser(tagger=tagger)
    parser.fit(load_vocabulary("clothes"))
    read = parser.parse("看腻了黑色，来点靴子")
    assert [c.values for c in read.constraints if c.field == "base colour"] in ([("Black",)], [])
    assert all(c.strength is not Strength.WANT for c in read.constraints if c.field == "base colour")


@pytest.mark.models
def test_odd_strings_are_tagged_without_raising(tagger):
    for text in ("", " ", "\x00", "\ud800", "a" * 3000, "不" * 500, "😀" * 50, "‮不要‬"):
        for tag in tagger.tag(text):
            assert 0 <= tag.start < tag.end <= len(text)
