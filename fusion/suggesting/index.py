"""What may be suggested from one catalogue: requests, categories, items. Built once per change, then only read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from fusion.instructions.language import detect_language, is_han
from fusion.suggesting.folding import Range, Typed, fold, matched_ranges, spell
from fusion.suggesting.lines import BEGINS, Hit, Lines
from fusion.suggesting.phrases import LANGUAGES, NameOf, Phrase, names_of, phrases_of, things_of
from fusion.types import Item

_MAX_COMPLETED = 3
_MAX_TAIL = 4
# From here on a spelling is near: two slips in six letters. Behind another first letter it must be nearer.
_NEAR, _SURE = 0.65, 0.8
_SHORTEST = 4
_MAX_NEAR = 24
_MAX_STRETCHES = 40


@dataclass(frozen=True, slots=True)
class SuggestedRequest:
    """A request to ask. ``source`` is "catalogue" (it can answer it), "asked" (by several shoppers) or "recent"."""

    text: str
    ranges: tuple[Range, ...] = ()
    source: str = "catalogue"


@dataclass(frozen=True, slots=True)
class SuggestedCategory:
    """A category with its path from the root, its name in the reader's language, and how many items lie in it."""

    path: tuple[str, ...]
    name: str
    total: int
    ranges: tuple[Range, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundItem:
    """An item whose title or brand holds what was typed; ``words`` and ``letters`` are for ``matched_ranges``."""

    item_id: str
    words: tuple[str, ...]
    letters: str


@dataclass(frozen=True, slots=True)
class Found:
    """What one index suggests."""

    requests: tuple[SuggestedRequest, ...] = ()
    categories: tuple[SuggestedCategory, ...] = ()
    items: tuple[FoundItem, ...] = ()


class SuggestionIndex:
    """Args: items: the most popular first; name_of: see ``phrases_of``."""

    def __init__(self, items: Iterable[Item], name_of: NameOf) -> None:
        items = list(items)
        self._name_of = name_of
        self._phrases: Sequence[Phrase] = phrases_of(items, name_of)
        self._requests = Lines([phrase.text for phrase in self._phrases])
        counts = Counter(item.category[: depth + 1] for item in items for depth in range(len(item.category)))
        self._totals = dict(counts.most_common())
        names = [(path, name) for path in self._totals for name in self._names_of(path)]
        self._paths = [path for path, _ in names]
        self._categories = Lines([name for _, name in names])
        titles = [(item.item_id, title) for item in items for title in self._titles_of(item)]
        self._item_ids = [item_id for item_id, _ in titles]
        self._titles = Lines([title for _, title in titles])

    def suggest(self, typed: Typed, language: str, most: int) -> Found:
        """At most so many of each kind. Slips are only seen where nothing holds what was typed as it stands.

        Args:
            language: of the reader; what is found may be in either.
        """
        wanted = 4 * most
        kinds = (self._requests, self._categories, self._titles)
        hits = [lines.find(typed, wanted) for lines in kinds]
        if language == "zh" or not any(hits):
            hits = [[*known, *lines.find_sounding(typed, wanted)] for known, lines in zip(hits, kinds, strict=True)]
        if not any(hits):
            hits = [lines.find_slipped(typed, wanted) for lines in kinds]
        requests = self._found_requests(hits[0], typed, language) or self._completed(typed)
        return Found(
            tuple(requests[:most]),
            tuple(self._found_categories(hits[1], language)[:most]),
            tuple(self._found_items(hits[2])[:most]),
        )

    def nearest(self, words: str, language: str, most: int) -> tuple[str, ...]:
        """Requests of this catalogue that are spelt nearly like some words which it does not have, the nearest first.

        Every stretch of the words is compared, so that "grean chiar" finds "green chair" and "a new kemera" the camera.
        Chinese is compared by its sounds as well.
        """
        spoken = detect_language(words) or language
        phrases = [(p.text, fold(p.text)) for p in self._phrases if p.language == spoken and len(p.text) <= _MAX_NEAR]
        stretches = _stretches(fold(words), spoken)
        ranked: dict[str, float] = {}
        for text, folded in phrases:
            closeness = max((_closeness(stretch, folded, spoken) for stretch in stretches), default=0.0)
            if closeness >= _NEAR:
                ranked[text] = closeness
        return tuple(sorted(ranked, key=lambda text: -ranked[text])[:most])

    def _found_requests(self, hits: list[Hit], typed: Typed, language: str) -> list[SuggestedRequest]:
        spoken = detect_language(typed.text) or language
        hits.sort(key=lambda hit: (hit.tier, self._phrases[hit.line].language != spoken))
        found = {self._phrases[hit.line].text: hit for hit in reversed(hits)}
        return [self._request(hit) for text, hit in reversed(found.items()) if text != typed.text.strip()]

    def _found_categories(self, hits: list[Hit], language: str) -> list[SuggestedCategory]:
        found = {self._paths[hit.line]: hit for hit in reversed(hits)}
        return [self._category(path, hit, language) for path, hit in reversed(found.items())]

    def _found_items(self, hits: list[Hit]) -> list[FoundItem]:
        found = {self._item_ids[hit.line]: hit for hit in reversed(hits)}
        return [FoundItem(item_id, hit.words, hit.letters) for item_id, hit in reversed(found.items())]

    def _request(self, hit: Hit) -> SuggestedRequest:
        text = self._phrases[hit.line].text
        return SuggestedRequest(text, matched_ranges(text, hit.words, hit.letters))

    def _category(self, path: tuple[str, ...], hit: Hit, language: str) -> SuggestedCategory:
        name = self._name_of("category", "/".join(path), language)
        return SuggestedCategory(path, name, self._totals[path], matched_ranges(name, hit.words, hit.letters))

    def _names_of(self, path: tuple[str, ...]) -> list[str]:
        value = "/".join(path)
        return list(dict.fromkeys([path[-1], *(self._name_of("category", value, language) for language in LANGUAGES)]))

    def _titles_of(self, item: Item) -> list[str]:
        """Each title with the brand behind it, so that either finds the item."""
        titles = dict.fromkeys((item.title, *(words.title for words in item.translations.values())))
        brand = " ".join(dict.fromkeys(self._name_of("brand", item.brand, code) for code in LANGUAGES)) if item.brand else ""
        return [f"{title} {brand}" for title in titles if title]

    def _completed(self, typed: Typed) -> list[SuggestedRequest]:
        """A longer request, its last word completed: "a gift for someone who loves pla" with "plants"."""
        for tail in _tails(typed):
            hits = self._requests.beginning(tail, _MAX_COMPLETED)
            beginning = typed.text[: len(typed.text) - len(tail)]
            texts = [beginning + self._phrases[hit.line].text for hit in hits if hit.tier == BEGINS]
            if texts:
                return [SuggestedRequest(text, ((0, len(typed.text)),)) for text in texts if text != typed.text]
        return []


def things_in(items: Iterable[Item], language: str) -> tuple[str, ...]:
    """What some items are called, each kind once, in a language."""
    spoken = "zh" if language.split("-")[0].lower() == "zh" else "en"
    names = [names_of(thing).get(spoken, "") for item in items for thing in things_of(item)[:1]]
    return tuple(dict.fromkeys(name for name in names if name))


def _stretches(words: str, language: str) -> list[str]:
    """The words, and each run of one or two of them (of Chinese: of two to four characters)."""
    if language == "zh":
        runs = [words[i : i + n] for n in (2, 3, 4) for i in range(len(words) - n + 1)]
    else:
        parts = words.split()
        runs = [" ".join(parts[i : i + n]) for n in (1, 2) for i in range(len(parts) - n + 1)]
    return list(dict.fromkeys(run for run in [words, *runs] if len(run) >= (2 if language == "zh" else _SHORTEST)))[
        :_MAX_STRETCHES
    ]


def _closeness(stretch: str, phrase: str, language: str) -> float:
    """How alike two spellings are, 0 to 1; of Chinese by characters or by sounds, of a slip by whole letters."""
    closeness = OSA.normalized_similarity(stretch, phrase)
    if language == "zh":
        sounds = ["".join(spell(text)) for text in (stretch, phrase)]
        return max(closeness, OSA.normalized_similarity(*sounds) if len(stretch) == len(phrase) else 0.0)
    return closeness if stretch[:1] == phrase[:1] or closeness >= _SURE else 0.0


def _tails(typed: Typed) -> list[str]:
    """Beginnings of a last word that what was typed ends with, the longest first; none where it is the only word."""
    last = typed.words[-1] if typed.words else ""
    if not last or not typed.text.lower().endswith(last):
        return []
    if is_han(last[0]):
        longest = min(_MAX_TAIL, len("".join(typed.words)) - 1)
        return [last[-n:] for n in range(longest, 0, -1) if n <= len(last)]
    return [last] if len(typed.words) > 1 and len(last) > 1 else []
