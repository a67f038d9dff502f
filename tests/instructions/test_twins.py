"""A request and its negated twin are told apart; a request means the same in English and in Chinese."""

from __future__ import annotations

import pytest

from tests.instructions.suite import fitted_parsers, load_requests, strange_slots
from tests.instructions.twins import load_pairs, load_twins, pairs_equal, twins_right


@pytest.fixture(scope="module")
def parsers():
    return fitted_parsers()


@pytest.mark.parametrize(("lang", "least"), [("en", 0.97), ("zh", 0.97)])
def test_a_request_and_its_negated_twin_are_told_apart(parsers, lang, least):
    share = twins_right([t for t in load_twins() if t.plain.lang == lang], parsers)
    assert share.n == 70
    assert share.right >= least, "\n".join(share.misses)


def test_a_request_has_the_same_slots_in_english_and_in_chinese(parsers):
    share = pairs_equal(load_pairs(), parsers)
    assert share.n == 100
    assert share.right >= 0.97, "\n".join(share.misses)


def test_twins_differ_in_what_is_expected_of_them():
    for twin in load_twins():
        sides = [(side.musts, side.avoids, side.order, side.avoid) for side in (twin.plain, twin.negated)]
        assert sides[0] != sides[1], twin.negated.text


def test_twins_name_only_what_the_vocabularies_have():
    for side in [side for twin in load_twins() for side in (twin.plain, twin.negated)]:
        assert not strange_slots(side.musts | side.wants | side.avoids, side.catalogue), side.text


def test_no_text_of_a_twin_or_pair_is_a_request_of_another_file():
    texts = [request.text for name in ("requests", "development") for request in load_requests(name)]
    texts += [text for twin in load_twins() for text in (twin.plain.text, twin.negated.text)]
    texts += [text for pair in load_pairs() for text in (pair.en, pair.zh)]
    folded = [text.casefold() for text in texts]
    assert len(folded) == len(set(folded))
