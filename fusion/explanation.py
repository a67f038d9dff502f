"""From the addends of a score to reasons in words. A reason names only a signal that raised this item's score."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from fusion.messages import say
from fusion.tokens import tokenize
from fusion.types import Item, Reason, Term

MAX_REASONS = 3
# A reason that carries less of the positive score than this is noise to a shopper.
MIN_SHARE = 0.05

# (source, block) -> (signal, message). Terms of one message are added before they are compared.
_CODES: Mapping[tuple[str, str], tuple[str, str]] = {
    ("words", "lexical"): ("lexical", "matches_words"),
    ("words", "image"): ("words", "photo_fits_words"),
    ("photo", "text"): ("photo", "photo_fits_text"),
    ("liked", "look"): ("liked", "looks_like_item"),
    ("wants", "attributes"): ("match", "is_wanted"),
    ("wants", "price"): ("match", "costs_less"),
    ("history", "behaviour"): ("history", "history_together"),
    ("taste", "attributes"): ("history", "to_your_taste"),
    ("liked", "behaviour"): ("liked", "liked_together"),
    ("again", "before"): ("again", "bought_before"),
    ("again", "regular"): ("again", "bought_regularly"),
    ("popularity", "prior"): ("popularity", "popular"),
}
_CODES_BY_SOURCE: Mapping[str, tuple[str, str]] = {
    "words": ("words", "fits_meaning"),
    "photo": ("photo", "looks_like_photo"),
    "liked": ("liked", "like_item"),
    "history": ("history", "because_view"),
    "avoid": ("avoid", "unlike"),
    "disliked": ("avoid", "unlike"),
}


@dataclass(frozen=True)
class Context:
    """What the reasons of one answer need to know beyond the terms.

    Attributes:
        words: the words that were searched. said: what the shopper said, of which they were made.
        liked_titles: titles of the seed items.
        history_reason: item id -> (kind of interaction, title) of the history item that speaks most for it, or None.
        together: (source, item id) -> (whether enough shoppers bought both, title) of the item of that source that was
            chosen with it most, or None.
        wanted: item id -> labels of the wants that it meets.
        taste: item id -> labels of its values that the shopper keeps choosing.
    """

    language: str
    words: Collection[str] = ()
    liked_titles: Sequence[str] = ()
    history_reason: Callable[[str], tuple[str, str] | None] = lambda item_id: None
    said: str = ""
    together: Callable[[str, str], tuple[bool, str] | None] = lambda source, item_id: None
    wanted: Mapping[str, Sequence[str]] = field(default_factory=dict)
    taste: Callable[[str], Sequence[str]] = lambda item_id: ()


def explain(item: Item, terms: Sequence[Term], context: Context) -> tuple[Reason, ...]:
    """At most MAX_REASONS reasons, strongest first; shares are of the sum of all positive terms."""
    positive = sum(t.contribution for t in terms if t.contribution > 0)
    if positive <= 0:
        return ()
    grouped: dict[tuple[str, str], float] = {}
    for term in terms:
        key = _message_of(term)
        if key:
            grouped[key] = grouped.get(key, 0.0) + term.contribution
    reasons: list[Reason] = []
    for (signal, code), contribution in sorted(grouped.items(), key=lambda pair: -pair[1]):
        if contribution / positive < MIN_SHARE or len(reasons) == MAX_REASONS:
            break
        spoken = _fill(item, code, context)
        if spoken is not None:
            final, params = spoken
            label = say(final, context.language, **params)
            reasons.append(Reason(signal, contribution, min(1.0, contribution / positive), final, label, params))
    return tuple(reasons)


def legs_of_reason(reason: Reason, terms: Sequence[Term]) -> set[tuple[str, str]]:
    """The (source, block) legs whose terms a reason of this item speaks for; its contribution is their sum."""
    return {
        (term.source, term.block)
        for term in terms
        if (key := _message_of(term)) and key[0] == reason.signal and _family(key[1]) == _family(reason.code)
    }


def _message_of(term: Term) -> tuple[str, str] | None:
    return _CODES.get((term.source, term.block)) or _CODES_BY_SOURCE.get(term.source)


def _family(code: str) -> str:
    """What a code is before it is known what the shopper did ("because_view") or which pair it was ("history_together")."""
    if code.startswith("because_"):
        return "because"
    return "together" if code.endswith("_together") else "matches_words" if code == "matches_request" else code


def _fill(item: Item, code: str, context: Context) -> tuple[str, dict[str, str]] | None:
    """The final message code and its parameters; None when the sentence would not be true of this item."""
    join = say("join", context.language)
    if code == "matches_words":
        words = matched_words(item, context.words, context.language, context.said)
        if not words and has_any(item, context.words):
            return "matches_request", {}
        return (code, {"words": join.join(words)}) if words else None
    if code in ("like_item", "looks_like_item"):
        return (code, {"title": join.join(context.liked_titles)}) if context.liked_titles else None
    if code == "is_wanted":
        values = context.wanted.get(item.item_id, ())
        return (code, {"values": join.join(values)}) if values else None
    if code == "to_your_taste":
        values = context.taste(item.item_id)
        return (code, {"values": join.join(values)}) if values else None
    if code.endswith("_together"):
        spoken = context.together(code.removesuffix("_together"), item.item_id)
        return None if spoken is None else ("bought_together" if spoken[0] else "chosen_together", {"title": spoken[1]})
    if code.startswith("because_"):
        found = context.history_reason(item.item_id)
        if found is None:
            return None
        kind, title = found
        return f"because_{kind}" if kind in ("purchase", "add_to_cart", "like") else "because_view", {"title": title}
    return code, {}


def matched_words(item: Item, words: Collection[str], language: str = "", said: str = "", limit: int = 4) -> list[str]:
    """Words of the request that the item has, as a reader meets them; title words first.

    A word is cited from the texts in the reader's language, else from the title that is shown, else as the shopper typed it.
    What was only added to the search, a translation or a category's name, is never cited by itself.

    Args:
        words: all that were searched for. said: the shopper's own.
    """
    stems = {stem for word in words for stem in tokenize(word)}
    own = item.translations.get(language.split("-")[0])
    if own:
        spoken = _matches([own.title, own.description], stems, limit)
        return spoken or _said(item, said, limit)
    typed = stems & set(tokenize(said))
    titles = _matches([item.title], stems, limit)
    others = _matches(_texts(item)[1:], typed - {stem for word in titles for stem in tokenize(word)}, limit - len(titles))
    return [*titles, *others][:limit]


def has_any(item: Item, words: Collection[str]) -> bool:
    """Whether an item has any of the words anywhere."""
    return bool(_matches(_texts(item), {stem for word in words for stem in tokenize(word)}, 1))


def _said(item: Item, said: str, limit: int) -> list[str]:
    """The shopper's own words that an item has in any language."""
    having = {stem for text in _texts(item) for _word, stems in _words_with_stems(text) for stem in stems}
    return [word for word, stems in _words_with_stems(said) if set(stems) & having][:limit]


