"""Requests that a catalogue can answer, as people would type them: things, and things with a colour, a brand or a price."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from fusion.instructions.closed_class import closed_class_table
from fusion.instructions.labels import format_money
from fusion.instructions.language import detect_language, is_han
from fusion.instructions.lexicon import load_concepts, load_list, role_of
from fusion.instructions.normalise import normalise
from fusion.instructions.phrase_table import Kind
from fusion.instructions.tokens import tokenise
from fusion.types import Item, minor_unit_exponent

LANGUAGES = ("en", "zh")
MAX_PHRASES = 6000  # of one language
# A thing alone weighs as much as three items, so that "chair" stands before "black chair".
_ALONE = 3
_MAX_VALUES = 200  # a field with more distinct values holds free text
_MAX_VALUE_WORDS = 3
_PRICED_FROM = 3
_MAX_TITLE = 200
# A title's head is before what it comes with or is for: "lamp with shade", "case for camera".
_TAIL = re.compile(r"\b(?:with|for|by|in|on|of|from|to|without)\b|[,(|:]| - |适用|搭配|配有")
_ROUND = (10, 15, 20, 25, 30, 40, 50, 60, 80)
_PAIRS = ("shoe", "boot", "sneaker", "sandal", "slipper", "heel", "glove", "sock", "earring", "headphone", "earbud", "trouser",
          "stocking", "legging", "flip flop", "loafer", "mitten")  # fmt: skip
_UNDER_ZH = {"USD": "美元", "EUR": "欧元", "GBP": "英镑", "CNY": "元", "JPY": "日元", "HKD": "港币", "TWD": "台币"}

NameOf = Callable[[str, str, str], str]
Names = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Phrase:
    """A request in words, its language, and how many items it is about."""

    text: str
    language: str
    weight: int


def phrases_of(items: Iterable[Item], name_of: NameOf) -> list[Phrase]:
    """The phrases of a catalogue, the heaviest first.

    Args:
        name_of: (field, value, language) -> the value's name in that language, see ``InstructionParser.value_name``.
    """
    counted = _Counted()
    for item in items:
        counted.add(item)
    counts: dict[str, Counter[str]] = {language: Counter() for language in LANGUAGES}
    for language, text, weight in counted.phrases(name_of):
        counts[language][text] += weight
    found = [Phrase(t, code, n) for code, texts in counts.items() for t, n in texts.most_common(MAX_PHRASES)]
    return sorted(found, key=lambda phrase: (-phrase.weight, len(phrase.text), phrase.text))


class _Counted:
    """How often each thing occurs, with which values and at which prices."""

    def __init__(self) -> None:
        self.things: Counter[str] = Counter()
        self.pairs: Counter[tuple[str, str, str]] = Counter()  # (thing, field, value)
        self.prices: dict[tuple[str, str], list[int]] = defaultdict(list)  # (thing, currency) -> minor units
        self.values: dict[str, set[str]] = defaultdict(set)

    def add(self, item: Item) -> None:
        things = things_of(item)
        values = [
            (field, value) for field, given in item.attributes.items() for value in given if _says_something(field, value)
        ]
        values += [("brand", item.brand)] if item.brand else []
        for field, value in values:
            self.values[field].add(value)
        for thing in things:
            self.things[thing] += 1
            self.pairs.update((thing, field, value) for field, value in values)
            if item.price:
                self.prices[thing, item.price.currency].append(item.price.amount_minor)

    def phrases(self, name_of: NameOf) -> Iterator[tuple[str, str, int]]:
        """(language, text, weight)."""
        for thing, count in self.things.items():
            for language, name in names_of(thing).items():
                yield language, name, count * _ALONE
        for field, values in self.values.items():
            if field == "brand":
                for value in values:
                    yield from ((language, name_of(field, value, language), 1) for language in LANGUAGES)
        for (thing, field, value), count in self.pairs.items():
            if len(self.values[field]) > _MAX_VALUES and field != "brand":
                continue
            for language, name in names_of(thing).items():
                if text := _joined(name, role_of(field), name_of(field, value, language), language):
                    yield language, text, count
        for (thing, currency), prices in self.prices.items():
            if len(prices) >= _PRICED_FROM:
                yield from _priced(thing, currency, sorted(prices))


def things_of(item: Item) -> tuple[str, ...]:
    """Keys of the lexicon's things that an item is: the head of its title and what that is a kind of, else its category."""
    titles = (item.title, *(words.title for words in item.translations.values()))
    by_title = next((thing for title in titles if (thing := _head(title[:_MAX_TITLE]))), "")
    if by_title:
        return (by_title, *load_concepts()[by_title].broader[:1])
    by_category = _head(item.category[-1]) if item.category else ""
    return (by_category,) if by_category else ()


