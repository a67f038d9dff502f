"""The promise of docs/faq.md on the bundled encoder: precision first."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import shop.faq
from recommender.encoders import get_encoders, set_encoders
from recommender.engine import reset_engine
from recommender.services.text_matching import TextMatcher
from shop.faq.selectors import product_requests
from tests.service_questions.labelled import measure, read


def content() -> tuple[list[tuple[str, str]], list[str]]:
    """((slug, phrasing), exceptions) of the demo's questions."""
    rows = json.loads(Path(shop.faq.__file__).with_name("content.json").read_text("utf-8"))
    words = [(row["slug"], row[code]) for row in rows for code in ("en", "zh")]
    phrases = [(slug, text) for slug, of in words for text in (of["question"], *of["phrasings"])]
    return phrases, [text for _, of in words for text in of["exceptions"]]


def test_no_labelled_request_repeats_what_the_matcher_was_given():
    phrases, exceptions = content()
    known = {text for _, text in phrases} | set(exceptions) | set(product_requests())
    for name in ("calibration", "held_out"):
        assert known & {row.text for row in read(name)} == set()
    assert {row.text for row in read("calibration")} & {row.text for row in read("held_out")} == set()


def test_sets_are_as_large_as_promised_in_both_languages():
    for language in ("en", "zh"):
        rows = [row for name in ("calibration", "held_out") for row in read(name, language)]
        assert sum(bool(row.topic) for row in rows) >= 60
        assert sum(not row.topic for row in rows) >= 120
    assert {row.topic for row in read("held_out") if row.topic} <= {slug for slug, _ in content()[0]}


@pytest.mark.models
@pytest.mark.slow
def test_service_questions_are_told_from_product_requests(db):
    set_encoders(None)
    reset_engine()
    get_encoders()[0].load()  # nothing is matched by meaning before the weights are read
    phrases, exceptions = content()
    matcher = TextMatcher(phrases, (*exceptions, *product_requests()))
    matcher.prepare()
    # Every second one, for the time it takes; docs/faq.md has the numbers of all.
    found = measure(read("held_out")[::2], lambda text: match.key if (match := matcher.match(text)) else "")
    assert found.precision >= 0.95, found.wrong
    assert found.recall >= 0.6, found.missed
    assert found.right_topic >= 0.85
    assert matcher.match("return gift for mum") is None
    assert matcher.match("black order book") is None
