"""Suggestions while a shopper types: requests, categories and products. Never raises: what fails is left out and named."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import DatabaseError, transaction
from django.utils import timezone

from fusion.suggesting.folding import Range, Typed, fold, matched_ranges, read_typed
from fusion.suggesting.index import Found, FoundItem, SuggestedCategory, SuggestedRequest
from fusion.suggesting.lines import Lines
from fusion.types import Item
from recommender.catalog import Shopper, get_catalog
from recommender.engine import Engine, get_engine
from recommender.models import Recommendation
from recommender.services.visitors import owned_by

logger = logging.getLogger(__name__)

MAX_SUGGESTIONS = 10
MAX_TYPED = 120  # what is longer is no beginning any more
_REQUESTS = 0.6  # share of the rows
_CATEGORIES, _ITEMS, _RECENT, _RECENT_TYPED, _ASKED = 2, 4, 5, 2, 3
_LATEST = 40  # of a shopper's own answers, in which recent requests are looked for


@dataclass(frozen=True, slots=True)
class SuggestedItem:
    """A fresh item, and what of the title that the reader sees was typed."""

    item: Item
    title: str
    ranges: tuple[Range, ...]


@dataclass(frozen=True, slots=True)
class CategoryLink:
    """A suggested category and the address of its page, "" where the host has none."""

    category: SuggestedCategory
    url: str


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What to show below the box: at most as many rows as were asked for, all kinds together."""

    requests: tuple[SuggestedRequest, ...] = ()
    categories: tuple[CategoryLink, ...] = ()
    items: tuple[SuggestedItem, ...] = ()
    degraded: tuple[str, ...] = ()


def suggest(text: str, shopper: Shopper, *, language: str = "", limit: int = MAX_SUGGESTIONS) -> Suggestions:
    """Suggestions for what stands in the box; for an empty one the shopper's own recent requests."""
    try:
        return _suggest(text[: MAX_TYPED + 1], shopper, language or "en", max(1, min(limit, MAX_SUGGESTIONS)))
    except Exception:
        logger.exception("event=suggestions_failed")
        return Suggestions(degraded=("suggestions",))


def recent_requests(shopper: Shopper, limit: int = _RECENT) -> list[str]:
    """The shopper's own last requests in words, newest first; none when they keep their history out."""
    if not shopper.use_history or not (shopper.user_id or shopper.visitor_id):
        return []
    rows = Recommendation.objects.filter(owned_by(shopper), simulated=False).exclude(request__text="")
    texts = rows.order_by("-created_at").values_list("request__text", flat=True)[:_LATEST]
    newest: dict[str, str] = {}
    for text in texts:
        newest.setdefault(fold(text), text)
    return list(newest.values())[:limit]


@transaction.atomic
def forget_requests(shopper: Shopper) -> int:
    """Delete a shopper's requests in words; an answer that is still open on a page loses its owner instead. How many."""
    rows = Recommendation.objects.filter(owned_by(shopper)).exclude(request__text="")
    untied = rows.filter(expires_at__gt=timezone.now()).update(user_id="", visitor_id="", session_id="", because={})
    return untied + rows.delete()[0]


def _suggest(text: str, shopper: Shopper, language: str, limit: int) -> Suggestions:
    typed = read_typed(text)
    if not typed.words:
        recent = [SuggestedRequest(said, (), "recent") for said in recent_requests(shopper)]
        return Suggestions(requests=tuple(recent[:limit]))
    if len(text) > MAX_TYPED:
        return Suggestions()
    engine = get_engine()
    degraded = _refreshed(engine)
    index = engine.suggestions.index()
    found = index.suggest(typed, language, limit) if index else Found()
    requests = _merged(_recent(typed, shopper), _asked(typed, engine), found.requests)[: max(1, round(_REQUESTS * limit))]
    categories = found.categories[: max(0, min(_CATEGORIES, limit - len(requests)))]
    items = _fresh(found.items, engine, language, max(0, min(_ITEMS, limit - len(requests) - len(categories))))
    return Suggestions(tuple(requests), _links(categories), tuple(items), tuple(degraded if index else [*degraded, "index"]))


def _refreshed(engine: Engine) -> list[str]:
    try:
        engine.refresh()
    except DatabaseError as error:
        logger.warning("event=refresh_failed error=%r", error)
        return ["index"]
    return []


def _recent(typed: Typed, shopper: Shopper) -> list[SuggestedRequest]:
    texts = recent_requests(shopper, _LATEST)
    return _found_in(texts, Lines(texts), typed, _RECENT_TYPED, "recent")


def _asked(typed: Typed, engine: Engine) -> list[SuggestedRequest]:
    asked = engine.suggestions.asked()
    return _found_in(asked.texts, asked.lines, typed, _ASKED, "asked")


def _found_in(texts: Sequence[str], lines: Lines, typed: Typed, limit: int, source: str) -> list[SuggestedRequest]:
    hits = lines.find(typed, limit + 1)
    found = (SuggestedRequest(texts[hit.line], matched_ranges(texts[hit.line], hit.words), source) for hit in hits)
    return [request for request in found if request.text != typed.text.strip()][:limit]


def _merged(*sources: Iterable[SuggestedRequest]) -> list[SuggestedRequest]:
    """One after the other, each request once."""
    found: dict[str, SuggestedRequest] = {}
    for request in (request for source in sources for request in source):
        found.setdefault(fold(request.text), request)
    return list(found.values())


def _fresh(found: Sequence[FoundItem], engine: Engine, language: str, limit: int) -> list[SuggestedItem]:
    """What may be shown now of the items that were found, as the host says."""
    ids = [one.item_id for one in found[: 2 * limit]]
    items = engine.pipeline.still_fit(get_catalog().get_items(ids), ()) if ids else {}
    return [_item(items[one.item_id], one, language) for one in found if one.item_id in items][:limit]


def _item(item: Item, found: FoundItem, language: str) -> SuggestedItem:
    title = item.translations[language].title if language in item.translations else ""
    shown = title or item.title
    return SuggestedItem(item, shown, matched_ranges(shown, found.words, found.letters))


def _links(categories: Sequence[SuggestedCategory]) -> tuple[CategoryLink, ...]:
    urls = get_catalog().category_urls([category.path for category in categories]) if categories else {}
    return tuple(CategoryLink(category, urls.get(category.path, "")) for category in categories)
