import numpy as np

from fusion.lexical import LexicalIndex, item_tokens
from fusion.tokens import tokenize
from fusion.types import ItemText
from tests.fusion.items import make_item


def test_english_plurals_and_chinese_words_are_found() -> None:
    items = [
        make_item("AR4561-40", "Freerun Running Shoe", brand="Nike"),
        make_item("b", "Comfy Padded Chair", translations={"zh": ItemText("舒适软垫椅子")}),
        make_item("c", "Hand Trowel"),
    ]
    index = LexicalIndex.build({row * 2: item_tokens(item) for row, item in enumerate(items)})
    for words, row in [("running shoes", 0), ("nike", 0), ("椅子", 2), ("trowels", 4), ("ar4561", 0), ("AR4561-40", 0)]:
        scores = index.scores(tokenize(words), 5)
        assert scores is not None, words
        assert int(scores.argmax()) == row, words
        assert scores.shape == (5,)


def test_words_that_nobody_has_give_no_scores() -> None:
    index = LexicalIndex.build({0: ["shoe"]})
    assert index.scores(["submarine"], 1) is None
    assert LexicalIndex.build({}).scores(["shoe"], 1) is None


def test_an_item_that_came_after_the_build_scores_zero() -> None:
    scores = LexicalIndex.build({0: ["shoe"], 1: ["chair"]}).scores(["shoe"], 4)
    assert scores is not None
    np.testing.assert_array_equal(scores > 0, [True, False, False, False])


def test_mixed_text_is_cut_at_the_border_of_the_scripts() -> None:
    assert tokenize("Nike跑鞋") == ["nike", "跑鞋"]
    assert tokenize("ＮＩＫＥ　running") == ["nike", "run"]
    assert tokenize("the \x00 of") == []
