"""What fills the gaps of the tagger's sentences: the catalogue's own values, the lexicon's names, and a few words of neither.

Everything is split into train, dev and test by what it means ("black" and 黑色 go together), so that what a tagger is measured
on is nothing that it has seen.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fusion.instructions.language import detect_language
from fusion.instructions.lexicon import load_concepts, load_list, role_of, words
from fusion.instructions.normalise import normalise
from fusion.learning.tagging_templates import LANGUAGES, load
from fusion.types import Vocabulary

SPLITS = ("train", "dev", "test")
NEUTRAL = ("price", "money", "who", "use", "size", "slotname")
_SHARES = (0.7, 0.15, 0.15)
_PLAIN_ROLES = frozenset({"color", "brand", "material"})
_LEFT_OUT = frozenset({"size", "gender", "age"})
_MAX_VALUES = 400  # of one field, the most frequent
_MAX_LENGTH = 30


@dataclass(frozen=True, slots=True)
class Word:
    """A phrase that fills a gap, and the key of what it means."""

    text: str
    key: str


@dataclass(frozen=True, slots=True)
class Pools:
    """(language, slot, split) -> words of the catalogue, and of the lexicon and the lists."""

    own: Mapping[tuple[str, str, str], Sequence[Word]]
    shared: Mapping[tuple[str, str, str], Sequence[Word]]

    def of(self, language: str, slot: str, split: str) -> tuple[Sequence[Word], Sequence[Word]]:
        key = (language, slot, split)
        return self.own.get(key, ()), self.shared.get(key, ())


def read_pools(vocabularies: Iterable[Vocabulary]) -> Pools:
    """Every word that may fill a gap, split by what it means."""
    own = _own_words(vocabularies)
    shared = _lexicon_words()
    keys: dict[str, set[str]] = defaultdict(set)
    for (_, slot), found in (*own.items(), *shared.items()):
        keys[slot].update(word.key for word in found)
    split_of = {slot: divide(sorted(found)) for slot, found in keys.items()}
    seen = {w.text for pool in (own, shared) for (_, slot), ws in pool.items() for w in ws if split_of[slot][w.key] == "train"}
    return Pools(_divided(own, split_of, seen), _divided(shared, split_of, seen))


def divide(keys: Sequence[str]) -> dict[str, str]:
    """Key -> split, by the order of the keys' hashes: 70 : 15 : 15, whatever the seed."""
    ordered = sorted(keys, key=lambda key: hashlib.sha256(key.encode()).digest())
    n_train = round(len(ordered) * _SHARES[0])
    n_dev = round(len(ordered) * (_SHARES[0] + _SHARES[1]))
    return {key: SPLITS[(i >= n_train) + (i >= n_dev)] for i, key in enumerate(ordered)}


def _divided(
    pool: Mapping[tuple[str, str], Sequence[Word]], split_of: Mapping[str, Mapping[str, str]], seen: set[str]
) -> dict[tuple[str, str, str], list[Word]]:
    """A phrase that means two things, one of them for training, is for training only."""
    divided: dict[tuple[str, str, str], list[Word]] = defaultdict(list)
    for (language, slot), found in pool.items():
        for word in dict.fromkeys(found):
            split = split_of[slot][word.key]
            if split == "train" or word.text not in seen:
                divided[(language, slot, split)].append(word)
    return divided


def _own_words(vocabularies: Iterable[Vocabulary]) -> dict[tuple[str, str], list[Word]]:
    names = {
        (concept.role, name): key for key, concept in load_concepts().items() for ns in concept.names.values() for name in ns
    }
    found: dict[tuple[str, str], list[Word]] = defaultdict(list)
    for vocabulary in vocabularies:
        for field, values in vocabulary.values.items():
            role = role_of(field)
            if role in _LEFT_OUT or role in load_list("ignored_fields"):
                continue
            slot = "thing" if field == "category" else role if role in _PLAIN_ROLES else "style"
            for value in sorted(values, key=lambda v: -values[v])[:_MAX_VALUES]:
                text = normalise(value.rpartition("/")[2] if field == "category" else value).text.strip()
                if _is_usable(text):
                    key = names.get((role, text)) or names.get((role, text.removesuffix("s"))) or f"{slot}:{text}"
                    found[(detect_language(text), slot)].append(Word(text, key))
    return found


def _is_usable(text: str) -> bool:
    plain = text not in load_list("never_values") and not any(c.isdigit() for c in text)
    return plain and 0 < len(text) <= _MAX_LENGTH and bool(detect_language(text))


def _lexicon_words() -> dict[tuple[str, str], list[Word]]:
    found: dict[tuple[str, str], list[Word]] = defaultdict(list)
    for key, concept in load_concepts().items():
        if concept.role in _LEFT_OUT:
            continue
        slot = "thing" if concept.role == "category" else concept.role if concept.role in _PLAIN_ROLES else "style"
        for language in LANGUAGES:
            # "黑的" and single characters are parts of phrases rather than phrases
            names = (normalise(name).text for name in concept.names[language])
            found[(language, slot)] += [Word(n, key) for n in names if not n.endswith("的") and len(n) > 1]
    for language in LANGUAGES:
        for slot in ("feature", "vague"):
            texts = words(load("words")[language][slot])
            found[(language, slot)] = [Word(normalise(text).text, f"{slot}:{text}") for text in texts]
    return found
