from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from fusion.learning.splits import split_by_time
from tests.fusion.learning.logs import made_log


def test_no_part_knows_what_lay_in_the_future_of_another() -> None:
    log = made_log(1200, 1, informative=True)  # 120 days
    window = timedelta(days=7)
    parts = split_by_time(log, window)
    seconds = window.total_seconds()
    assert parts.train.at.max() + seconds <= parts.validation.at.min()
    assert parts.validation.at.max() + seconds <= parts.test.at.min()
    assert len(parts.test) > 200
    assert len(parts.train) > len(parts.validation) > 100
    assert len(parts.known) > len(parts.train) + len(parts.validation)  # also what was open at the first cut


def test_a_log_that_is_too_short_or_empty_is_refused_in_words() -> None:
    log = made_log(1200, 1, informative=True)
    with pytest.raises(ValueError, match="too short or too thin"):
        split_by_time(log, timedelta(days=60))
    with pytest.raises(ValueError, match="led to anything"):
        split_by_time(replace(log, reward=np.zeros_like(log.reward)), timedelta(days=7))
