"""A broad request ("gift for dad") gets directions: groups of results by kind, and the one question that tells most.

Broad is what names only a place, a person or a situation ("something for the living room"). Else it is measured: no kind of
thing is named, no order and no photo given, and what fits best lies in several categories: the entropy of the categories of the
first results, each weighted by how far its score is above half of the best one. On the demo catalogue requests that name a kind
without its category stay below .65 bits, and broad ones lie above .85.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log2

from fusion.facets import Facet, FacetValue
from fusion.instructions.lexicon import role_of
from fusion.messages import say
from fusion.topic import HEAD_WEIGHT
from fusion.types import Constraint, Instruction, Item, Operator, Strength

BROAD_BITS = 0.75
N_GROUPS = 3
GROUP_SIZE = 4
LEAST_IN_GROUP = 2
LEAST_ITEMS = 8
N_OPTIONS = 4
# A question that tells less is not worth a shopper's time.
LEAST_GAIN = 0.3
# Nor one that most of the products have no answer to.
LEAST_COVERED = 0.5
_NEVER_ASKED = ("category", "brand", "size", "in_stock")
_LATER = {"price": 1, "color": 2}

Path = tuple[str, ...]
# Role of a field -> the message that asks for it.
_ASKS = {
    "color": "ask_color",
    "gender": "ask_gender",
    "size": "ask_size",
    "material": "ask_material",
    "occasion": "ask_occasion",
    "season": "ask_season",
    "age": "ask_age",
    "price": "ask_price",
}


@dataclass(frozen=True, slots=True)
class Group:
    """Results of one kind.

    Attributes:
        path: of the category. chip: the filter that keeps to it.
        n: how many products of the whole answer are of the kind, 0 where nobody counted.
        item_ids: of the first results, best first.
    """

    path: Path
    title: str
    chip: Constraint
    n: int
    item_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask, and the answers: (what it says, the filter it stands for, how many products then fit)."""

    field: str
    text: str
    options: tuple[tuple[str, Constraint, int], ...]


def is_broad(instruction: Instruction, items: Sequence[Item], scores: Sequence[float]) -> bool:
    """Whether what was said fits several kinds of things about equally well.

    Args:
        instruction: with filters among its musts.
        items, scores: the first results, best first.
    """
    named = [c for c in instruction.constraints if c.field == "category" and c.operator is Operator.IN and _is_firm(c)]
    if len(items) < LEAST_ITEMS or any(c.strength is Strength.MUST for c in named):
        return False
    return bool(instruction.themes) or (not named and _bits(_weights(items, scores)) >= BROAD_BITS)


def groups_of(
    items: Sequence[Item], scores: Sequence[float], facets: Sequence[Facet], name_of: Mapping[str, str]
) -> tuple[Group, ...]:
    """At most N_GROUPS kinds, those that fit best first; none where the results do not fall into kinds.

    A third kind is shown only where some of it is among the best results.
    They are taken on the deepest level of the categories on which three kinds (or else two) have several of the results.

    Args:
        name_of: path, joined with "/" -> what the category is called; the last part of the path where it says nothing.
    """
    counted = {v.value: v for f in facets if f.field == "category" for v in f.values}
    levels = [_level(items, depth) for depth in range(max((len(item.category) for item in items), default=0), 0, -1)]
    weights, score_of = _weights(items, scores), {item.item_id: score for item, score in zip(items, scores, strict=True)}
    for least in (N_GROUPS, 2):
        for level in levels:
            if len(level) >= least:
                shares = {path: sum(w for c, w in weights.items() if c[: len(path)] == path) for path in level}
                best = sorted(level, key=lambda path: (-shares[path], -max(score_of[i] for i in level[path]), path))
                kept = [path for path in best[:N_GROUPS] if shares[path] or path in best[:2]]
                return tuple(_group(path, level[path], counted, name_of) for path in kept)
    return ()


