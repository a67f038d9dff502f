"""A request's context as numbers of one fixed shape: what the gate, and every policy over it, sees beside the words.

    x = [ present[s] for each of the S signals,
          log(1 + n_history) / LONG, has a history,
          log(1 + n_musts), has words, is English, is Chinese ]                                  (S + 6,)

The embedding of the words is no part of it: the gate projects it by what it has learnt, and appends the result.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fusion.types import Vector
from fusion.weighing import Context
from fusion.weights import COLUMNS, DEFAULT_WEIGHTS

Signal = tuple[str, str]

# Every signal that can have a factor, in the order of learnt tensors. Weights carry their own list of names, so a signal that
# is added here later has factor 1 until it is learnt.
SIGNALS: tuple[Signal, ...] = tuple(signal for signal in DEFAULT_WEIGHTS if signal not in COLUMNS)
LANGUAGES = ("en", "zh")
# The features behind the presence of the signals, in order.
OTHERS = ("history_size", "has_history", "musts", "has_words", *(f"language_{code}" for code in LANGUAGES))
# log(1 + 500): the longest history that is read by default.
_LONG = float(np.log1p(500.0))


def n_features(signals: Sequence[Signal] = SIGNALS) -> int:
    """Length of a feature vector over these signals."""
    return len(signals) + len(OTHERS)


def features(context: Context, signals: Sequence[Signal] = SIGNALS) -> Vector:
    """(n_features(signals),) float32; every entry lies between 0 and about 2.

    Args:
        signals: in the order that the weights were learnt for.
    """
    present = frozenset(context.signals)
    return np.asarray(
        [
            *(signal in present for signal in signals),
            np.log1p(context.n_history) / _LONG,
            context.n_history > 0,
            np.log1p(context.n_musts),
            context.words is not None,
            *(context.language == code for code in LANGUAGES),
        ],
        np.float32,
    )


def name_of(signal: Signal) -> str:
    """ "source/block", as weights and logs name it."""
    return "/".join(signal)


def signal_of(name: str) -> Signal:
    """The signal of a "source/block" name.

    Raises:
        ValueError: the name is not of that form.
    """
    source, slash, block = name.partition("/")
    if not (source and slash and block):
        raise ValueError(f"Signal {name!r} must be named 'source/block', such as 'words/text'.")
    return source, block
