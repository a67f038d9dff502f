"""What a version must show before it may be put in force, read from the metrics that were stored with it.

``metrics["validation"]``: {"metric", "value", "default", "lift", "low", "high", "n"}: the gain on the held-out part of the log
    over the weights that it was compared with; ``low`` is the low end of the interval of ``lift``.
``metrics["evidence"]``: {"estimate", "low", "high", "live", "against", "method", "n"}: the off-policy estimate of the version's
    reward with its interval, and that of what was live then (``against`` is its pk, 0 for the defaults).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason against putting a version in force. ``firm``: no force helps."""

    code: str
    message: str
    firm: bool = False


@dataclass(frozen=True, slots=True)
class Gain:
    """What a version gains over what it was compared with, with its interval. ``measure`` names the number."""

    measure: str
    value: float
    low: float
    high: float

    @property
    def is_certain(self) -> bool:
        return self.low > 0


def gain_of(metrics: Mapping[str, Any]) -> Gain | None:
    """The one number that a version is judged by: the estimate against what was live, else the lift on the held-out part."""
    found = metrics.get("evidence")
    if isinstance(found, Mapping):
        value, low, high, live = (_number(found, name) for name in ("estimate", "low", "high", "live"))
        if value is not None and low is not None and high is not None and live is not None:
            return Gain(str(found.get("metric", "reward")), value - live, low - live, high - live)
    found = metrics.get("validation")
    if isinstance(found, Mapping):
        value, low, high = (_number(found, name) for name in ("lift", "low", "high"))
        if value is not None and low is not None and high is not None:
            return Gain(str(found.get("metric", "ndcg@10")), value, low, high)
    return None


def refusals_of(metrics: Mapping[str, Any], live: int) -> list[Refusal]:
    """What the metrics leave to be desired. ``live`` is the pk of what is in force, 0 for the defaults."""
    given = [name for name in ("validation", "evidence") if metrics.get(name)]
    if not given:
        return [Refusal("no_evidence", _("Nothing was measured that shows an improvement."))]
    return [refusal for name in given for refusal in _READ[name](metrics[name], live)]


def _of_validation(found: Mapping[str, Any], _live: int) -> Iterator[Refusal]:
    low, high = _number(found, "low"), _number(found, "high")
    if low is None or high is None:
        yield Refusal("unreadable_evidence", _("The validation has no interval."))
    elif low <= 0:
        said = _("The lift on the held-out part is not certain: its interval is %(low).4f to %(high).4f and includes 0.")
        yield Refusal("no_improvement", said % {"low": low, "high": high})


def _of_evidence(found: Mapping[str, Any], live: int) -> Iterator[Refusal]:
    low, value = _number(found, "low"), _number(found, "live")
    if low is None or value is None:
        yield Refusal("unreadable_evidence", _("The estimate has no interval, or no value of what was live."))
        return
    if low <= value:
        said = _("The estimate is not certainly better: its low end is %(low).4f, what is live has %(live).4f.")
        yield Refusal("no_improvement", said % {"low": low, "live": value})
    if "against" in found and (found["against"] or 0) != live:
        said = _("It was compared with version %(then)s, but %(now)s is live now (0: the defaults). Evaluate it again.")
        yield Refusal("stale_evidence", said % {"then": found["against"] or 0, "now": live})


_READ = {"validation": _of_validation, "evidence": _of_evidence}


def _number(found: Mapping[str, Any], name: str) -> float | None:
    value = found.get(name) if isinstance(found, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)
