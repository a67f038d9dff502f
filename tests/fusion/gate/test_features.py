import numpy as np
import pytest

from fusion.gate.features import OTHERS, SIGNALS, features, n_features, name_of, signal_of
from fusion.weighing import Context

WORDS = np.full(4, 0.5, np.float32)
CONTEXT = Context(WORDS, (("words", "text"), ("history", "text"), ("words", "invented")), 3, 2, "zh", 0.4)


def test_features_have_one_documented_shape_and_order() -> None:
    found = features(CONTEXT)
    assert found.shape == (n_features(),) == (len(SIGNALS) + len(OTHERS),)
    named = dict(zip([*map(name_of, SIGNALS), *OTHERS], found.tolist(), strict=True))
    on = {name for name, value in named.items() if value}
    assert on == {"words/text", "history/text", "history_size", "has_history", "musts", "has_words", "language_zh"}
    assert named["history_size"] == pytest.approx(np.log(4) / np.log(501))
    assert named["musts"] == pytest.approx(np.log(3))


def test_an_empty_request_has_no_feature() -> None:
    assert not features(Context()).any()


def test_the_draw_is_no_feature() -> None:
    assert (features(Context(draw=0.1)) == features(Context(draw=0.9))).all()


def test_features_over_stored_signals_follow_their_order() -> None:
    signals = (("history", "text"), ("popularity", "prior"), ("words", "text"))
    assert features(CONTEXT, signals)[:3].tolist() == [1.0, 0.0, 1.0]


def test_the_weight_of_popularity_on_a_page_is_no_signal_of_its_own() -> None:
    assert ("popularity", "prior") in SIGNALS
    assert ("popularity", "feed") not in SIGNALS


@pytest.mark.parametrize("name", ["words", "/text", "words/", ""])
def test_a_name_that_is_no_signal_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="source/block"):
        signal_of(name)