@lru_cache(maxsize=200_000)  # a changed catalogue reads its new titles only
def _head(title: str) -> str:
    """The last thing named before what it comes with, "" if none."""
    tokens = tokenise(normalise(_TAIL.split(title, maxsplit=1)[0]).text)
    table, found, at = closed_class_table(), "", 0
    while at < len(tokens):
        matches = table.matches(tokens, at)
        named = {n: [e.ref for e in given if e.kind is Kind.MENTION] for n, given in matches.items()}
        longest = max((n for n, refs in named.items() if refs), default=0)
        things = [ref for ref in named.get(longest, ()) if ref.startswith("category:")]
        found = things[0] if things else found
        at += longest or 1
    return found


def names_of(thing: str) -> Names:
    """Language -> what a thing is called first."""
    names = load_concepts()[thing].names
    return {code: _paired(names[code][0]) if code == "en" else names[code][0] for code in LANGUAGES if names.get(code)}


def _paired(name: str) -> str:
    """ "shoes": what comes in pairs is asked for in the plural."""
    return f"{name}s" if name.endswith(_PAIRS) else name


def _says_something(field: str, value: str) -> bool:
    """Whether a value reads well before a thing: a word or three, no number, no yes or no, no size."""
    plain = normalise(value).text.strip()
    listed = load_list("ignored_fields") | {"size"}
    words = len(plain.split()) <= _MAX_VALUE_WORDS and len(plain) <= 30
    odd = any(c.isdigit() for c in plain) or plain in load_list("true_values") | load_list("never_values")
    return bool(plain) and words and not odd and role_of(field) not in listed


def _joined(thing: str, role: str, value: str, language: str) -> str:
    """ "black chair", "shoes for women", 黑色椅子; "" where the value has no name in that language."""
    speaks = detect_language(value) == language
    if role == "brand":
        space = "" if is_han(value[-1]) and language == "zh" else " "
        return f"{value}{space}{thing}" if speaks or language == "zh" else ""
    if not speaks or value.lower() in thing or thing in value.lower():
        return ""
    if language == "zh":
        return f"{value}{thing}"
    return f"{thing} for {value.lower()}" if role == "gender" else f"{value.lower()} {thing}"


def _priced(thing: str, currency: str, prices: list[int]) -> Iterator[tuple[str, str, int]]:
    """ "chair under $50": a round bound that about half of them meet."""
    unit = 10 ** minor_unit_exponent(currency)
    middle, scale = prices[len(prices) // 2] / unit, 1
    while middle > _ROUND[-1] * scale:
        scale *= 10
    bound = next((n * scale for n in _ROUND if n * scale >= middle), 0)
    within = sum(price <= bound * unit for price in prices)
    names = names_of(thing)
    if "en" in names:
        yield "en", f"{names['en']} under {format_money(bound * unit, currency)}", within
    if "zh" in names and currency in _UNDER_ZH:
        yield "zh", f"{bound}{_UNDER_ZH[currency]}以下的{names['zh']}", within
