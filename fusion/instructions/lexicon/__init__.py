"""The bilingual lexicon: readable TOML files beside this module, read once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any


@dataclass(frozen=True, slots=True)
class Concept:
    """A thing or a property, by whatever name: "black" and "黑色" are one concept.

    Attributes:
        key: "role:name", unique, e.g. "color:navy" or "category:running_shoes".
        role: "category" for things, otherwise what kind of attribute it is.
        names: language -> what it is called; the first is the one to show.
        broader: keys of the concepts that include it.
    """

    key: str
    role: str
    names: Mapping[str, tuple[str, ...]]
    broader: tuple[str, ...] = ()


@lru_cache(maxsize=16)
def load(name: str) -> Mapping[str, Any]:
    """The content of one lexicon file, e.g. load("cues")."""
    return tomllib.loads(resources.files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8"))


def words(text: str) -> tuple[str, ...]:
    """The entries of a comma-separated lexicon line."""
    return tuple(entry.strip() for entry in text.split(",") if entry.strip())


@lru_cache(maxsize=64)
def load_list(name: str) -> frozenset[str]:
    """One of the small lists of lists.toml."""
    return frozenset(words(load("lists")[name]))


@lru_cache(maxsize=1)
def load_spelling() -> Mapping[str, str]:
    """Spelling variant or irregular plural -> the spelling that everything is matched by."""
    spelling: Mapping[str, str] = load("english")["spelling"]
    return spelling


@lru_cache(maxsize=1)
def load_concepts() -> Mapping[str, Concept]:
    """Key -> concept, of every noun, attribute value and brand in the lexicon."""
    concepts: dict[str, Concept] = {}
    for name in ("attributes", "nouns", "brands"):
        for section, entries in load(name).items():
            role = "category" if name == "nouns" else section
            for ident, entry in entries.items():
                key = f"{role}:{ident}"
                names = {language: words(entry.get(language, "")) for language in ("en", "zh")}
                concepts[key] = Concept(key, role, names, tuple(f"{role}:{b}" for b in words(entry.get("is", ""))))
    return concepts


@lru_cache(maxsize=1)
def load_han_names() -> frozenset[str]:
    """Every Chinese name of a concept."""
    return frozenset(name for concept in load_concepts().values() for name in concept.names["zh"])


@lru_cache(maxsize=1)
def load_money_phrases() -> frozenset[str]:
    """Every phrase of money.toml: amounts, bounds, currencies, units, sizes."""
    phrases: set[str] = set()
    sections: list[Any] = list(load("money").values())
    while sections:
        section = sections.pop()
        if isinstance(section, dict):
            sections.extend(section.values())
        elif isinstance(section, str):
            phrases.update(words(section))
    return frozenset(phrases)


@lru_cache(maxsize=1)
def load_roles() -> Mapping[str, str]:
    """A shop's name for an attribute, in lower case -> the role this library knows ("colour" -> "color")."""
    return {alias: role for role, aliases in load("roles")["roles"].items() for alias in (role, *words(aliases))}


def role_of(field: str) -> str:
    """The role of a catalogue's field, or the field's own name where the lexicon knows none."""
    plain = " ".join(field.lower().replace("_", " ").replace("-", " ").split())
    return load_roles().get(plain, plain)
