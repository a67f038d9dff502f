"""The words that photos are paired with: titles, and short requests made of what is known of an item, in both languages."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from fusion.instructions.catalogue_values import CatalogueValues
from fusion.instructions.language import detect_language
from fusion.instructions.lexicon import load_concepts, role_of
from fusion.item_text import item_text
from fusion.types import Item

LANGUAGES = ("en", "zh")
# Longer texts say more than a photo shows, and a shopper says less.
MAX_CHARACTERS = 200
_SPOKEN = ("color", "gender", "pattern", "material", "style")


@dataclass(frozen=True, slots=True)
class ItemTexts:
    """What is said of some items.

    Attributes:
        texts: every distinct text once.
        of_item: for each item the rows of its texts; the first is its title.
        short: for each item the row of one short English request, -1 where nothing short is known of it.
    """

    texts: tuple[str, ...]
    of_item: tuple[tuple[int, ...], ...]
    short: tuple[int, ...]


def collect_texts(items: Sequence[Item], values: CatalogueValues, *, per_item: int = 6, seed: int = 0) -> ItemTexts:
    """Titles, translations, the title with what it does not say, and up to ``per_item`` short requests an item.

    Items without a title get no text and must be left out before.

    Args:
        values: the catalogue's values linked to the lexicon, which knows what they are called in the other language.
    """
    rows: dict[str, int] = {}
    of_item, short = [], []
    for item in items:
        made = list(dict.fromkeys(_long(item)))
        requests = list(dict.fromkeys(_short(item, values, per_item, random.Random(f"{seed}/{item.item_id}"))))  # noqa: S311
        of_item.append(tuple(rows.setdefault(text, len(rows)) for text in dict.fromkeys([*made, *requests])))
        short.append(rows[requests[0]] if requests else -1)
    return ItemTexts(tuple(rows), tuple(of_item), tuple(short))


def _long(item: Item) -> Iterator[str]:
    title = " ".join(item.title.split())
    yield title[:MAX_CHARACTERS]
    yield item_text(item)[:MAX_CHARACTERS]
    for language in sorted(item.translations):
        if translated := " ".join(item.translations[language].title.split()):
            yield translated[:MAX_CHARACTERS]
    without_brand = " ".join(title.replace(item.brand, " ").split()) if item.brand else ""
    if without_brand:
        yield without_brand[:MAX_CHARACTERS]


def _short(item: Item, values: CatalogueValues, n: int, choice: random.Random) -> Iterator[str]:
    """ "blue shirts", "蓝色衬衫", "men casual shoes": the category's name with some of the values, as people order them."""
    if not item.category:
        return
    known = [(role_of(name), name, value) for name in sorted(item.attributes) for value in item.attributes[name]]
    known = [row for role in _SPOKEN for row in known if row[0] == role] + [row for row in known if row[0] not in _SPOKEN]
    colours = [row for row in known if row[0] == "color"]
    for number in range(n):
        language = LANGUAGES[number % 2]
        some = colours[:1] if number < 2 else choice.sample(known, min(len(known), choice.randint(0, 2)))
        some = sorted(some, key=known.index)
        said = [_said(values, name, value, language) for _role, name, value in some]
        thing = _said(values, "category", "/".join(item.category), language)
        if thing and all(said):
            yield ("" if language == "zh" else " ").join([*(word for word in said if word not in thing), thing])


def _said(values: CatalogueValues, field: str, value: str, language: str) -> str:
    """A value as people of that language say it; "" where the lexicon does not know."""
    own = value.rpartition("/")[2] if field == "category" else value
    if (detect_language(own) == "zh") == (language == "zh"):
        return own.lower()
    concept = values.value_concepts.get((field, value))
    return next(iter(load_concepts()[concept].names.get(language, ())), "") if concept else ""


def groups_of(items: Sequence[Item]) -> list[str]:
    """What kind of thing each item is, for measuring whether like stays near like: its category's path, "" for none."""
    return ["/".join(item.category) for item in items]


def split_by_title(items: Sequence[Item], shares: Mapping[str, float], seed: int) -> dict[str, list[int]]:
    """Part -> positions of its items. Items of one title stay together: they are often one product in several rows.

    Parts follow from a hash of the title and the seed, so a product that is added moves no other.
    """
    bounds, total = [], 0.0
    for name, share in shares.items():
        total += share
        bounds.append((total, name))
    parts: dict[str, list[int]] = {name: [] for name in shares}
    for place, item in enumerate(items):
        digest = hashlib.sha256(f"{seed}/{' '.join(item.title.lower().split())}".encode()).digest()
        at = int.from_bytes(digest[:8], "big") / 2**64 * total
        parts[next((name for bound, name in bounds if at < bound), bounds[-1][1])].append(place)
    return parts
