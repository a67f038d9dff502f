import numpy as np

from fusion.instructions.nearest_names import NearestNames
from fusion.instructions.parser import LexiconParser
from fusion.instructions.phrase_table import Link
from fusion.types import Strength, Vocabulary


def encode(texts):
    """Letters as features: a small deterministic encoder with unit rows."""
    rows = (
        np.array([[text.count(letter) for letter in "abcdefghijklmnopqrstuvwxyz"] for text in texts], dtype=np.float32) + 1e-6
    )
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_an_unknown_phrase_is_linked_to_the_nearest_category_as_a_want():
    parser = LexiconParser(encode_phrases=encode)
    parser.fit(Vocabulary({"category": {"Zorblaxes": 3, "Quinty": 2}}))
    assert parser.parse("blue xalbrozes").constraints == ()  # a request never waits for the names
    parser.prepare()
    (want,) = parser.parse("blue xalbrozes").constraints
    assert (want.field, want.values, want.strength) == ("category", ("Zorblaxes",), Strength.WANT)


def test_nothing_near_is_no_link():
    names = NearestNames({"zorblax": Link("category", "category", ("Zorblax",))}, encode)
    names.prepare()
    assert names.nearest("quinty") is None


def test_a_failing_encoder_leaves_the_request_with_its_words():
    def fail_on_requests(texts):
        if texts == ["quux"]:
            raise RuntimeError("no weights")
        return encode(texts)

    parser = LexiconParser(encode_phrases=fail_on_requests)
    parser.fit(Vocabulary({"category": {"Zorblaxes": 3}}))
    parser.prepare()
    instruction = parser.parse("quux")
    assert instruction.constraints == ()
    assert instruction.rest == "quux"


def test_one_phrase_is_encoded_once_and_only_where_no_category_is_known():
    asked = []

    def counting(texts):
        asked.append(list(texts))
        return encode(texts)

    parser = LexiconParser()
    parser.fit(Vocabulary({"category": {"Zorblaxes": 3, "Boots": 2}}))
    parser.link_unknown(counting)
    parser.prepare()
    for text in ("xalbrozes", "xalbrozes under $50", "black boots qwxz", "under $50"):
        parser.parse(text)
    assert asked[1:] == [["xalbrozes"]]


def test_a_changed_catalogue_encodes_only_its_new_names():
    encoded = []

    def counting(texts):
        encoded.extend(texts)
        return encode(texts)

    parser = LexiconParser(encode_phrases=counting)
    for paths in ({"Zorblaxes": 3}, {"Zorblaxes": 3, "Quinty": 2}):
        parser.fit(Vocabulary({"category": paths}))
        parser.prepare()
    assert sorted(encoded) == ["quinty", "zorblaxes"]
