import numpy as np
import pytest

from fusion.learning.examination import Examination, debiased
from fusion.learning.fusion_training import default_scores
from fusion.learning.held_out import compare, ndcg
from tests.fusion.learning.logs import POPULARITY, TEXT, known_examination, made_log


def test_where_all_items_are_equal_another_order_is_as_good_once_places_are_accounted_for() -> None:
    log = made_log(6000, 3, informative=False)
    other = log.addends[:, :, POPULARITY] - log.addends[:, :, TEXT].astype(float)
    fair = compare(log, debiased(log, known_examination(8), 10.0), other, default_scores(log), 0)
    naive = compare(log, debiased(log, Examination(np.ones(8), 0.0), 10.0), other, default_scores(log), 0)
    assert fair.lift.low < 0 < fair.lift.high
    assert naive.lift.high < -0.05  # without it, whatever the log showed on top looks best


def test_a_better_order_is_seen_to_be_better() -> None:
    log = made_log(1500, 4, informative=True)
    gains = debiased(log, known_examination(8), 10.0)
    found = compare(log, gains, log.addends[:, :, POPULARITY].astype(float), default_scores(log), 0)
    assert found.lift.low > 0.05
    assert found.value == pytest.approx(ndcg(log, gains, log.addends[:, :, POPULARITY].astype(float)))
    assert found.lift.mean == pytest.approx(found.value - found.default)
    assert compare(log, gains, default_scores(log), default_scores(log), 0).lift.mean == 0.0


def test_places_beyond_the_tenth_count_for_nothing() -> None:
    log = made_log(50, 5, informative=True, k=12)
    gains = np.where(log.rank > 10, 1.0, 0.0)
    assert ndcg(log, gains, default_scores(log)) == 0.0
    assert ndcg(log, gains, -default_scores(log)) == pytest.approx(1.0)


def test_the_order_of_the_gains_themselves_is_one() -> None:
    log = made_log(50, 6, informative=True)
    gains = debiased(log, known_examination(8), 10.0)
    assert ndcg(log, gains, gains) == pytest.approx(1.0)
