from __future__ import annotations

import pytest

from recommender.encoders import set_encoders
from recommender.engine import get_engine, reset_engine
from recommender.services.text_matching import CALIBRATIONS, Calibration, TextMatcher
from tests.encoders import HashedWords

PHRASES = [("returns", "how do I return an item"), ("orders", "where is my order"), ("returns", "怎么退货")]
CONTRAST = ["return gift", "black running shoes"]
# Of a bag of hashed words: a phrase with a word more or less is near.
NEAR = Calibration(0.8, 1.2)


@pytest.fixture
def encoder(db, host):
    made = HashedWords()
    made.load()
    set_encoders([made])
    reset_engine()
    yield made
    set_encoders(None)
    reset_engine()


def matcher(**given) -> TextMatcher:
    made = TextMatcher(PHRASES, CONTRAST, **{"calibration": NEAR, **given})
    made.prepare()
    return made


def test_what_means_nearly_the_same_is_found(encoder):
    found = matcher().match("please tell me where is my order")
    assert found is not None
    assert found.key == "orders"


def test_what_is_as_close_to_the_contrast_is_not(encoder):
    assert matcher().match("return gift for mum") is None
    assert matcher().match("shoes") is None


def test_certain_is_only_what_is_close_and_far_from_the_contrast(encoder):
    made = matcher(calibration=Calibration(0.5, 1.7))
    assert made.match("where is my blue order now").certain is False
    assert made.match("Where is my order?").certain is True


def test_same_words_match_without_a_model(db, host):
    set_encoders([HashedWords()])  # whose weights nobody read
    reset_engine()
    made = TextMatcher(PHRASES, CONTRAST, calibration=NEAR)
    assert made.match("WHERE is my order?!").key == "orders"
    assert made.match("怎麼退貨").key == "returns"
    assert made.match("please tell me where is my order") is None


def test_cosines_of_a_model_that_nobody_calibrated_are_not_trusted(encoder):
    assert "hashed" not in CALIBRATIONS
    assert matcher(calibration=None).match("please tell me where is my order") is None


def test_an_edit_encodes_only_what_is_new(encoder):
    memory: dict = {}
    matcher(memory=memory)
    known = set(memory)
    more = TextMatcher([*PHRASES, ("contact", "opening hours")], CONTRAST, calibration=NEAR, memory=memory)
    more.prepare()
    assert [text for _, text in set(memory) - known] == ["opening hours"]


def test_phrases_are_encoded_again_for_another_encoder(encoder):
    made = matcher()
    get_engine().encoder_ids["text"] = "hashed:other"
    assert made.match("please tell me where is my order") is None
    made.prepare()
    assert made.match("please tell me where is my order").key == "orders"


def test_a_failing_model_is_no_failure(encoder, monkeypatch):
    made = matcher()
    monkeypatch.setattr(get_engine(), "encode_phrases", lambda texts: 1 / 0)
    assert made.match("please tell me where is my order") is None


@pytest.mark.parametrize("odd", ["", " ", "\x00", "x" * 5000, "☃", "\ud800"])
def test_odd_texts_match_nothing(encoder, odd):
    assert matcher().match(odd) is None


def test_nothing_matches_nothing(encoder):
    made = TextMatcher([], [])
    made.prepare()
    assert made.match("where is my order") is None
    assert made.begin("where", 3) == []


def test_phrases_are_found_by_their_beginning_once_for_each_key(encoder):
    (found,) = matcher().begin("where is my o", 3)
    assert (found.key, found.text, found.ranges[0]) == ("orders", "where is my order", (0, 5))
    assert [one.key for one in matcher().begin("h", 3)] == ["returns"]
