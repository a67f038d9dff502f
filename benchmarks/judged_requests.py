"""Requests whose right answers the catalogue's own fields tell: a noun, a colour and a noun, a noun for somebody."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fusion.types import Item

COLOURS = {
    "black": "黑色", "white": "白色", "blue": "蓝色", "brown": "棕色", "grey": "灰色", "red": "红色", "green": "绿色",
    "pink": "粉色", "purple": "紫色", "yellow": "黄色", "beige": "米色", "silver": "银色", "gold": "金色", "orange": "橙色",
}  # fmt: skip
PEOPLE = {
    "Men": ("for men", "男士"),
    "Women": ("for women", "女士"),
    "Boys": ("for boys", "男童"),
    "Girls": ("for girls", "女童"),
}
MIN_ITEMS = 8
MIN_RELEVANT = 5
PER_CATEGORY = 2


@dataclass(frozen=True, slots=True)
class JudgedRequest:
    """One request and the ids of all items that answer it.

    Attributes:
        kind: "noun", "colour+noun" or "noun+person".
        group: the category it is about; groups, not requests, are split and resampled.
    """

    text: str
    language: str
    kind: str
    group: str
    relevant: frozenset[str]


def nouns() -> Mapping[str, tuple[str, str]]:
    """Category -> (English, Chinese) noun that a shopper would use."""
    given = json.loads(Path(__file__).with_name("category_nouns.json").read_text(encoding="utf-8"))
    return {name: (english, chinese) for name, (english, chinese) in given.items()}


def build_requests(items: Sequence[Item], seed: int, min_items: int = MIN_ITEMS) -> list[JudgedRequest]:
    """Every category with a known noun and enough items gives its requests, each in both languages."""
    words = nouns()
    members: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        if item.category:
            members[item.category[-1]].append(item)
    requests: list[JudgedRequest] = []
    for category in sorted(members):
        if category in words and len(members[category]) >= min_items:
            choice = random.Random(f"{seed}/{category}")
            requests += _of_category(category, words[category], members[category], choice)
    return requests


def _of_category(
    category: str, noun: tuple[str, str], members: Sequence[Item], choice: random.Random
) -> Iterator[JudgedRequest]:
    english, chinese = noun
    relevant = frozenset(item.item_id for item in members)
    yield JudgedRequest(english, "en", "noun", category, relevant)
    yield JudgedRequest(chinese, "zh", "noun", category, relevant)
    for colour, ids in _some({c: _of_colour(members, c) for c in COLOURS}, len(members), choice):
        yield JudgedRequest(f"{colour} {english}", "en", "colour+noun", category, ids)
        yield JudgedRequest(f"{COLOURS[colour]}{chinese}", "zh", "colour+noun", category, ids)
    for person, ids in _some({p: _for_person(members, p) for p in PEOPLE}, len(members), choice):
        yield JudgedRequest(f"{english} {PEOPLE[person][0]}", "en", "noun+person", category, ids)
        yield JudgedRequest(f"{PEOPLE[person][1]}{chinese}", "zh", "noun+person", category, ids)


def _some(found: Mapping[str, frozenset[str]], n: int, choice: random.Random) -> list[tuple[str, frozenset[str]]]:
    """A few values that really narrow the category."""
    usable = [(value, ids) for value, ids in found.items() if MIN_RELEVANT <= len(ids) < n]
    return choice.sample(usable, min(PER_CATEGORY, len(usable)))


def _of_colour(members: Sequence[Item], colour: str) -> frozenset[str]:
    """ "Navy Blue" is blue: the last word of a colour's name is its family."""
    return frozenset(i.item_id for i in members if any(v.lower().split()[-1] == colour for v in _values(i, "color")))


def _for_person(members: Sequence[Item], person: str) -> frozenset[str]:
    """Unisex things are for men and for women; for children only what says so."""
    wanted = {person, "Unisex"} if person in ("Men", "Women") else {person}
    return frozenset(i.item_id for i in members if wanted & set(_values(i, "gender")))


def _values(item: Item, name: str) -> Sequence[str]:
    return item.attributes.get(name, ())


def split(groups: Sequence[str], seed: int) -> tuple[frozenset[str], frozenset[str]]:
    """(tuning, reporting) halves of the categories."""
    ordered = sorted(set(groups))
    random.Random(seed).shuffle(ordered)
    half = len(ordered) // 2
    return frozenset(ordered[:half]), frozenset(ordered[half:])
