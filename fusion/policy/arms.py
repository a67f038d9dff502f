"""What a policy can choose: a small named set of weight settings, each a few factors on top of the gate's (or the defaults).

Only the balance of signals decides a ranking, so an arm that doubles one side and halves the other moves it by four. No
single factor leaves [1/2, 2]: an arm leans, it never switches a signal off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fusion.weights import COLUMNS, DEFAULT_WEIGHTS

Signal = tuple[str, str]
LEAST, MOST = 0.5, 2.0


@dataclass(frozen=True, slots=True)
class Arm:
    """One weight setting.

    Attributes:
        name: what answers are logged under.
        factors: (source, block) -> factor; 1 where none is named.
    Raises:
        ValueError: a factor is outside [LEAST, MOST], or names no known signal.
    """

    name: str
    factors: Mapping[Signal, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for signal, factor in self.factors.items():
            if not LEAST <= factor <= MOST:
                raise ValueError(f"Arm {self.name!r} multiplies {signal} by {factor}; arms stay between {LEAST} and {MOST}.")
            if signal not in DEFAULT_WEIGHTS or signal in COLUMNS:
                raise ValueError(f"Arm {self.name!r} names {signal}, which is no signal of a score (fusion/weights.py).")


def _arm(name: str, **sources: float | Mapping[str, float]) -> Arm:
    """Args: sources: a factor for all blocks of a source, or one for each named block."""
    factors: dict[Signal, float] = {}
    for source, given in sources.items():
        blocks = [block for named, block in DEFAULT_WEIGHTS if named == source and (named, block) not in COLUMNS]
        factors |= (
            {(source, b): f for b, f in given.items()} if isinstance(given, Mapping) else {(source, b): given for b in blocks}
        )
    return Arm(name, factors)


ARMS: tuple[Arm, ...] = (
    Arm("default"),
    # How words are read: what they mean, or the very words.
    _arm("meaning", words={"text": 2.0, "lexical": 0.5}),
    _arm("exact_words", words={"text": 0.5, "lexical": 2.0}),
    # What things look like against what is said of them.
    _arm(
        "picture",
        words={"image": 2.0},
        photo={"look": 2.0, "image": 2.0, "text": 0.5},
        liked={"look": 2.0, "image": 2.0, "text": 0.5},
        history={"look": 2.0, "image": 2.0},
    ),
    _arm(
        "description",
        words={"image": 0.5},
        photo={"look": 0.5, "image": 0.5, "text": 2.0},
        liked={"look": 0.5, "image": 0.5, "text": 2.0},
        history={"look": 0.5, "image": 0.5},
    ),
    # The request against the shopper.
    _arm("request", words=2.0, photo=2.0, liked=2.0, wants=2.0, history=0.5, taste=0.5, popularity=0.5),
    _arm("shopper", words=0.5, photo=0.5, liked=0.5, history=2.0, taste=2.0, popularity=0.5),
    # Which side of the shopper: the values they keep choosing, or what others chose with their things.
    _arm("taste", taste=2.0, history={"behaviour": 0.5}),
    _arm("together", taste=0.5, history={"behaviour": 2.0}, liked={"behaviour": 2.0}),
    # What everybody wants now.
    _arm("popular", popularity=2.0, history=0.5, taste=0.5, words={"text": 0.5, "image": 0.5, "lexical": 0.5}, liked=0.5),
)
DEFAULT_ARM = ARMS[0].name


def arms_named(names: Sequence[str], arms: Sequence[Arm] = ARMS) -> tuple[Arm, ...]:
    """The arms of these names, in this order.

    Raises:
        ValueError: one is not known; the message lists those that are.
    """
    known = {arm.name: arm for arm in arms}
    missing = [name for name in names if name not in known]
    if missing:
        raise ValueError(f"There is no arm {', '.join(missing)}; known are {', '.join(known)}.")
    return tuple(known[name] for name in names)
