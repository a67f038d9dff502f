"""The catalogue's own values, read once: which phrases and which concepts of the lexicon mean which of them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from fusion.instructions.closed_class import closed_class_table
from fusion.instructions.dimensions import Dimension, read_dimension
from fusion.instructions.lexicon import load_concepts, load_list, role_of
from fusion.instructions.measures import measure_key, size_key
from fusion.instructions.normalise import normalise
from fusion.instructions.phrase_table import Kind, Link, PhraseTable
from fusion.instructions.tokens import HAN, Token, tokenise
from fusion.types import Vocabulary

_PARTS = re.compile(r"[/,&+、|]| and | & |和|与", re.IGNORECASE)
# A field with more distinct values than this holds free text (descriptions, model numbers): nothing to link to.
_MAX_VALUES = 5000

Values = dict[str, int]  # value -> number of items


@dataclass(slots=True)
class CatalogueValues:
    """What the words of a request can be linked to in one catalogue. Filled by ``read_catalogue``, then only read.

    Attributes:
        table: phrases of the catalogue's own values.
        concepts: concept key -> links, exact and narrower before broader; absent where the catalogue has nothing.
        measures: "13 inch" -> links of values that are or hold that measure.
        sizes: "40", "m" -> links of values of size fields.
        fields: role -> the catalogue's fields of that role, the most used first.
        dimensions: fields whose numbers compare.
        names: category names, to compare unknown phrases with -> their links.
        spoken: (language, category) -> what the catalogue itself calls it there; by path, and by name where it means one.
    """

    table: PhraseTable = field(default_factory=PhraseTable)
    concepts: dict[str, tuple[Link, ...]] = field(default_factory=dict)
    measures: dict[str, list[Link]] = field(default_factory=dict)
    sizes: dict[str, list[Link]] = field(default_factory=dict)
    fields: dict[str, list[str]] = field(default_factory=dict)
    names: dict[str, Link] = field(default_factory=dict)
    spoken: dict[tuple[str, str], str] = field(default_factory=dict)
    value_concepts: dict[tuple[str, str], str] = field(default_factory=dict)
    dimensions: list[Dimension] = field(default_factory=list)


def read_catalogue(vocabulary: Vocabulary) -> CatalogueValues:
    """Link every value of the vocabulary. Linear in the number of values."""
    return _Reader(vocabulary).read()


class _Reader:
    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.result = CatalogueValues()
        self.tokens: dict[str, list[Token]] = {}
        self.phrases: dict[tuple[str, str, str], Values] = defaultdict(dict)  # (normalised phrase, field, role) -> values
        self.exact: dict[str, dict[tuple[str, str], Values]] = defaultdict(lambda: defaultdict(dict))
        self.narrower: dict[str, dict[tuple[str, str], Values]] = defaultdict(lambda: defaultdict(dict))
        has_field = any(role_of(name) == "gender" for name in vocabulary.values)
        self.finds_gender_in_categories = not has_field and "gender" not in vocabulary.excluded

    def read(self) -> CatalogueValues:
        for name, values in self.vocabulary.values.items():
            role = role_of(name)
            if role in load_list("ignored_fields") or (len(values) > _MAX_VALUES and role != "brand"):
                continue
            self.result.fields.setdefault(role, []).append(name)
            if name == "category":
                self._read_categories(values)
            else:
                self._read_attribute(name, role, values)
                if dimension := read_dimension(name, values):
                    self.result.dimensions.append(dimension)
                self.result.table.add(normalise(name).text, Kind.FIELD, role)
        for fields in self.result.fields.values():
            fields.sort(key=lambda name: -sum(self.vocabulary.values[name].values()))
        self._link_concepts()
        self._fill_table()
        self._read_names()
        return self.result

    def _read_names(self) -> None:
        for language, names in self.vocabulary.names.items():
            by_node: dict[str, set[str]] = defaultdict(set)
            for path, name in names.items():
                self.result.spoken[language, path] = name
                by_node[path.rpartition("/")[2]].add(name)
            for node, called in by_node.items():
                if len(called) == 1:
                    self.result.spoken.setdefault((language, node), *called)

    # -- categories ---------------------------------------------------------------------------------------------------

    def _read_categories(self, paths: Mapping[str, int]) -> None:
        counts: Values = defaultdict(int)
        for path, count in paths.items():
            nodes = path.split("/")
            for depth in range(1, len(nodes) + 1):
                counts["/".join(nodes[:depth])] += count
        for path, count in counts.items():
            self._read_category(path, count)

    def _read_category(self, path: str, count: int) -> None:
        name = normalise(path.rpartition("/")[2]).text
        self.result.names.setdefault(name, Link("category", "category", (path,), count=count))
        parts = _parts(name)
        for part in parts:
            if len(parts) > 1 and part in load_list("never_parts"):
                continue
            tokens = tokenise(part)
            genders = [t for t in tokens if _concept_of([t], "gender")]
            things = [t for t in tokens if t not in genders]
            if genders and self.finds_gender_in_categories:
                self._attach(self.exact, _concept_of(genders[:1], "gender"), "category", "gender", path, count)
            if things:
                self._phrase(name, "category", "category", path, count)
                self._read_thing(things, path, count)

    def _read_thing(self, tokens: Sequence[Token], path: str, count: int) -> None:
        self._phrase(_joined(tokens), "category", "category", path, count)
        named = _concepts_of(tokens, "category")  # "Tops" are the tops beside shirts, or all that is worn above
        for concept in named:
            self._attach(self.exact, concept, "category", "category", path, count)
            self.result.value_concepts.setdefault(("category", path), concept)
        if named:
            return
        for start in range(1, len(tokens)):
            if concept := _concept_of(tokens[start:], "category"):
                self._attach(self.narrower, concept, "category", "category", path, count)
                return

    # -- attributes ---------------------------------------------------------------------------------------------------

    def _read_attribute(self, name: str, role: str, values: Mapping[str, int]) -> None:
        for value, count in values.items():
            text = normalise(value).text.strip()
            if text in load_list("true_values"):
                self._phrase(normalise(name).text, name, role, value, count)
                if concept := _concept_of(tokenise(normalise(name).text), "feature"):
                    self._attach(self.exact, concept, name, role, value, count)
            if not text or text in load_list("never_values"):
                continue
            self._read_value(name, role, value, text, count)

    def _read_value(self, name: str, role: str, value: str, text: str, count: int) -> None:
        tokens = self.tokens[text] = tokenise(text)
        if role == "size" and (size := size_key(tokens)):
            _extend(self.result.sizes, size, Link(name, "size", (value,), count=count))
        for measure in measure_key(tokens):
            _extend(self.result.measures, measure, Link(name, role, (value,), count=count))
        if not any(t.kind in {"word", HAN} for t in tokens):
            return  # A bare number is never a value without its context.
        self._phrase(text, name, role, value, count)
        if role == "brand":
            self._read_brand(tokens, name, value, count)
            return
        self._read_property(tokens, text, name, role, value, count)

    def _read_property(self, tokens: Sequence[Token], text: str, name: str, role: str, value: str, count: int) -> None:
        if concept := _concept_of(tokens, role):
            self._attach(self.exact, concept, name, role, value, count)
            self.result.value_concepts[(name, value)] = concept
            return
        parts = _parts(text)
        for part in parts if len(parts) > 1 else ():
            if concept := _concept_of(tokenise(part), role):
                self._attach(self.narrower, concept, name, role, value, count)
        for start in range(1, len(tokens) if len(parts) == 1 else 0):
            if concept := _concept_of(tokens[start:], role):
                self._attach(self.narrower, concept, name, role, value, count)
                return

    def _read_brand(self, tokens: Sequence[Token], name: str, value: str, count: int) -> None:
        plain = [t for t in tokens if t.word not in load_list("company_words") and t.kind != "mark"]
        if plain and len(plain) < len(tokens):
            self._phrase(_joined(plain), name, "brand", value, count)
        # "L'Oreal Paris" is L'Oreal: the longest beginning that names a brand counts.
        named = [
            entry.ref
            for _, entries in sorted(closed_class_table().matches(tokens, 0).items())
            for entry in entries
            if entry.ref.startswith("brand:")
        ]
        if named:
            self._attach(self.exact, named[-1], name, "brand", value, count)
            self.result.value_concepts[(name, value)] = named[-1]

    # -- links --------------------------------------------------------------------------------------------------------

    def _phrase(self, phrase: str, name: str, role: str, value: str, count: int) -> None:
        if phrase.strip() not in load_list("never_values"):
            self.phrases[(phrase.strip(), name, role)][value] = count

    @staticmethod
    def _attach(
        store: dict[str, dict[tuple[str, str], Values]], concept: str, name: str, role: str, value: str, count: int
    ) -> None:
        store[concept][(name, role)][value] = count

    def _link_concepts(self) -> None:
        below = _descendants()
        own: dict[str, tuple[Link, ...]] = {}
        for key in load_concepts():
            links = self._own_links(key, below.get(key, ()))
            if links:
                own[key] = links
        for key in load_concepts():
            if links := own.get(key) or self._broader_links(key):
                self.result.concepts[key] = links

    def _broader_links(self, key: str) -> tuple[Link, ...]:
        """Links to the values that are the nearest broader concepts themselves; a sibling ("shirts" for a jacket) is none."""
        level, seen = list(load_concepts()[key].broader), {key}
        while level:
            grouped: dict[tuple[str, str], Values] = defaultdict(dict)
            for parent in level:
                for where, values in self.exact.get(parent, {}).items():
                    grouped[where].update(values)
            if grouped:
                return tuple(_link(where, _innermost(values), "broader") for where, values in grouped.items())
            seen.update(level)
            level = [b for parent in level for b in load_concepts()[parent].broader if b not in seen]
        return ()

    def _own_links(self, key: str, below: Iterable[str]) -> tuple[Link, ...]:
        """Links to values that are the concept or kinds of it.

        An exact value stands alone, unless it is rare among its kinds: one "Blue" beside fifty "Light Blue" means both.
        """
        kinds: dict[tuple[str, str], Values] = defaultdict(dict)
        for child in below:
            for store in (self.exact, self.narrower):
                for where, values in store.get(child, {}).items():
                    kinds[where].update(values)
        for where, values in self.narrower.get(key, {}).items():
            kinds[where].update(values)
        exact = self.exact.get(key, {})
        links = []
        for where in {**exact, **kinds}:
            values = dict(exact.get(where, {}))
            fit = "exact" if values else "narrower"
            if sum(values.values()) * 4 <= sum(kinds.get(where, {}).values()):
                values.update(kinds.get(where, {}))
            links.append(_link(where, values, fit))
        return tuple(links)

    def _fill_table(self) -> None:
        grouped: dict[str, list[Link]] = defaultdict(list)
        for (phrase, name, role), values in self.phrases.items():
            grouped[phrase].append(_link((name, role), values, "exact"))
        for phrase, links in grouped.items():
            tokens = self.tokens.get(phrase) or tokenise(phrase)
            self.result.table.add_tokens(tokens, Kind.MENTION, "", tuple(links))
            for variant in {phrase.replace("&", " and "), phrase.replace("&", " "), phrase.replace("/", " ")} - {phrase}:
                self.result.table.add(variant, Kind.MENTION, "", tuple(links))
        for pinyin, meant in self._pinyin(grouped):
            self.result.table.add(pinyin, Kind.MENTION, "", meant, strict=True, spelled=False)

    def _pinyin(self, grouped: Mapping[str, list[Link]]) -> Iterator[tuple[str, tuple[Link, ...]]]:
        """Chinese names typed in Latin letters: paoxie, pao xie. Only for what the catalogue has, never shadowing a word."""
        known = closed_class_table().words | self.result.table.words
        names = [(phrase, tuple(links)) for phrase, links in grouped.items() if _is_han_name(phrase)]
        for key, concept_links in self.result.concepts.items():
            if all(link.fit != "broader" for link in concept_links):
                names.extend((name, concept_links) for name in load_concepts()[key].names["zh"] if _is_han_name(name))
        for name, links in names:
            syllables = _syllables(name)
            if len("".join(syllables)) >= 5 and "".join(syllables) not in known:
                yield "".join(syllables), links
                yield " ".join(syllables), links


def _link(where: tuple[str, str], values: Values, fit: str) -> Link:
    """One link; of categories inside one another only the outermost is kept."""
    name, role = where
    kept = sorted(values)
    if name == "category":
        kept = [path for path in kept if not any(path.startswith(f"{other}/") for other in kept)]
    return Link(name, role, tuple(kept), fit, sum(values[v] for v in kept))


def _innermost(values: Values) -> Values:
    """Of categories inside one another, the closer to what was said."""
    return {v: n for v, n in values.items() if not any(other.startswith(f"{v}/") for other in values)}


def _descendants() -> Mapping[str, set[str]]:
    below: dict[str, set[str]] = defaultdict(set)
    for key, concept in load_concepts().items():
        level, seen = list(concept.broader), set[str]()
        while level:
            parent = level.pop()
            if parent not in seen:
                seen.add(parent)
                below[parent].add(key)
                level.extend(load_concepts()[parent].broader)
    return below


def _concept_of(tokens: Sequence[Token], role: str) -> str:
    """Key of the concept that the tokens name, "" if none; a role unknown to the lexicon takes any attribute concept."""
    return next(iter(_concepts_of(tokens, role)), "")


def _concepts_of(tokens: Sequence[Token], role: str) -> list[str]:
    """Keys of all of them; the first is what the value is called."""
    if not tokens:
        return []
    tokens = [Token(t.word, t.key, t.start, t.end, t.kind) for t in tokens if t.word != "的"]
    entries = closed_class_table().matches(tokens, 0).get(len(tokens), []) if tokens else []
    keys = [entry.ref for entry in entries if entry.kind is Kind.MENTION]
    same = [key for key in keys if key.startswith(f"{role}:")]
    known_role = role in {"color", "gender", "size", "material", "season", "brand", "category"}
    free = [key for key in keys if not key.startswith(("category:", "brand:"))]
    return same or ([] if known_role else free)


def _parts(name: str) -> list[str]:
    """What a compound name joins: "perfume and body mist" -> "perfume", "body mist"; the name itself when it joins nothing."""
    return [part.strip() for part in _PARTS.split(name) if part.strip()]


def _joined(tokens: Sequence[Token]) -> str:
    han = all(t.kind == HAN for t in tokens)
    return ("" if han else " ").join(t.word for t in tokens)


@lru_cache(maxsize=16384)
def _syllables(name: str) -> tuple[str, ...]:
    from pypinyin import lazy_pinyin

    return tuple(lazy_pinyin(name))


def _is_han_name(name: str) -> bool:
    return len(name) > 1 and all("\u3400" <= c <= "\u9fff" for c in name)


def _extend(index: dict[str, list[Link]], key: str, link: Link) -> None:
    """Add a value to the link of its field, or a new link."""
    links = index.setdefault(key, [])
    for i, known in enumerate(links):
        if known.field == link.field:
            if link.values[0] not in known.values:
                links[i] = Link(known.field, known.role, (*known.values, *link.values), known.fit, known.count + link.count)
            return
    links.append(link)
