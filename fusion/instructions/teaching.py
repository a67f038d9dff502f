"""What a shop's people teach a parser: synonyms, phrases to pass over, and what a request meant."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from fusion.instructions.normalise import normalise

WANTED, UNWANTED = "WANT", "AVOID"
ANY_LANGUAGE = "any"
_AROUND = " \t\n.,!?;:。，！？；：、…~"


@dataclass(frozen=True, slots=True)
class Synonym:
    """Words that mean something else in this shop.

    Attributes:
        words: as shoppers say it ("kicks").
        means: other words ("sneakers", "black dress", "under 50"), or values of one field of the catalogue in the notation of
            the expectations ("category=Shoes/Sneakers", "color=Navy|Blue").
        two_way: the other words mean these as well. A value has no way back.
        language: of the requests it holds in: "en", "zh" or "any". A mixed request counts as ``detect_language`` says.
    """

    words: str
    means: str
    two_way: bool = False
    language: str = ANY_LANGUAGE

    @property
    def slot(self) -> tuple[str, tuple[str, ...]] | None:
        """(field, values) where a value of the catalogue is meant."""
        name, sign, values = self.means.partition("=")
        return (name.strip(), tuple(v.strip() for v in values.split("|") if v.strip())) if sign else None


@dataclass(frozen=True, slots=True)
class StopPhrase:
    """Words that say nothing here, whatever the lexicon thinks of them."""

    phrase: str
    language: str = ANY_LANGUAGE


@dataclass(frozen=True, slots=True)
class Correction:
    """What one request, word for word, means.

    Attributes:
        musts, wants, avoids: slots in the notation of ``fusion.instructions.evaluation`` ("color!=Red", "price<=50").
        order: "price asc", "created_at desc", ...; "" for relevance.
        rest: the words to search with; "" searches with the names of the values.
        avoid: words that are not wanted and that no field knows.
    """

    text: str
    musts: tuple[str, ...] = ()
    wants: tuple[str, ...] = ()
    avoids: tuple[str, ...] = ()
    order: str = ""
    rest: str = ""
    avoid: str = ""


@dataclass(frozen=True, slots=True)
class TaggedRequest:
    """A request and which of its words say what is wanted and what is not.

    Attributes:
        spans: (start, end, "WANT" or "AVOID"), offsets in ``text``, in order, without overlaps.
    """

    text: str
    spans: tuple[tuple[int, int, str], ...]


@dataclass(frozen=True, slots=True)
class Teaching:
    """Everything that is taught and in force."""

    synonyms: tuple[Synonym, ...] = ()
    stop_phrases: tuple[StopPhrase, ...] = ()
    corrections: tuple[Correction, ...] = field(default=())


def request_key(text: str) -> str:
    """How requests and phrases are compared: normalised, single spaces, without marks around them."""
    return " ".join(normalise(text).text.split()).strip(_AROUND)


def tagged(text: str, wanted: Iterable[str], unwanted: Iterable[str]) -> TaggedRequest:
    """The spans of phrases in a request: each phrase's first place that is still free; one that does not occur is left out."""
    spans: list[tuple[int, int, str]] = []
    for tag, phrases in ((WANTED, wanted), (UNWANTED, unwanted)):
        for phrase in sorted(filter(None, phrases), key=len, reverse=True):
            free = (
                (match.start(), match.end(), tag)
                for match in re.finditer(re.escape(phrase), text, re.IGNORECASE)
                if all(match.end() <= start or end <= match.start() for start, end, _ in spans)
            )
            spans += [found for found in (next(free, None),) if found]
    return TaggedRequest(text, tuple(sorted(spans)))