def _texts(item: Item) -> list[str]:
    texts = [item.title, *(t.title for t in item.translations.values()), item.brand, *item.category]
    texts += [value for values in item.attributes.values() for value in values]
    return [*texts, item.description[:2000], *(t.description for t in item.translations.values())]


def _matches(texts: Sequence[str], stems: Collection[str], limit: int) -> list[str]:
    found: dict[str, str] = {}
    for text in texts:
        for word, word_stems in _words_with_stems(text):
            hits = [s for s in word_stems if s in stems and s not in found]
            if hits:
                found.update(dict.fromkeys(hits, word))
            if len(set(found.values())) >= limit:
                return list(dict.fromkeys(found.values()))
    return list(dict.fromkeys(found.values()))


@lru_cache(maxsize=20_000)  # the same products are shown again and again; cutting their words costs 2 ms a page
def _words_with_stems(text: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Each word as spelled, with its stems; a Chinese run is cut into its own words."""
    pairs: list[tuple[str, tuple[str, ...]]] = []
    for chunk in text.split():
        stems = tokenize(chunk)
        if chunk.isascii():
            pairs.append((chunk.strip(".,;:!?()[]\"'"), tuple(stems)))
        else:
            pairs.extend((stem, (stem,)) for stem in stems)
    return tuple(pairs)
