"""The tagger's sentences: marked where they should be, and nothing of dev or test seen in training."""

from __future__ import annotations

from itertools import combinations

import pytest

from fusion.instructions.normalise import normalise
from fusion.instructions.tagger import AVOID, WANT
from fusion.learning.tagging_data import Sentence, Span, make, taught, templates_of
from fusion.learning.tagging_templates import LANGUAGES, load
from fusion.learning.tagging_values import SPLITS, read_pools
from fusion.types import Vocabulary
from tests.instructions.suite import load_vocabulary


@pytest.fixture(scope="module")
def vocabularies() -> list[Vocabulary]:
    return [load_vocabulary("demo"), load_vocabulary("clothes")]


@pytest.fixture(scope="module")
def made(vocabularies: list[Vocabulary]) -> dict[str, list[Sentence]]:
    return {split: make(vocabularies, 600 if split == "train" else 300, split, seed=3) for split in SPLITS}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_at_least_120_different_templates(language: str) -> None:
    templates = [template for group in load(language).values() for template in group]
    assert len(set(templates)) == len(templates) >= 120


def test_no_template_of_dev_or_test_is_trained_on(made: dict[str, list[Sentence]]) -> None:
    used = {split: {s for sentence in found for s in sentence.sources if "{" in s} for split, found in made.items()}
    assert all(used.values())
    for one, other in combinations(SPLITS, 2):
        assert not used[one] & used[other]
        for language in LANGUAGES:
            for group in load(language):
                if group != "aside":  # an aside marks nothing
                    assert not {*templates_of(language, group, one)} & {*templates_of(language, group, other)}


def test_no_marked_word_of_dev_or_test_is_trained_on(vocabularies: list[Vocabulary]) -> None:
    pools = read_pools(vocabularies)
    words = {
        split: {
            word.text for pool in (pools.own, pools.shared) for key, found in pool.items() if key[2] == split for word in found
        }
        for split in SPLITS
    }
    assert min(map(len, words.values())) > 200
    assert not words["train"] & (words["dev"] | words["test"])


def test_both_names_of_one_colour_are_in_the_same_split(vocabularies: list[Vocabulary]) -> None:
    pools = read_pools(vocabularies)
    split_of = {w.text: key[2] for key, found in pools.shared.items() if key[1] == "color" for w in found}
    assert split_of["burgundy"] == split_of["酒红色"]
    assert split_of["mustard"] == split_of["姜黄色"]


def test_spans_hold_the_words_that_were_drawn(made: dict[str, list[Sentence]]) -> None:
    for sentence in (s for found in made.values() for s in found):
        assert normalise(sentence.text).text == sentence.text == sentence.text.strip()
        ends = 0
        for span in sentence.spans:
            assert ends <= span.start < span.end <= len(sentence.text)
            marked = sentence.text[span.start : span.end]
            assert marked == marked.strip()
            assert "{" not in marked
            # As drawn, or with a plural's ending, or with one slip of the pen.
            assert any(word[:1] == marked[:1] and abs(len(word) - len(marked)) <= 3 for word in sentence.sources)
            ends = span.end
        marks = sum(source.count("{+") + source.count("{-") for source in sentence.sources)
        assert len(sentence.spans) == marks


def test_sentences_depend_on_the_seed_alone(vocabularies: list[Vocabulary]) -> None:
    assert make(vocabularies, 40, "dev", seed=1) == make(vocabularies, 40, "dev", seed=1)
    assert make(vocabularies, 40, "dev", seed=1) != make(vocabularies, 40, "dev", seed=2)


def test_a_shop_s_own_values_are_in_its_sentences() -> None:
    own = Vocabulary({"brand": {"Zorblax": 5}, "category": {"Gadgets/Frobnicators": 9}, "size": {"42": 9}})
    text = " ".join(s.text for split in SPLITS for s in make([own], 400, split))
    assert "zorblax" in text
    assert "frobnicators" in text


def test_an_empty_catalogue_still_gives_sentences_from_the_lexicon() -> None:
    assert len(make([Vocabulary()], 50, "train")) == 50


def test_corrections_keep_their_words_through_normalising() -> None:
    given = [("ＳＫＩＰ the Réd 連衣裙", ((9, 12, AVOID), (13, 16, WANT))), ("nothing", ())]
    assert list(taught(given)) == [
        Sentence("skip the red 连衣裙", (Span(9, 12, AVOID), Span(13, 16, WANT)), sources=("correction",))
    ]
