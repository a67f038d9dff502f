"""What the pages call. Turns the plugin's answers into small frozen values for templates."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.db import DatabaseError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fusion.exceptions import InvalidQuery
from fusion.photos import cut_out
from fusion.types import Interaction
from recommender.catalog import Shopper, get_catalog, user_key
from recommender.conf import get_settings
from recommender.engine import get_engine
from recommender.exceptions import UnknownItem, UnknownPhoto, UploadQuotaExceeded
from recommender.models import Event
from recommender.services import relations, uploads
from recommender.services.feedback import delete_event, history, merge_visitor
from recommender.services.personal_data import erase, export
from recommender.services.serving import RecommendationRequest, Served, recommend, similar
from recommender.services.visitors import owned_by
from shop.accounts.selectors import uses_history
from shop.catalog.selectors import products_by_sku
from shop.storefront.cards import Card, HistoryEntry, ReasonNote, card_of
from shop.storefront.errors import PhotoGone, PhotoRefused
from shop.storefront.money import chosen_currency
from shop.storefront.visitors import who
from shop.storefront.wording import event_words, photo_refusal

logger = logging.getLogger(__name__)

SHELF_SIZE = 8


def shopper_of(request: HttpRequest, *, remember: bool = False) -> Shopper:
    """Who asks, for the plugin: ids, the page's language, and whether their history may be used."""
    person = who(request, remember=remember)
    pk = "" if person.user_id is None else str(person.user_id)
    return Shopper(
        user_id=user_key(pk),
        visitor_id=person.visitor,
        language=(get_language() or "en").split("-")[0],
        currency=chosen_currency(),
        use_history=uses_history(user_id=pk, visitor_id=person.visitor),
    )


def similar_to(
    request: HttpRequest, sku: str, by: str, *, exclude: Collection[str] = (), limit: int = SHELF_SIZE
) -> list[Card]:
    """Products clearly like this one by "look", "text" or "both"; empty while this product has nothing to compare by.

    Only what the comparison itself speaks for: a list filled up to its length would not be what its title says.
    """
    try:
        served = similar(sku, by, limit + len(exclude), shopper_of(request), near=True)
    except UnknownItem:
        return []
    alike = {r.item.item_id for r in served.answer.items if sum(t.contribution for t in r.terms if t.source == "liked") > 0}
    return [replace(card, reasons=()) for card in cards_of(served) if card.sku in alike - set(exclude)][:limit]


def goes_with(request: HttpRequest, sku: str) -> tuple[list[Card], str]:
    """What is often bought with a product, and the sentence that says how that is known; nothing while nobody can tell."""
    language = (get_language() or "en").split("-")[0]
    try:
        item = get_catalog().get_items([sku]).get(sku)
        found = relations.goes_with(item, SHELF_SIZE, language) if item else []
    except Exception as error:  # a shelf less, not a page less
        logger.warning("event=goes_with_failed sku=%s error=%r", sku, error)
        found = []
    if not found:
        return [], ""
    products = products_by_sku([other.item.item_id for other in found])
    why = found[0].reason.label
    if any(other.simulated for other in found):
        why = _("%(reason)s (by simulated shoppers)") % {"reason": why}
    return [card_of(products[other.item.item_id]) for other in found if other.item.item_id in products], why


def for_you(request: HttpRequest, exclude: Collection[str] = ()) -> list[Card]:
    """What the shopper's own history suggests; empty without a history, or when the shopper keeps it out."""
    shopper = shopper_of(request)
    if not _past(shopper, limit=1):
        return []
    served = recommend(RecommendationRequest(limit=SHELF_SIZE, surface="home", exclude=tuple(exclude)), shopper)
    return [] if "history" in served.answer.degraded else cards_of(served)


def seen_lately(request: HttpRequest) -> list[str]:
    """Skus of the products opened last, newest first; empty when the shopper keeps the history out."""
    return [event.item_id for event in _past(shopper_of(request), limit=20) if event.kind == Event.Kind.VIEW]


