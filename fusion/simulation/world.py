"""What simulated shoppers find attractive: hidden tastes over a catalogue's own facts, and a part that no field tells.

    utility(s, i) = sum over facets f of  share[f] * taste[s, f](i)  +  share["price"] * price(s, i)
                    + share["persona"] * <persona[s], hidden[i]>  +  share["quality"] * quality[i]

Every addend has mean 0 and spread 1 over the catalogue before its share is applied. ``hidden`` and ``quality`` are drawn,
not read: they stand for what makes people choose and what no column, text or photo says, so only behaviour can reveal it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from fusion.instructions.lexicon import role_of
from fusion.types import Item

Floats = NDArray[np.float64]

# How much of a shopper's choice each part decides. "attribute" is each further field of the catalogue (gender, use, ...).
SHARES: Mapping[str, float] = {
    "category": 0.5,
    "brand": 0.35,
    "color": 0.35,
    "attribute": 0.3,
    "price": 0.35,
    "persona": 0.4,
    "quality": 0.35,
}
# A further field counts when it has no more values than this, and a value for at least half of the items; at most so many do.
MAX_VALUES, MAX_ATTRIBUTES = 30, 4
PERSONA_DIM = 4
# Of the things that were asked for, people take few: P(would take it | looked at) = sigmoid(SLOPE * (z - PICKY)), where z is
# the utility in spreads above the mean of all that would do.
SLOPE = 2.0
PICKY = 1.0


@dataclass(frozen=True, slots=True)
class Tastes:
    """One shopper's hidden side.

    Attributes:
        facets: facet -> (number of its values,) liking of each value.
        price: liking of dear over cheap; negative likes cheap.
        persona: (PERSONA_DIM,).
    """

    facets: Mapping[str, Floats]
    price: float
    persona: Floats


@dataclass
class World:
    """A catalogue as simulated shoppers see it.

    Attributes:
        items: in the order of every row here.
        values: facet -> names of its values.
        members: facet -> (n_items, n_values) 0/1.
        log_price: (n_items,) standardised, 0 where there is no price.
    """

    items: Sequence[Item]
    seed: int
    values: dict[str, list[str]] = field(default_factory=dict)
    members: dict[str, Floats] = field(default_factory=dict)
    log_price: Floats = field(default_factory=lambda: np.zeros(0))
    hidden: Floats = field(default_factory=lambda: np.zeros((0, PERSONA_DIM)))
    quality: Floats = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        for facet in ("category", "brand", "color", *_further_fields(self.items)):
            self._read(facet)
        self.log_price = _log_prices(self.items)
        self.hidden = rng.normal(size=(len(self.items), PERSONA_DIM))
        self.quality = _standard(rng.normal(size=len(self.items)))

    @property
    def rows(self) -> Mapping[str, int]:
        return {item.item_id: row for row, item in enumerate(self.items)}

    def _read(self, facet: str) -> None:
        held = [_facet_values(item, facet) for item in self.items]
        names = sorted({value for values in held for value in values})
        places = {name: column for column, name in enumerate(names)}
        members = np.zeros((len(self.items), len(names)))
        for row, values in enumerate(held):
            members[row, [places[value] for value in values]] = 1.0
        self.values[facet], self.members[facet] = names, members

    def draw_tastes(self, rng: np.random.Generator) -> Tastes:
        """A new shopper. A few values are liked much, most are neither liked nor disliked."""
        facets = {}
        for facet, names in self.values.items():
            liking = rng.gamma(0.3, 1.0, size=len(names))
            facets[facet] = liking
        return Tastes(facets, float(rng.normal()), rng.normal(size=PERSONA_DIM))

    def drifted(self, tastes: Tastes, amount: float, rng: np.random.Generator) -> Tastes:
        """Tastes a while later: a part ``amount`` (0 to 1) is drawn anew."""
        fresh = self.draw_tastes(rng)
        facets = {facet: (1 - amount) * tastes.facets[facet] + amount * fresh.facets[facet] for facet in tastes.facets}
        keep = np.sqrt(1 - amount**2)
        return Tastes(
            facets,
            float(keep * tastes.price + amount * fresh.price),
            keep * tastes.persona + amount * fresh.persona,
        )

    def utility(self, tastes: Tastes, shares: Mapping[str, float] = SHARES) -> Floats:
        """(n_items,): how much this shopper would like each item, whatever they came for.

        Args:
            shares: how much each part decides at this time, with the keys of SHARES.
        """
        total = shares["quality"] * self.quality + shares["price"] * _standard(tastes.price * self.log_price)
        for facet, liking in tastes.facets.items():
            total = total + shares.get(facet, shares["attribute"]) * _standard(self.members[facet] @ liking)
        return np.asarray(total + shares["persona"] * _standard(self.hidden @ tastes.persona), np.float64)

    def attraction(self, tastes: Tastes, meets: NDArray[np.bool_], shares: Mapping[str, float] = SHARES) -> Floats:
        """(n_items,): P(would take it | looked at it), 0 for what is not what they came for."""
        utility = self.utility(tastes, shares)
        z = np.zeros_like(utility)
        z[meets] = _standard(utility[meets])
        return np.asarray(meets / (1.0 + np.exp(SLOPE * (PICKY - z))), np.float64)


def _facet_values(item: Item, facet: str) -> list[str]:
    if facet == "category":
        return ["/".join(item.category)] if item.category else []
    if facet == "brand":
        return [item.brand] if item.brand else []
    return [value for name, values in item.attributes.items() if facet in (name, role_of(name)) for value in values]


def _further_fields(items: Sequence[Item]) -> list[str]:
    """Attributes that tell items apart without naming them, those that most items have first."""
    held: dict[str, Counter[str]] = {}
    for item in items:
        for name, values in item.attributes.items():
            if values and role_of(name) != "color":
                held.setdefault(name, Counter())[values[0]] += 1
    usual = [
        (counts.total(), name)
        for name, counts in held.items()
        if 2 <= len(counts) <= MAX_VALUES and counts.total() >= 0.5 * len(items)
    ]
    return [name for _n, name in sorted(usual, reverse=True)[:MAX_ATTRIBUTES]]


def _log_prices(items: Sequence[Item]) -> Floats:
    """Standardised log prices; an item without a price costs the mean, and where none has one all cost the same."""
    prices = np.array([float(item.price.major) if item.price else np.nan for item in items])
    known = ~np.isnan(prices)
    logs = np.zeros(len(items))
    logs[known] = np.log(np.maximum(prices[known], 0.01))
    logs[~known] = logs[known].mean() if known.any() else 0.0
    return _standard(logs)


def _standard(values: Floats) -> Floats:
    spread = float(values.std()) if len(values) else 0.0
    return np.asarray((values - values.mean()) / spread if spread > 1e-9 else np.zeros_like(values), np.float64)
