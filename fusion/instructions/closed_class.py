"""The part of the phrase table that every catalogue shares: cues, orders, hints, chatter and the names of concepts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from fusion.instructions.lexicon import load, load_concepts, load_list, load_roles, words
from fusion.instructions.normalise import normalise
from fusion.instructions.phrase_table import Kind, PhraseTable
from fusion.instructions.tokens import tokenise

_CUES = (
    (Kind.NEUTRAL, "neutral"), (Kind.CHEAP, "cheap"), (Kind.DEAR, "dear"), (Kind.STOCK, "stock"), (Kind.AVOID, "avoid"),
    (Kind.NEGATE, "negate"), (Kind.REFUSE, "refuse"), (Kind.EXCEPT, "except"), (Kind.ONLY, "only"), (Kind.SOFT, "soft"),
    (Kind.JOIN, "join"),
    (Kind.THEME, "theme"), (Kind.CHATTER, "chatter"), (Kind.CHATTER, "possessive"), (Kind.GLUE, "glue"),
    (Kind.UNKNOWN, "idioms"),
)  # fmt: skip


@lru_cache(maxsize=1)
def closed_class_table() -> PhraseTable:
    """Built once per process; about 4,000 phrases."""
    table = PhraseTable()
    for phrase, kind, ref in _phrases():
        table.add(normalise(phrase).text, kind, ref, strict=True)
    for mark in load("cues")["stop"]["en"].split() + load("cues")["stop"]["zh"].split():
        table.add(mark, Kind.STOP, strict=True)
    table.add("、", Kind.JOIN, strict=True)
    for alias, role in load_roles().items():
        table.add(normalise(alias).text, Kind.FIELD, role)
    for concept in load_concepts().values():
        for name in (*concept.names["en"], *concept.names["zh"]):
            table.add(normalise(name).text, Kind.MENTION, concept.key)
    return table


def _phrases() -> Iterator[tuple[str, Kind, str]]:
    cues, hints = load("cues"), load("hints")
    for kind, section in _CUES:
        for language in ("en", "zh"):
            yield from ((phrase, kind, "") for phrase in words(cues[section].get(language, "")))
    yield from ((phrase, Kind.NEGATE, "") for phrase in composed_negations())
    yield from ((phrase, Kind.CHATTER, "") for phrase in words(cues["except"]["undo"]))
    yield from ((phrase, Kind.CLOSE, "") for phrase in words(cues["except"]["close"]))
    yield from ((phrase, Kind.LOVES, "") for key in ("loves", "loves_zh") for phrase in words(cues["theme"][key]))
    for name, order in {**cues["order"], **cues["superlative"]}.items():
        yield from ((phrase, Kind.ORDER, name) for language in ("en", "zh") for phrase in words(order[language]))
    for group in ("recipient", "interest", "situation"):
        for name, hint in hints[group].items():
            yield from ((phrase, Kind.HINT, f"{group}.{name}") for language in ("en", "zh") for phrase in words(hint[language]))


def composed_negations() -> Iterator[str]:
    """Every helper with every verb: "never wear", 从来不穿."""
    parts = load("cues")["compose"]
    for helper in words(parts["helpers_en"]):
        yield from (f"{helper} {verb}" for verb in words(parts["verbs_en"]))
    for helper in words(parts["helpers_zh"]):
        yield from (f"{helper}{verb}" for verb in (*words(parts["verbs_zh"]), *words(parts["both_zh"])))


@lru_cache(maxsize=1)
def postfix_negations() -> frozenset[str]:
    """Negations that may stand behind what they refuse (黑色的不要)."""
    parts = load("cues")["compose"]
    pairs = {f"{helper}{verb}" for helper in words(parts["helpers_zh"]) for verb in words(parts["both_zh"])}
    refusals = {phrase for language in ("en", "zh") for phrase in words(load("cues")["refuse"][language])}
    return frozenset(pairs | refusals | load_list("postfix_negations"))


@lru_cache(maxsize=1)
def concept_words() -> frozenset[str]:
    """Words of the lexicon's things and properties: what a slip may be corrected to. Never a cue: "hanes" is no "hates"."""
    names = (name for c in load_concepts().values() if c.role != "brand" for name in c.names["en"])
    return frozenset(token.word for name in names for token in tokenise(normalise(name).text))


@lru_cache(maxsize=1)
def ordinary_words() -> frozenset[str]:
    """Words that mean something of their own, so that a brand of that name needs more evidence."""
    lexicon = {name for c in load_concepts().values() if c.role != "brand" for name in c.names["en"] if " " not in name}
    shared = {phrase for phrase, _, _ in _phrases() if " " not in phrase}
    everyday = load("english")["everyday"]["words"].split()
    return frozenset(lexicon | shared | {*everyday, *words(load("cues")["descriptor"]["en"])})
