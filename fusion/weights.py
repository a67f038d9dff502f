"""How much each source of a request counts in each block, before anything was learnt.

A score is a sum of z-values, so a weight says how many standard deviations of one signal outweigh another. The defaults
were chosen on the development set (docs/performance.md, "Weights"); ``RECOMMENDER["WEIGHTS"]`` overrides single entries.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

# (source, block) -> weight. "lexical", "attributes", "price", "prior", "feed", "before" and "regular"
# are blocks that need no vector.
DEFAULT_WEIGHTS: Mapping[tuple[str, str], float] = MappingProxyType(
    {
        ("words", "text"): 1.0,
        ("words", "image"): 0.3,
        ("words", "lexical"): 0.5,
        ("avoid", "text"): -0.5,
        ("avoid", "lexical"): -0.5,
        ("photo", "look"): 1.0,
        ("photo", "image"): 0.6,
        ("photo", "text"): 0.2,
        ("liked", "text"): 0.5,
        ("liked", "image"): 0.3,
        ("liked", "look"): 0.5,
        ("liked", "behaviour"): 0.3,
        ("disliked", "text"): -0.3,
        ("disliked", "image"): -0.2,
        ("disliked", "look"): -0.3,
        ("history", "text"): 0.2,
        ("history", "lexical"): 0.1,
        ("history", "image"): 0.05,
        ("history", "look"): 0.05,
        ("history", "behaviour"): 0.8,
        ("taste", "attributes"): 0.6,
        ("wants", "attributes"): 1.0,
        ("wants", "price"): 0.5,
        ("again", "before"): 0.2,
        ("again", "regular"): 0.2,
        ("popularity", "prior"): 0.1,
        ("popularity", "feed"): 0.5,  # on a page without a request
    }
)

# Weights that scale the column of another name: what is popular is one signal, on a page and beside a request.
COLUMNS: Mapping[tuple[str, str], tuple[str, str]] = MappingProxyType({("popularity", "feed"): ("popularity", "prior")})
# Blocks that a shop gets when it has learnt them. They take their part of a source's weight and leave none behind: without
# them the source is what it was.
LEARNT_BLOCKS = frozenset({"behaviour"})


def with_overrides(overrides: Mapping[str, float]) -> dict[tuple[str, str], float]:
    """The defaults with single entries replaced.

    Args:
        overrides: "source/block" -> weight.
    Raises:
        ValueError: an entry is not of that form; the message lists the known ones.
    """
    weights = dict(DEFAULT_WEIGHTS)
    for key, value in overrides.items():
        source, _, block = key.partition("/")
        if not block:
            known = ", ".join(f"{s}/{b}" for s, b in sorted(weights))
            raise ValueError(f"Weight {key!r} must be named 'source/block'. Known: {known}.")
        weights[(source, block)] = float(value)
    return weights


def share_out(weights: Mapping[tuple[str, str], float], present: Iterable[tuple[str, str]]) -> dict[tuple[str, str], float]:
    """Weights of the legs that a request really has; what a source loses with a missing leg goes to its other legs.

    A shop whose encoder offers no "look" block, or an answer whose text model is down, thus keeps the balance between
    sources: the photo still counts as much against the words as it did.

    Args:
        present: the (source, block) legs at hand.
    """
    legs = list(dict.fromkeys(present))
    total: dict[str, float] = {}
    have: dict[str, float] = {}
    for (source, block), weight in weights.items():
        if block not in LEARNT_BLOCKS:
            total[source] = total.get(source, 0.0) + abs(weight)
    for leg in legs:
        have[leg[0]] = have.get(leg[0], 0.0) + abs(weights.get(leg, 0.0))
    return {leg: weights.get(leg, 0.0) * total.get(leg[0], 0.0) / have[leg[0]] for leg in legs if have[leg[0]]}
