import numpy as np
import pytest

from fusion.gate.features import OTHERS, SIGNALS
from fusion.learning.impressions import LoggedAnswer, LoggedItem, pack
from fusion.types import Term
from fusion.weighing import Context

TEXT, IMAGE = ("words", "text"), ("words", "image")


def embed(texts):
    return np.stack([np.eye(3, dtype=np.float32)[len(text) % 3] for text in texts])


def an_answer(items, *, factors=None, weights=None, words="red sofa", at=1.0) -> LoggedAnswer:
    context = Context(None, (TEXT,), 2, 1, "en")
    return LoggedAnswer(context, words, items, weights or {TEXT: 2.0, IMAGE: 0.3}, factors or {}, "user 1", at)


def plain(rank, z=1.0, **given) -> LoggedItem:
    return LoggedItem(rank, (Term("text", "words", 2.0, z),), **given)


def test_the_factor_that_was_logged_is_divided_out():
    items = [LoggedItem(1, (Term("text", "words", 2.0, 0.5), Term("image", "words", 0.3, -1.0))), plain(2)]
    found = pack([an_answer(items, factors={TEXT: 4.0})], embed, 3)
    assert found.addends[0, 0, SIGNALS.index(TEXT)] == pytest.approx(2.0 * 0.5 / 4.0)
    assert found.addends[0, 0, SIGNALS.index(IMAGE)] == pytest.approx(-0.3)
    assert found.addends[0, 0].sum() == pytest.approx(0.25 - 0.3)


def test_what_stands_in_for_a_block_moves_with_its_signals():
    look, photo = ("history", "look"), ("photo", "look")
    logged_factors = {look: 2.0}
    stands_in = LoggedItem(1, (Term("look", "stand-in", 1.0, 0.9),))
    answer = an_answer(
        [stands_in, plain(2)], weights={look: 0.4, photo: 0.8, ("stand-in", "look"): 1.0}, factors=logged_factors
    )
    addends = pack([answer], embed, 3).addends[0, 0]
    factors = np.ones(len(SIGNALS), np.float32)
    factors[SIGNALS.index(look)] = 2.0
    assert addends @ factors == pytest.approx(0.9)  # under the log's own factors it is what was logged
    assert addends.sum() == pytest.approx(0.9 * (0.2 + 0.8) / (0.4 + 0.8))  # and follows the weights to the defaults


def test_answers_are_padded_and_stand_in_the_order_of_time():
    long = an_answer([plain(rank, reward=0.1 * rank, acted=rank < 3) for rank in (1, 2, 3)], at=9.0)
    short = an_answer([plain(1), plain(2)], words="", at=4.0)
    found = pack([long, short, an_answer([plain(1)])], embed, 3)
    assert found.at.tolist() == [4.0, 9.0]
    assert found.rank.tolist() == [[1, 2, 0], [1, 2, 3]]
    assert found.reward[1].tolist() == pytest.approx([0.1, 0.2, 0.3])
    assert found.acted[1].tolist() == [True, True, False]
    assert found.text.tolist() == [-1, 0]
    words, has = found.embeddings()
    assert has.tolist() == [False, True]
    assert words[0].tolist() == [0, 0, 0]
    assert words[1].sum() == 1


def test_the_words_of_the_log_are_a_feature_though_its_embedding_is_not_kept():
    found = pack([an_answer([plain(1), plain(2)]), an_answer([plain(1), plain(2)], words="")], embed, 3)
    assert found.x[:, len(SIGNALS) + OTHERS.index("has_words")].tolist() == [1.0, 0.0]


def test_what_was_not_seen_is_not_learnt_from():
    found = pack([an_answer([plain(1), plain(2), plain(3, seen=False, reward=1.0)])], embed, 3)
    assert found.rank.tolist() == [[1, 2]]
    assert len(pack([an_answer([plain(1), plain(2, seen=False)])], embed, 3)) == 0


def test_each_text_is_embedded_once():
    asked: list[str] = []

    def counting(texts):
        asked.extend(texts)
        return embed(texts)

    pack([an_answer([plain(1), plain(2)], words=words) for words in ("sofa", "lamp", "sofa", "")], counting, 3)
    assert sorted(asked) == ["lamp", "sofa"]


def test_a_log_without_answers_is_empty_arrays():
    found = pack([], embed, 3)
    assert len(found) == 0
    assert found.words.shape == (0, 3)
