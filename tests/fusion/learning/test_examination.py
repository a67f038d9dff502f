from dataclasses import replace

import numpy as np
import pytest

from fusion.learning.examination import Examination, debiased, estimate_examination
from tests.fusion.learning.logs import TRUE_ETA, known_examination, made_log


@pytest.mark.parametrize("informative", [True, False])
def test_places_are_told_from_what_is_good(informative: bool) -> None:
    found = estimate_examination(made_log(4000, 1, informative=informative))
    truth = known_examination(8).examined
    assert found.examined[0] == 1.0
    assert np.abs(np.log(found.examined / truth)).max() < 0.2
    assert abs(found.exponent - TRUE_ETA) < 0.15


def test_what_is_examined_never_rises_with_the_place() -> None:
    found = estimate_examination(made_log(300, 2, informative=False))
    assert (np.diff(found.examined) <= 0).all()


def test_a_log_where_hardly_anything_happened_is_refused() -> None:
    log = made_log(100, 1, informative=True)
    with pytest.raises(ValueError, match="0 acts"):
        estimate_examination(replace(log, acted=np.zeros_like(log.acted)))


def test_gains_are_clipped_and_never_negative() -> None:
    log = made_log(2, 1, informative=True, k=3)
    log = replace(log, reward=np.asarray([[0.1, 1.0, -0.2], [0.0, 0.0, 1.4]], np.float32))
    gains = debiased(log, Examination(np.asarray([1.0, 0.5, 0.01]), 1.0), clip=5.0)
    assert gains.tolist() == [pytest.approx([0.1, 2.0, 0.0]), pytest.approx([0.0, 0.0, 7.0])]
