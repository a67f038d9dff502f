"""Colours that a title names, for catalogues without a colour column: "Yellow umbrella" is yellow, whatever its photo shows."""

from __future__ import annotations

from functools import lru_cache

from fusion.instructions.language import is_han
from fusion.instructions.lexicon import load_concepts

LONGEST = 3  # words of a colour's name ("jet black", "pure snow white")
# A single Chinese character is part of too many other words ("金" in 金属) to be read as a colour by itself.
SHORTEST_HAN = 2

# Alone in a title these are mostly something else: a face cream, a mint tea, a rose scent, clear glass.
_DOUBTFUL = (
    "cream clear skin mint lime plum rose peach mustard ivory wood metallic assorted tan coral camel rust ebony rainbow "
    "multi nude lavender chocolate olive"
)
DOUBTFUL = frozenset(_DOUBTFUL.split())


def colours_named(title: str) -> tuple[str, ...]:
    """The colours in a title, in reading order, by their English names; the longest name at a place wins.

    A shade is followed by what it is a shade of ("navy", "blue"), so that either is found.
    """
    names = _names()
    words = title.lower().replace("-", " ").replace("/", " ").split()
    found: list[str] = []
    place = 0
    while place < len(words):
        for size in range(min(LONGEST, len(words) - place), 0, -1):
            phrase = " ".join(words[place : place + size]).strip(",.;:()")
            if phrase in names:
                found += names[phrase]
                place += size - 1
                break
        place += 1
    for name, colours in names.items():
        if is_han(name[0]) and len(name) >= SHORTEST_HAN and name in title:
            found += colours
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=1)
def _names() -> dict[str, tuple[str, ...]]:
    """Every name of a colour -> its English name and that of its broader colour."""
    concepts = load_concepts()
    result: dict[str, tuple[str, ...]] = {}
    for concept in concepts.values():
        if concept.role != "color":
            continue
        broader = (concepts[key].names["en"][0] for key in concept.broader if key in concepts and concepts[key].names["en"])
        colours = (concept.names["en"][0], *broader)
        for name in {*concept.names["en"], *concept.names["zh"]} - DOUBTFUL:
            result.setdefault(name.lower(), colours)
    return result
