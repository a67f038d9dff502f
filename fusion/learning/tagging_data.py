"""Sentences with their wanted and refused words marked, made of a shop's own values for the tagger. Read ``make``."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from fusion.instructions.language import is_han
from fusion.instructions.lexicon import words
from fusion.instructions.normalise import normalise
from fusion.instructions.tagger import AVOID, WANT
from fusion.learning.tagging_templates import LANGUAGES, load
from fusion.learning.tagging_values import NEUTRAL, Pools, Word, divide, read_pools
from fusion.types import Vocabulary

_GAP = re.compile(r"\{([+-]?)(\w+)\}")
_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_LABELS = {"+": WANT, "-": AVOID}
_ATTRIBUTES = ("color", "brand", "material", "style", "color")
# Of the sentences: templates of one group, or a wanted thing joined to a refusing clause or to an aside.
_MIX = {
    ("want",): 0.14,
    ("refuse",): 0.25,
    ("contrast",): 0.1,
    ("vague",): 0.09,
    ("distract",): 0.2,
    ("want", "clause"): 0.14,
    ("want", "aside"): 0.08,
}
_JOINS = {
    "en": (", ", ", ", " but ", " and ", ". ", " ", ", also "),
    "zh": (",", ",", "。", ",但是", " ", ",而且", ""),
}
_MIXED, _TYPO, _BARE, _PLURAL, _OWN = 0.07, 0.08, 0.2, 0.6, 0.5


@dataclass(frozen=True, slots=True)
class Span:
    """Characters [start, end) of a sentence that are WANT or AVOID."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """A normalised sentence and its marked words; ``sources`` are the templates and the words that it was made of."""

    text: str
    spans: tuple[Span, ...]
    language: str = ""
    sources: tuple[str, ...] = ()


def make(vocabularies: Iterable[Vocabulary], n: int, split: str, seed: int = 0) -> list[Sentence]:
    """``n`` different sentences (fewer if there are not as many), English and Chinese in turn.

    Args:
        split: "train", "dev" or "test"; each has templates and words of its own.
    """
    maker = _Maker(read_pools(vocabularies), split, random.Random(f"{seed}/{split}"))  # noqa: S311 (data, no secret)
    made: dict[str, Sentence] = {}
    for i in range(4 * n):
        if len(made) == n:
            break
        sentence = maker.sentence(LANGUAGES[i % 2])
        made.setdefault(sentence.text, sentence)
    return list(made.values())


def templates_of(language: str, group: str, split: str) -> list[str]:
    """The templates of a group that belong to a split: 70 : 15 : 15, at least two for dev and test each."""
    split_of = divide(load(language)[group])
    return [template for template in load(language)[group] if split_of[template] == split]


def taught(corrections: Iterable[tuple[str, Sequence[tuple[int, int, str]]]]) -> Iterator[Sentence]:
    """What people corrected: (request as typed, (start, end, WANT or AVOID) in it), as normalised sentences."""
    for text, spans in corrections:
        normal = normalise(text)
        moved = []
        for start, end, label in spans:
            inside = [i for i, origin in enumerate(normal.origin) if start <= origin < end]
            if inside and label in (WANT, AVOID):
                moved.append(Span(inside[0], inside[-1] + 1, label))
        if moved:
            yield Sentence(normal.text, tuple(sorted(moved, key=lambda span: span.start)), sources=("correction",))


class _Maker:
    """Draws sentences of one split."""

    def __init__(self, pools: Pools, split: str, rng: random.Random) -> None:
        self.pools = pools
        self.split = split
        self.rng = rng
        groups = {group for mix in _MIX for group in mix}
        self.templates = {(lang, g): templates_of(lang, g, split) for lang in LANGUAGES for g in groups}

    def sentence(self, language: str) -> Sentence:
        groups = self.rng.choices(list(_MIX), weights=list(_MIX.values()))[0]
        chosen = [self.rng.choice(self.templates[(language, group)]) for group in groups]
        parts = list(chosen)
        if len(parts) > 1 and self.rng.random() < 0.3:
            parts.reverse()
        template = self.rng.choice(_JOINS[language]).join(parts)
        if self.rng.random() < _BARE:
            template = template.replace(",", "" if language == "zh" and self.rng.random() < 0.5 else " ")
        return self._filled(template, language, chosen)

    def _filled(self, template: str, language: str, chosen: Sequence[str]) -> Sentence:
        template = _CHOICE.sub(lambda match: self.rng.choice(match[1].split("|")), template)
        text, spans, used = "", [], list(chosen)
        position = 0
        for gap in _GAP.finditer(template):
            text = _append(text, template[position : gap.start()])
            word = self._word(gap[2], language, used)
            used.append(word.key)
            text = _append(text, "" if not text or not _needs_blank(text[-1], word.text[0]) else " ")
            start = len(text)
            text += self._as_typed(word, gap[2])
            if gap[1]:
                spans.append(Span(start, len(text), _LABELS[gap[1]]))
                used.append(word.text)
            position = gap.end()
        text = _append(text, template[position:]).rstrip()
        return Sentence(text, tuple(spans), language, tuple(used))

    def _word(self, slot: str, language: str, used: Sequence[str]) -> Word:
        if slot == "attr":
            slot = self.rng.choice(_ATTRIBUTES)
        if slot in NEUTRAL:
            lists = load("words")[language]
            return Word(normalise(self.rng.choice(words({**lists, **lists["neutral"]}[slot]))).text, "")
        if self.rng.random() < _MIXED:
            language = LANGUAGES[language == "en"]
        own, shared = self.pools.of(language, slot, self.split)
        pool = own if own and self.rng.random() < _OWN else shared or own
        fresh = [word for word in pool if word.key not in used]
        return self.rng.choice(fresh or pool)

    def _as_typed(self, word: Word, slot: str) -> str:
        text = word.text
        if not text.isascii():
            return text
        if slot == "thing" and text[-1] not in "sy" and self.rng.random() < _PLURAL:
            text += "es" if text.endswith(("sh", "ch", "x")) else "s"
        return self._slipped(text) if len(text) > 4 and self.rng.random() < _TYPO else text

    def _slipped(self, text: str) -> str:
        """One letter left out, doubled or exchanged with the next, never the first."""
        i = self.rng.randrange(1, len(text) - 1)
        head, tail = text[:i], text[i + 1 :]
        return self.rng.choice((head + tail, head + text[i] + text[i:], head + tail[0] + text[i] + tail[1:]))


def _append(text: str, literal: str) -> str:
    """Joined without two blanks in a row, which an alternative left empty would leave."""
    joined = text + (literal.lstrip() if not text or text.endswith(" ") else literal)
    return re.sub(r" {2,}", " ", joined) if "  " in literal else joined


def _needs_blank(before: str, after: str) -> bool:
    """Latin words touch neither each other nor Chinese characters, as most people type them."""
    return before.isalnum() and after.isalnum() and not (is_han(before) and is_han(after))