def question_of(facets: Sequence[Facet], instruction: Instruction, language: str) -> Question | None:
    """The question whose answer tells most (information gain over what the products really have); None where none tells much.

    What things are for comes before what they may cost, and their colour last: with several kinds of things in view, a colour
    says little of which is meant. Categories are what the groups are for; brands and sizes mean nothing across kinds.
    """
    asked = {c.field for c in instruction.constraints}
    open_ = [f for f in facets if f.field not in asked and not f.is_chosen and role_of(f.field) not in _NEVER_ASKED]
    told = [f for f in open_ if f.gain >= LEAST_GAIN and f.covered >= LEAST_COVERED and len(f.values) > 1]
    ranked = sorted(told, key=lambda f: (_LATER.get(role_of(f.field), 0), -f.gain, f.field))
    return _question(ranked[0], language) if ranked else None


def _is_firm(constraint: Constraint) -> bool:
    wanted = constraint.strength is Strength.WANT and constraint.weight >= HEAD_WEIGHT
    return constraint.strength is Strength.MUST or wanted


def _weights(items: Sequence[Item], scores: Sequence[float]) -> dict[Path, float]:
    """Category -> how much of the best results lies in it; every result counts alike where no score tells them apart."""
    best = max(scores, default=0.0)
    found: dict[Path, float] = {}
    for item, score in zip(items, scores, strict=True):
        weight = max(0.0, score - best / 2) if best > 1e-6 else 1.0
        if weight and item.category:
            found[item.category] = found.get(item.category, 0.0) + weight
    return found


def _bits(weights: Mapping[Path, float]) -> float:
    whole = sum(weights.values())
    return -sum(w / whole * log2(w / whole) for w in weights.values()) if whole else 0.0


def _level(items: Sequence[Item], depth: int) -> dict[Path, list[str]]:
    """Category of this depth -> its results, where there are several."""
    found: dict[Path, list[str]] = {}
    for item in items:
        if item.category:
            found.setdefault(item.category[:depth], []).append(item.item_id)
    return {path: ids for path, ids in found.items() if len(ids) >= LEAST_IN_GROUP}


def _group(path: Path, ids: Sequence[str], counted: Mapping[str, FacetValue], name_of: Mapping[str, str]) -> Group:
    joined = "/".join(path)
    chip = Constraint("category", Operator.IN, (joined,), source="filter")
    known = counted.get(joined)
    title = name_of.get(joined) or (known.label if known else path[-1])
    return Group(path, title, chip, known.n if known else 0, tuple(ids[:GROUP_SIZE]))


def _question(facet: Facet, language: str) -> Question:
    values = [v for v in facet.values if v.n][:N_OPTIONS] if facet.kind == "ranges" else _most(facet)
    labels = [value.label for value in values]
    code = _ASKS.get(role_of(facet.field))
    if code is None and len(labels) == 2:
        text = say("ask_either", language, field=facet.label, first=labels[0], last=labels[1])
    else:
        text = say(code or "ask_which", language, field=facet.label if language.startswith("zh") else facet.label.lower())
    return Question(facet.field, text, tuple(_options(facet, values)))


def _most(facet: Facet) -> list[FacetValue]:
    """The values that most products have, in the facet's order."""
    most = sorted(facet.values, key=lambda v: -v.n)[:N_OPTIONS]
    return [value for value in facet.values if value in most]


def _options(facet: Facet, values: Sequence[FacetValue]) -> Iterator[tuple[str, Constraint, int]]:
    for value in values:
        if facet.kind == "ranges":
            operator = Operator.LTE if value.low is None else Operator.GTE if value.high is None else Operator.BETWEEN
            chip = Constraint("price", operator, low=value.low, high=value.high, currency=facet.currency, source="filter")
        else:
            chip = Constraint(facet.field, Operator.IN, (value.value,), source="filter")
        yield value.label, chip, value.n
