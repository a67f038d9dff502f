import pytest

from fusion.weights import DEFAULT_WEIGHTS, share_out, with_overrides


def test_what_a_source_loses_with_a_missing_leg_goes_to_its_other_legs() -> None:
    weights = {("photo", "look"): 1.0, ("photo", "image"): 0.6, ("words", "text"): 1.0}
    shared = share_out(weights, [("photo", "image"), ("words", "text")])
    assert shared[("photo", "image")] == pytest.approx(1.6)
    assert shared[("words", "text")] == pytest.approx(1.0)


def test_a_leg_without_a_weight_is_left_out() -> None:
    assert share_out({("words", "text"): 1.0}, [("words", "sound")]) == {}


def test_overrides_replace_single_entries_and_say_how_to_name_them() -> None:
    weights = with_overrides({"words/image": 0.9})
    assert weights[("words", "image")] == 0.9
    assert weights[("words", "text")] == DEFAULT_WEIGHTS[("words", "text")]
    with pytest.raises(ValueError, match="'source/block'"):
        with_overrides({"text": 1.0})
