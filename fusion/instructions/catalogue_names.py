"""Fields and values of a catalogue as people write them: found whatever the case, or the nearest ones named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from rapidfuzz import fuzz, process

from fusion.columns import normalise_value
from fusion.instructions.lexicon import role_of
from fusion.types import Vocabulary

PRICE, IN_STOCK = "price", "in_stock"
_NEAR = 60.0  # of 100: below it, names have little more in common than some letters


class CatalogueNames:
    """The names of one vocabulary. Reading is thread-safe."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._values: dict[str, Mapping[str, str]] = {}

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """Every field that a chip may name: the catalogue's own, price and in_stock."""
        return tuple(dict.fromkeys([*self.vocabulary.values, PRICE, IN_STOCK]))

    def field(self, name: str) -> str:
        """The catalogue's own spelling of a field; another name of the same role counts ("colour"). "" where there is none."""
        plain = " ".join(name.casefold().split())
        own = {known.casefold(): known for known in self.fields}
        if plain in own:
            return own[plain]
        role = role_of(plain)
        return next((known for known in self.fields if role_of(known) == role), "")

    def value(self, field: str, value: str) -> str:
        """The catalogue's own spelling of a value; "" where there is none. A category may be its path or its own name."""
        return self.spellings(field).get(normalise_value(value), "")

    def count(self, field: str, value: str) -> int:
        """Items that have the value; of a category, with what lies below it."""
        counts = self.vocabulary.values.get(field, {})
        if field != "category":
            return counts.get(value, 0)
        return sum(n for path, n in counts.items() if path == value or path.startswith(f"{value}/"))

    def near_fields(self, name: str) -> list[str]:
        return nearest(name, self.fields)

    def near_values(self, field: str, value: str) -> list[str]:
        """The values most like one that does not exist, best first; fields with few values are named whole."""
        own = self.spellings(field)
        found = nearest(normalise_value(value), own)
        return list(dict.fromkeys(own[key] for key in found)) or list(dict.fromkeys(own.values()))[:3]

    def spellings(self, field: str) -> Mapping[str, str]:
        """Normalised spelling -> the catalogue's own."""
        if field not in self._values:
            self._values[field] = self._read(field)
        return self._values[field]

    def _read(self, field: str) -> Mapping[str, str]:
        if field == IN_STOCK:
            return {"true": "true"}
        known = self.vocabulary.values.get(field, {})
        if field != "category":
            return {normalise_value(value): value for value in known}
        nodes = {"/".join(path.split("/")[: depth + 1]) for path in known for depth in range(path.count("/") + 1)}
        by_name = {normalise_value(node.rpartition("/")[2]): node for node in sorted(nodes, key=lambda n: -n.count("/"))}
        return {**by_name, **{normalise_value(node): node for node in nodes}}


def nearest(name: str, known: Iterable[str], n: int = 3) -> list[str]:
    """At most n known names that are like the given one, the most alike first."""
    found = process.extract(
        name.casefold(), list(known), scorer=fuzz.WRatio, processor=str.casefold, score_cutoff=_NEAR, limit=n
    )
    return [match for match, _, _ in found]
