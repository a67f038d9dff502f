"""Statistics of an A/B split that may be looked at after every batch: who gets which side, whether the split is sound, what
the difference is, and whether anything else got worse. Pure functions of numbers; nothing here knows a shop.

The interval of the difference is an asymptotic confidence sequence: it covers the true difference at all sample sizes at once
with probability 1 - alpha, however often somebody looks and whenever they stop (Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas
2021, "Time-uniform central limit theory and asymptotic confidence sequences", theorem 2.2):

    |difference - estimate| <= se * sqrt( (1 + 1 / (n rho^2)) * log((1 + n rho^2) / alpha^2) )

``se`` is the usual standard error and n the number of shoppers of both sides. An ordinary 95% interval is narrower and is
wrong in a third of A/A tests that are looked at a hundred times.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

ALPHA = 0.05
# The interval is tightest at about so many shoppers; it holds at every number.
TIGHTEST_AT = 2000
# The theorem is asymptotic: below so many shoppers a side no interval is given.
LEAST_UNITS = 100
# A split that a fair assignment would give less often than this is not trusted (Fabijan et al. 2019 use .0005 to .001).
MISMATCH = 0.001


def place_of(salt: str, unit: str) -> float:
    """Where a shopper stands in [0, 1): the same for ever, uniform over shoppers, and unrelated between salts.

    Args:
        salt: of the experiment, so that the shoppers of one experiment's side are spread evenly over the next one's.
    """
    digest = hashlib.sha256(f"{salt}\x1f{unit}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2.0**64


def assigned(salt: str, unit: str, shares: Mapping[str, float]) -> str:
    """The side of a shopper. Sides are taken in the order given, so raising the last share moves nobody between the others.

    Args:
        shares: side -> its share; they add up to 1.
    Raises:
        ValueError: they do not, or one is negative.
    """
    if not shares or min(shares.values()) < 0 or abs(sum(shares.values()) - 1.0) > 1e-9:
        raise ValueError(f"The shares of an experiment must add up to 1, got {dict(shares)}.")
    place, reached = place_of(salt, unit), 0.0
    for side, share in shares.items():
        reached += share
        if place < reached:
            return side
    return [side for side, share in shares.items() if share > 0][-1]


def mismatch_chance(counts: Sequence[int], shares: Sequence[float]) -> float:
    """P of a split as uneven as this or more under fair assignment (Pearson's chi-square); below MISMATCH something is broken.

    Args:
        counts: shoppers seen on each side.
        shares: what each side should have, adding up to 1; a side of share 0 must have nobody.
    """
    from scipy.special import gammaincc

    n = sum(counts)
    if any(count and not share for count, share in zip(counts, shares, strict=True)):
        return 0.0
    cells = [(count, share * n) for count, share in zip(counts, shares, strict=True) if share]
    if n == 0 or len(cells) < 2:
        return 1.0
    statistic = sum((count - expected) ** 2 / expected for count, expected in cells)
    return float(gammaincc((len(cells) - 1) / 2.0, statistic / 2.0))


@dataclass(frozen=True, slots=True)
class Sums:
    """One side's outcomes, one number a shopper, as sums that can be added up batch by batch."""

    n: int = 0
    total: float = 0.0
    squares: float = 0.0

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> Sums:
        return cls(len(values), float(values.sum()), float((values**2).sum()))

    def __add__(self, other: Sums) -> Sums:
        return Sums(self.n + other.n, self.total + other.total, self.squares + other.squares)

    @property
    def mean(self) -> float:
        return self.total / self.n if self.n else float("nan")

    @property
    def variance(self) -> float:
        """Unbiased; nan below two shoppers."""
        return max(0.0, self.squares - self.n * self.mean**2) / (self.n - 1) if self.n > 1 else float("nan")


@dataclass(frozen=True, slots=True)
class Difference:
    """Ours less theirs, with bounds that hold at all looks together; infinite while there are too few shoppers."""

    estimate: float
    low: float
    high: float
    n: int


def difference(
    ours: Sums, theirs: Sums, *, alpha: float = ALPHA, tightest_at: int = TIGHTEST_AT, least: int = LEAST_UNITS
) -> Difference:
    """The difference of means with its confidence sequence.

    Args:
        ours, theirs: one outcome a shopper (a sum or a mean over their answers): answers of one shopper are not independent.
        alpha: the chance that the sequence ever misses the truth.
        tightest_at: number of shoppers of both sides at which it is narrowest; to be fixed before the experiment begins.
    """
    n = ours.n + theirs.n
    if min(ours.n, theirs.n) < max(2, least):
        both = ours.n and theirs.n
        return Difference(ours.mean - theirs.mean if both else float("nan"), -math.inf, math.inf, n)
    found = ours.mean - theirs.mean
    error = math.sqrt(ours.variance / ours.n + theirs.variance / theirs.n)
    spent = n * (-2.0 * math.log(alpha) + math.log(-2.0 * math.log(alpha) + 1.0)) / tightest_at  # n rho^2
    width = error * math.sqrt((1.0 + 1.0 / spent) * math.log((1.0 + spent) / alpha**2))
    return Difference(found, found - width, found + width, n)


@dataclass(frozen=True, slots=True)
class Guardrail:
    """Something that must not get worse.

    Attributes:
        tolerance: how much worse is still allowed, in the unit of the outcome.
        higher_is_better: False for what shall be low: degraded answers, milliseconds.
    """

    name: str
    tolerance: float = 0.0
    higher_is_better: bool = True

    def is_broken(self, found: Difference) -> bool:
        """Whether it certainly got worse than allowed."""
        return found.high < -self.tolerance if self.higher_is_better else found.low > self.tolerance


class Verdict(StrEnum):
    """What an experiment says now."""

    GO_ON = "go_on"
    BETTER = "better"
    WORSE = "worse"
    BROKEN_GUARDRAIL = "broken_guardrail"
    MISMATCH = "mismatch"


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at an experiment.

    Attributes:
        mismatch: chance of the split under fair assignment.
        broken: names of the guardrails that certainly got worse.
    """

    verdict: Verdict
    difference: Difference
    mismatch: float
    broken: tuple[str, ...] = ()


def read(
    ours: Sums,
    theirs: Sums,
    shares: tuple[float, float],
    guardrails: Sequence[tuple[Guardrail, Sums, Sums]] = (),
    *,
    alpha: float = ALPHA,
    tightest_at: int = TIGHTEST_AT,
) -> Reading:
    """What may be concluded now. Nothing is concluded from a split that is not sound, and harm comes before gain.

    Args:
        shares: (ours, theirs).
        guardrails: each with (guardrail, ours, theirs); the chance of a false alarm is alpha for each.
    """
    chance = mismatch_chance((ours.n, theirs.n), shares)
    found = difference(ours, theirs, alpha=alpha, tightest_at=tightest_at)
    broken = tuple(
        guardrail.name
        for guardrail, here, there in guardrails
        if guardrail.is_broken(difference(here, there, alpha=alpha, tightest_at=tightest_at))
    )
    if chance < MISMATCH:
        verdict = Verdict.MISMATCH
    elif broken:
        verdict = Verdict.BROKEN_GUARDRAIL
    elif found.low > 0:
        verdict = Verdict.BETTER
    elif found.high < 0:
        verdict = Verdict.WORSE
    else:
        verdict = Verdict.GO_ON
    return Reading(verdict, found, chance, broken)
