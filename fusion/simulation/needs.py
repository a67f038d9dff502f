"""What a simulated shopper comes for and the words they find for it, in English or Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fusion.instructions.catalogue_values import CatalogueValues
from fusion.instructions.language import detect_language
from fusion.instructions.lexicon import load_concepts
from fusion.simulation.world import Tastes, World

# A kind of session -> how often it happens.
KINDS: Mapping[str, float] = {"thing": 0.45, "thing_color": 0.2, "thing_price": 0.2, "browse": 0.15}
SENTENCES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "en": {
        "thing": ("{thing}", "I'm looking for {thing}", "show me {thing}", "something nice in {thing}", "{thing} please"),
        "thing_color": ("{color} {thing}", "{thing} in {color}", "I need {thing}, {color}"),
        "thing_price": ("{thing} under {price}", "{thing} for no more than {price}", "cheap {thing}, up to {price}"),
    },
    "zh": {
        "thing": ("{thing}", "想买{thing}", "有没有好看的{thing}", "推荐一些{thing}", "给我看看{thing}"),
        "thing_color": ("{color}的{thing}", "{thing}，要{color}", "想要{color}{thing}"),
        "thing_price": ("{price}以内的{thing}", "{thing}不超过{price}", "{thing}，预算{price}以下"),
    },
}


@dataclass(frozen=True, slots=True)
class Need:
    """What one session is about.

    Attributes:
        text: what the shopper says, "" when they only look around.
        meets: (n_items,) which items would do.
    """

    kind: str
    text: str
    language: str
    meets: NDArray[np.bool_]


class Needs:
    """Draws needs from tastes: people come more often for what they like."""

    def __init__(self, world: World, values: CatalogueValues) -> None:
        self.world = world
        self.values = values
        self.field_of_color = next(iter(values.fields.get("color", ())), "color")

    def draw(self, tastes: Tastes, language: str, rng: np.random.Generator) -> Need:
        """One need and its words."""
        kind = str(rng.choice(list(KINDS), p=list(KINDS.values())))
        everything = np.ones(len(self.world.items), bool)
        if kind == "browse" or not self.world.values["category"]:
            return Need("browse", "", language, everything)
        # People come for what they like, and a shop with a hundred shirts and two hats is visited for shirts.
        likes = (tastes.facets["category"] + 0.05) * self.world.members["category"].sum(axis=0)
        category = int(rng.choice(len(likes), p=likes / likes.sum()))
        meets = self.world.members["category"][:, category] > 0
        words = {"thing": self._name("category", self.world.values["category"][category], language)}
        if kind == "thing_color":
            color = self._color(meets, tastes, rng)
            if color is None:
                kind = "thing"
            else:
                meets = meets & (self.world.members["color"][:, color] > 0)
                words["color"] = self._name(self.field_of_color, self.world.values["color"][color], language)
        if kind == "thing_price":
            bound = self._bound(meets, rng)
            if bound is None:
                kind = "thing"
            else:
                meets = meets & self._at_most(bound)
                words["price"] = f"{bound:g}"
        sentence = str(rng.choice(SENTENCES[language][kind]))
        return Need(kind, sentence.format(**words), language, meets)

    def _color(self, meets: NDArray[np.bool_], tastes: Tastes, rng: np.random.Generator) -> int | None:
        there = self.world.members["color"][meets].sum(axis=0) > 0
        if not there.any():
            return None
        likes = (tastes.facets["color"] + 0.05) * there
        return int(rng.choice(len(likes), p=likes / likes.sum()))

    def _bound(self, meets: NDArray[np.bool_], rng: np.random.Generator) -> float | None:
        """A round price that some of them are below."""
        prices = sorted(float(i.price.major) for i, ok in zip(self.world.items, meets, strict=True) if ok and i.price)
        if not prices:
            return None
        bound = float(np.quantile(prices, rng.uniform(0.4, 1.0)))
        step = 10.0 ** max(0, int(np.log10(max(bound, 1.0))) - 1)
        return float(np.ceil(bound / step) * step)

    def _at_most(self, bound: float) -> NDArray[np.bool_]:
        return np.array([i.price is not None and float(i.price.major) <= bound for i in self.world.items])

    def _name(self, field: str, value: str, language: str) -> str:
        """A value as people of that language say it: the lexicon's name where the catalogue speaks another language."""
        own = value.rpartition("/")[2] if field == "category" else value
        if (detect_language(own) == "zh") == (language == "zh"):
            return own if field == "brand" else own.lower()
        concept = self.values.value_concepts.get((field, value))
        return next(iter(load_concepts()[concept].names.get(language, ())), own) if concept else own
