"""Whether a lesson can work: refused with the reason, in the reader's language, before it is saved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils.translation import gettext as _

from fusion.instructions.catalogue_names import CatalogueNames
from fusion.instructions.evaluation import slot_of
from fusion.instructions.reserved import is_reserved, reserved_in
from fusion.instructions.slots import BadSlot, constraint_of
from fusion.instructions.teaching import request_key
from fusion.types import Strength
from recommender.engine import get_engine
from recommender.models import Correction, StopPhrase, Synonym
from recommender.taught import Language

MAX_WORDS = 8  # of a phrase; longer ones are requests, and corrections are for those
Taught = TypeVar("Taught", Synonym, StopPhrase)
SLOT_LISTS = {"musts": Strength.MUST, "wants": Strength.WANT, "avoids": Strength.AVOID}


def catalogue_names() -> CatalogueNames:
    """The names of the catalogue as this process knows it now."""
    engine = get_engine()
    engine.refresh()
    return CatalogueNames(engine.collection.columns.vocabulary())


def checked_synonym(synonym: Synonym, names: CatalogueNames) -> str:
    """What the synonym means, in the catalogue's own spelling where it is a value.

    Raises: ValidationError: it cannot work, or is there already.
    """
    _check_phrase(synonym.words)
    if is_reserved(synonym.words):
        raise ValidationError({"words": _reserved_message(synonym.words)})
    means = _own_spelling(synonym, names) if _is_slot(synonym.means) else " ".join(synonym.means.split())
    if not _is_slot(means):
        _check_phrase(means, "means")
        if request_key(means) == request_key(synonym.words):
            raise ValidationError(
                {"means": _('"%(words)s" already means itself. Give other words.') % {"words": synonym.words}}
            )
        if synonym.two_way and is_reserved(means):
            raise ValidationError({"means": _reserved_message(means)})
    _check_known(synonym, means)
    _check_stop_phrases(synonym)
    return means


def check_stop_phrase(stop: StopPhrase) -> None:
    """Raises: ValidationError: it would swallow words that carry meaning, or is there already."""
    _check_phrase(stop.phrase, "phrase")
    if reserved := reserved_in(stop.phrase):
        raise ValidationError({"phrase": _reserved_message(reserved)})
    key = request_key(stop.phrase)
    if twin := next(iter(_same_language(stop, StopPhrase.objects.filter(key=key))), None):
        raise ValidationError({"phrase": _already(twin)})
    if synonym := next(iter(_same_language(stop, Synonym.objects.filter(key=key))), None):
        message = _('This is a synonym ("%(synonym)s"), so it cannot be passed over. Delete the synonym first.')
        raise ValidationError({"phrase": message % {"synonym": synonym}})


def check_correction(correction: Correction, names: CatalogueNames) -> None:
    """Put the slots of a correction into the catalogue's own spelling.

    Raises: ValidationError: a slot means nothing here, a marked word is not in the request, or it says nothing at all.
    """
    key = request_key(correction.text)
    if not key:
        raise ValidationError({"text": _("There are no letters or numbers in this.")})
    twin = Correction.objects.filter(key=key).exclude(pk=correction.pk).first()
    if twin:
        message = _('"%(text)s" is corrected already. Change that correction instead.')
        raise ValidationError({"text": message % {"text": twin.text}})
    for name, strength in SLOT_LISTS.items():
        setattr(correction, name, [_checked_slot(slot, strength, names, name) for slot in getattr(correction, name)])
    _check_contradictions(correction)
    for name in ("wanted", "unwanted"):
        for phrase in getattr(correction, name):
            if phrase.casefold() not in correction.text.casefold():
                message = _('"%(words)s" is not in the request. Copy the words as the request has them.')
                raise ValidationError({name: message % {"words": phrase}})
    said = (*SLOT_LISTS, "order", "rest", "avoid", "wanted", "unwanted")
    if not any(getattr(correction, name) for name in said):
        raise ValidationError(
            _("Say what the request means: a must, a want, something to avoid, an order or words to search with.")
        )


# -- phrases ------------------------------------------------------------------------------------------------------------


def _check_phrase(phrase: str, field: str = "words") -> None:
    if not any(c.isalnum() for c in request_key(phrase)):
        raise ValidationError({field: _("There are no letters or numbers in this.")})
    n = len(phrase.split())
    if n > MAX_WORDS:
        message = _("%(n)d words are too many: at most %(max)d. To say what one whole request means, add a correction.")
        raise ValidationError({field: message % {"n": n, "max": MAX_WORDS}})


def _reserved_message(words: str) -> str:
    message = _('"%(words)s" carries meaning in other requests (a refusal, a limit or a price), so it cannot be taught away.')
    return message % {"words": words}


def _already(twin: Model) -> str:
    return _('This is taught already: "%(twin)s". Change that one, or switch it on again.') % {"twin": twin}


def _same_language(lesson: Synonym | StopPhrase, others: Iterable[Taught]) -> list[Taught]:
    """Lessons that hold in some request that this one holds in, too."""
    mine = lesson.language
    others = (other for other in others if (type(other), other.pk) != (type(lesson), lesson.pk))
    return [other for other in others if Language.ANY in {mine, other.language} or mine == other.language]


# -- synonyms -----------------------------------------------------------------------------------------------------------


def _is_slot(means: str) -> bool:
    return any(sign in means for sign in "=<>")


def _own_spelling(synonym: Synonym, names: CatalogueNames) -> str:
    if synonym.two_way:
        raise ValidationError({"two_way": _("A value of the catalogue has no way back. Leave this off.")})
    slot = _checked_slot(synonym.means, Strength.MUST, names, "means")
    if any(sign in slot for sign in ("!=", "<", ">", "..")):
        message = _('A synonym means a value: write "color=Navy". For a limit or a refusal write words: "under 50", "not red".')
        raise ValidationError({"means": message})
    return slot


def _check_known(synonym: Synonym, means: str) -> None:
    """Neither taught already nor a way round to itself."""
    others = _same_language(synonym, Synonym.objects.all())
    here, there = _node(synonym.words), _node(means)
    ways: dict[str, set[str]] = defaultdict(set)
    one_way: set[tuple[str, str]] = set()
    for other in others:
        a, b = other.key, _node(other.means)
        if (a, b) == (here, there) or (other.two_way and (b, a) == (here, there)):
            raise ValidationError({"words": _already(other)})
        if (b, a) == (here, there):
            message = _('The way back is taught already: "%(twin)s". Make that one two-way instead.')
            raise ValidationError({"words": message % {"twin": other}})
        ways[a].add(b)
        if other.two_way:
            ways[b].add(a)
        else:
            one_way.add((a, b))
    path = _path(ways, there, here)
    if path and not (synonym.two_way and one_way.isdisjoint(pairwise(path))):
        message = _("This goes round in a circle: %(path)s. Teach every word its last meaning instead.")
        raise ValidationError({"means": message % {"path": " → ".join([synonym.words, *path])}})


@lru_cache(maxsize=8192)
def _node(means: str) -> str:
    return means if _is_slot(means) else request_key(means)


def _path(ways: dict[str, set[str]], start: str, end: str) -> list[str]:
    """The shortest way from one phrase to another, [] where there is none."""
    paths = [[start]]
    seen = {start}
    for path in paths:
        if path[-1] == end:
            return path
        paths += [[*path, following] for following in sorted(ways[path[-1]] - seen)]
        seen |= ways[path[-1]]
    return []


def _check_stop_phrases(synonym: Synonym) -> None:
    stops = StopPhrase.objects.filter(key=request_key(synonym.words))
    if stop := next(iter(_same_language(synonym, stops)), None):
        message = _('"%(phrase)s" is a stop phrase, so it would never be read. Delete that one first.')
        raise ValidationError({"words": message % {"phrase": stop}})


# -- slots --------------------------------------------------------------------------------------------------------------


def _checked_slot(slot: str, strength: Strength, names: CatalogueNames, field: str) -> str:
    try:
        return slot_of(constraint_of(slot, strength, names))
    except BadSlot as error:
        raise ValidationError({field: slot_message(error)}) from error


def slot_message(error: BadSlot) -> str:
    """What is wrong with a slot, and what would be right."""
    params = {"given": error.given, "field": error.field, "near": ", ".join(error.near)}
    if error.code == "field":
        text = _('No product has a field "%(given)s".')
    elif error.code == "value":
        text = _('No product has "%(given)s" in the field "%(field)s".')
    elif error.code == "number":
        text = _('"%(given)s" is no number or range. Write "price<=50" or "price=20..30", in the currency of the shop.')
    elif error.code == "refusal":
        text = _('"%(given)s": a refusal stands among the musts ("color!=Red") or, without the "!", among what to avoid.')
    else:
        text = _('"%(given)s" cannot be read. Write "color=Red|Blue", "brand!=Nike", "price<=50" or "price=20..30".')
    message = text % params
    return f"{message} {_('Did you mean: %(near)s?') % params}" if error.near else message


def _check_contradictions(correction: Correction) -> None:
    refused = {slot.replace("!=", "=", 1) for slot in correction.musts if "!=" in slot} | set(correction.avoids)
    asked = {slot for slot in (*correction.musts, *correction.wants) if "!=" not in slot}
    if both := sorted(refused & asked):
        raise ValidationError(_('"%(slot)s" is both asked for and refused.') % {"slot": both[0]})