def _past(shopper: Shopper, limit: int) -> list[Interaction]:
    """The shopper's last events, newest first; a page goes on without them when they cannot be read."""
    try:
        return history(shopper, limit=limit)
    except DatabaseError as error:
        logger.warning("event=history_failed error=%r", error)
        return []


def store_query_photo(request: HttpRequest, data: bytes) -> str:
    """Keep a photo to search with for a day; returns its id for the address.

    Raises:
        PhotoRefused: not a photo that can be read, too large, or the shopper holds too many.
    """
    try:
        return str(uploads.store_photo(data, shopper_of(request, remember=True)).pk)
    except (InvalidQuery, UploadQuotaExceeded) as error:
        conf = get_settings()
        limits = {"megabytes": conf.MAX_PHOTO_BYTES >> 20, "megapixels": conf.MAX_PHOTO_PIXELS // 1_000_000}
        raise PhotoRefused(photo_refusal(error.code, limits)) from error


def read_query_photo(request: HttpRequest, photo_id: str, box: tuple[float, float, float, float] | None = None) -> bytes:
    """The stored JPEG, or a part of it: (left, top, right, bottom), each 0 to 1. Raises PhotoGone."""
    try:
        data = uploads.read_photo(photo_id, shopper_of(request))
    except UnknownPhoto as error:
        raise PhotoGone from error
    return cut_out(data, box) if box else data


def delete_query_photo(request: HttpRequest, photo_id: str) -> None:
    """Delete the photo before its day is over. Raises PhotoGone."""
    try:
        uploads.delete_photo(photo_id, shopper_of(request))
    except UnknownPhoto as error:
        raise PhotoGone from error


def history_size(request: HttpRequest) -> int:
    """How many things are remembered of this shopper."""
    return _remembered(shopper_of(request)).count()


def history_of(request: HttpRequest, limit: int = 100, offset: int = 0) -> list[HistoryEntry]:
    """What is remembered of this shopper, newest first, also while it is not used."""
    events = list(_remembered(shopper_of(request)).order_by("-occurred_at", "-id")[offset : offset + limit])
    products = products_by_sku(sorted({event.item_id for event in events}))
    return [
        HistoryEntry(
            event.event_id,
            event_words(event.kind),
            event.occurred_at,
            card_of(products[event.item_id]) if event.item_id in products else None,
        )
        for event in events
    ]


def _remembered(shopper: Shopper) -> QuerySet[Event]:
    return Event.objects.filter(owned_by(shopper)).exclude(kind=Event.Kind.IMPRESSION)


def forget_event(request: HttpRequest, event_id: str) -> bool:
    """Forget one thing that this shopper did; False when there is none such."""
    return delete_event(event_id, shopper_of(request))


def export_of(request: HttpRequest) -> dict[str, Any]:
    """All that the plugin holds of this shopper."""
    return export(shopper_of(request))


def forget_everything(request: HttpRequest) -> str:
    """Forget all that the plugin holds of this shopper: events, answers, photos. Returns the receipt's number."""
    return erase(shopper_of(request)).receipt_id


def learnt_from_simulated() -> bool:
    """Whether anything that pages show was learnt from simulated shoppers; every page then says so."""
    engine = get_engine()
    return engine.counts_simulated or engine.learnt_simulated


def keep_history(visitor_id: str, user_id: int) -> None:
    """At sign-in: what the guest did becomes the user's."""
    merge_visitor(visitor_id, user_key(user_id))


def cards_of(served: Served) -> list[Card]:
    """Cards with the answer's reasons; each link says which answer it came from, so that a click teaches something."""
    products = products_by_sku([ranked.item.item_id for ranked in served.answer.items])
    cards = []
    for ranked in served.answer.items:
        product = products.get(ranked.item.item_id)
        if product:
            origin = urlencode({"r": served.recommendation.pk, "at": ranked.rank})
            reasons = [ReasonNote(reason.label, round(reason.share * 100)) for reason in ranked.reasons[:3]]
            cards.append(card_of(product, url=f"{product.get_absolute_url()}?{origin}", reasons=reasons, unmet=ranked.unmet))
    return cards
