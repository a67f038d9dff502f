"""What an item says to a text encoder and to the lexical leg: one deterministic text per item."""

from __future__ import annotations

import re
from collections.abc import Iterable

from fusion.types import Item

MAX_CHARACTERS = 2000
_WORD = re.compile(r"\w+")


def _unseen(text: str, seen: set[str]) -> str:
    """The words of a short label that were not said yet, in their own order and spelling; ``seen`` grows."""
    fresh: list[str] = []
    for piece in text.split():
        words = {word.lower() for word in _WORD.findall(piece)}
        if words and not words <= seen:
            seen |= words
            fresh.append(piece)
    return " ".join(fresh)


def _labels(item: Item) -> Iterable[str]:
    """Short labels, the most telling first: brand, the category's leaf, attribute values by attribute name."""
    yield item.brand
    if item.category:
        yield item.category[-1]
    for name in sorted(item.attributes):
        yield " ".join(item.attributes[name])


def item_text(item: Item) -> str:
    """The words an encoder reads: title, brand, category leaf, attributes, description, then each translation.

    The title comes first because encoders cut long texts at the end. Labels lose the words that were already said (most
    titles repeat the brand and the colour); sentences are kept whole. Empty for an item without any words.

    Returns:
        At most ``MAX_CHARACTERS`` characters, the same for equal items whatever the order of their attributes.
    """
    title = " ".join(item.title.split())
    seen = {word.lower() for word in _WORD.findall(title)}
    parts = [title, *(_unseen(label, seen) for label in _labels(item)), " ".join(item.description.split())]
    for language in sorted(item.translations):
        translated = item.translations[language]
        parts += [" ".join(translated.title.split()), " ".join(translated.description.split())]
    kept = list(dict.fromkeys(part for part in parts if part))
    return ". ".join(kept)[:MAX_CHARACTERS]
