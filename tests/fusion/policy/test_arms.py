from __future__ import annotations

import pytest

from fusion.policy.arms import ARMS, DEFAULT_ARM, Arm, arms_named
from fusion.weights import DEFAULT_WEIGHTS


def test_the_arms_have_names_of_their_own_and_the_first_changes_nothing() -> None:
    assert len({arm.name for arm in ARMS}) == len(ARMS)
    assert 8 <= len(ARMS) <= 12
    assert (ARMS[0].name, dict(ARMS[0].factors)) == (DEFAULT_ARM, {})
    assert all(signal in DEFAULT_WEIGHTS for arm in ARMS for signal in arm.factors)


def test_an_arm_leans_and_never_switches_a_signal_off() -> None:
    with pytest.raises(ValueError, match="between"):
        Arm("silent", {("words", "text"): 0.1})
    with pytest.raises(ValueError, match="no signal"):
        Arm("odd", {("popularity", "feed"): 2.0})  # a weight of the column popularity/prior, not one of its own


def test_an_unknown_arm_is_named_with_those_that_there_are() -> None:
    assert [arm.name for arm in arms_named(["popular", "default"])] == ["popular", "default"]
    with pytest.raises(ValueError, match=r"nonesuch.*meaning"):
        arms_named(["nonesuch"])
