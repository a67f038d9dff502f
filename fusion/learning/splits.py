"""Cuts a log by time into what is learnt from, what training stops by, and what nobody has looked at before the judgement.

An answer's rewards are known when its window is over. So an answer is learnt from only when its window was over before the
answers of the next part began: no part knows anything that lay in another one's future.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from fusion.learning.impressions import Impressions

TRAIN, VALIDATION = 0.6, 0.2
# Fewer answers with a gain than these, and an interval would say nothing.
LEAST_TRAIN, LEAST_HELD_OUT = 100, 30


@dataclass(frozen=True)
class Parts:
    """``known`` is everything before the test began whose window was over by then: the place to estimate the bias of places."""

    train: Impressions
    validation: Impressions
    test: Impressions
    known: Impressions


def split_by_time(impressions: Impressions, window: timedelta) -> Parts:
    """60% of the answers with a gain, then 20%, then 20%, less what was still open at a cut.

    Raises:
        ValueError: a part has too few answers with a gain; the message says how many there are.
    """
    gained = impressions.at[impressions.gained]
    if not len(gained):
        raise ValueError("No answer of the log led to anything yet.")
    first, second = (float(gained[min(int(share * len(gained)), len(gained) - 1)]) for share in (TRAIN, TRAIN + VALIDATION))
    over = impressions.at + window.total_seconds()
    parts = Parts(
        impressions.take(over <= first),
        impressions.take((impressions.at >= first) & (over <= second)),
        impressions.take(impressions.at >= second),
        impressions.take(over <= second),
    )
    for name, part, least in (
        ("learn from", parts.train, LEAST_TRAIN),
        ("stop by", parts.validation, LEAST_HELD_OUT),
        ("judge by", parts.test, LEAST_HELD_OUT),
    ):
        n = int(np.sum(part.gained))
        if n < least:
            raise ValueError(
                f"There are {n} answers with a reward to {name}, {least} are needed; the log of {len(impressions)} answers is "
                f"too short or too thin (an answer counts when its window of {window.days} days is over)."
            )
    return parts
