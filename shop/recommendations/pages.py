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

from fusion.chips import SORT, chip_key, chips_of
from fusion.exceptions import InvalidQuery
from fusion.photos import cut_out
from fusion.types import Constraint, Interaction
from recommender.catalog import Shopper, get_catalog, user_key
from recommender.conf import get_settings
from recommender.engine import get_engine
from recommender.exceptions import ResultExpired, UnknownItem, UnknownPhoto, UnknownRecommendation, UploadQuotaExceeded
from recommender.models import Event
from recommender.services import relations, uploads
from recommender.services.feedback import delete_event, history, merge_visitor
from recommender.services.personal_data import erase, export
from recommender.services.refining import Refinement, refined, scene_of, undone
from recommender.services.requests import chips_in_force
from recommender.services.serving import RecommendationRequest, Served, owned, page, recommend, similar
from recommender.services.visitors import owned_by
from shop.accounts.selectors import uses_history
from shop.catalog.selectors import products_by_sku
from shop.recommendations.addresses import ORDERS, PAGE_SIZE, asked_of, request_of, sort_of, ways_of
from shop.storefront.asking import Asked
from shop.storefront.cards import MAX_KEY, AnswerPage, Card, Chip, HistoryEntry, ReasonNote, card_of
from shop.storefront.errors import AnswerExpired, AnswerGone, PhotoGone, PhotoRefused, RequestRefused
from shop.storefront.money import chosen_currency
from shop.storefront.visitors import who
from shop.storefront.wording import degraded_notes, event_words, photo_refusal

logger = logging.getLogger(__name__)

SHELF_SIZE = 8
# Steps that a page offers; more come over the API.
_PAGE_STEPS = ("cheaper", "dearer", "more_like", "less_like", "another_colour", "undo")


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


def ask(request: HttpRequest, asked: Asked) -> AnswerPage:
    """Answer a request in words, with a photo, or both.

    Raises:
        PhotoGone: the photo in the address is not this shopper's, or its day is over.
        RequestRefused: the request cannot be answered as it is.
    """
    shopper = shopper_of(request, remember=True)
    parent = _own(asked.parent, shopper)
    given = replace(request_of(asked), parent_id=parent, undo_to=parent)
    try:
        return _answer_page(recommend(given, shopper), asked, shopper)
    except UnknownPhoto as error:
        raise PhotoGone from error
    except InvalidQuery as error:
        raise RequestRefused(str(error)) from error


def more(request: HttpRequest, asked: Asked, recommendation_id: str, offset: int) -> AnswerPage:
    """A later page of a stored answer: nothing repeats and nothing is left out, whatever happened in between.

    Raises:
        AnswerGone, AnswerExpired: see shop.storefront.errors.
    """
    shopper = shopper_of(request)
    try:
        return _answer_page(page(recommendation_id, shopper, offset, PAGE_SIZE, shopper.language), asked, shopper)
    except UnknownRecommendation as error:
        raise AnswerGone from error
    except ResultExpired as error:
        raise AnswerExpired from error


def refine(request: HttpRequest, asked: Asked, answer: str, action: str, sku: str) -> Asked:
    """The request one step on: cheaper or dearer than a product, more or less like it, in another colour, or a step back.

    Args:
        answer: id of the answer on which the step was taken.
    Raises:
        AnswerGone: the answer is not this shopper's.
        RequestRefused: the step is not possible here; the message says why.
    """
    if action not in _PAGE_STEPS:
        raise AnswerGone
    shopper = shopper_of(request)
    try:
        row = owned(answer, shopper, expired=True)
        if action == "undo":
            return asked_of(undone(row, shopper))
        following = refined(request_of(asked), Refinement(action, sku), scene_of(row))
    except UnknownRecommendation as error:
        raise AnswerGone from error
    except InvalidQuery as error:
        raise RequestRefused(str(error)) from error
    return replace(asked_of(following), parent=row.pk)


def similar_to(
    request: HttpRequest, sku: str, by: str, *, exclude: Collection[str] = (), limit: int = SHELF_SIZE
) -> list[Card]:
    """Products like this one by "look", "text" or "both"; empty while this product has nothing to compare by.

    Only what the comparison itself speaks for: a list filled up with popular products would not be what its title says.
    """
    try:
        served = similar(sku, by, limit + len(exclude), shopper_of(request))
    except UnknownItem:
        return []
    alike = {r.item.item_id for r in served.answer.items if sum(t.contribution for t in r.terms if t.source == "liked") > 0}
    return [replace(card, reasons=()) for card in _cards(served) if card.sku in alike - set(exclude)][:limit]


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
    return [] if "history" in served.answer.degraded else _cards(served)


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


def _own(answer: str, shopper: Shopper) -> str:
    """The id of an answer if it is this shopper's, else ""; an address may name any."""
    try:
        return owned(answer, shopper, expired=True).pk if answer else ""
    except UnknownRecommendation:
        return ""


def _dropped(asked: Asked, shopper: Shopper) -> list[Chip]:
    """What was read from the words and taken off, to be put back."""
    if not asked.drop:
        return []
    parsed = get_engine().parser.parse(asked.text, language=shopper.language, currency=shopper.currency)
    return [_chip(c) for c in chips_of(parsed, shopper.language) if chip_key(c) in asked.drop]


def _chip(c: Constraint) -> Chip:
    key = chip_key(c)
    return Chip(c.label or ", ".join(c.values), c.strength.value, key if len(key) <= MAX_KEY else "", c.note)


def _seed_chips(asked: Asked) -> list[Chip]:
    """The products to be like, and not like."""
    products = products_by_sku([*asked.like, *asked.unlike])
    says = {sku: _("like %(name)s") for sku in asked.like} | {sku: _("unlike %(name)s") for sku in asked.unlike}
    names = {sku: product.name_in(get_language() or "en") for sku, product in products.items()}
    return [Chip(text % {"name": names[sku]}, "seed", sku) for sku, text in says.items() if sku in names]


def _answer_page(served: Served, asked: Asked, shopper: Shopper) -> AnswerPage:
    answer, order = served.answer, served.answer.instruction.order
    chips = chips_in_force(answer.instruction, ORDERS.get(asked.sort), shopper.language)
    return AnswerPage(
        id=served.recommendation.pk,
        cards=_cards(served),
        chips=[*(_chip(c) for c in chips), *_seed_chips(asked)],
        dropped=_dropped(asked, shopper),
        sort=asked.sort or sort_of(order),
        unparsed=answer.instruction.unparsed,
        total=answer.total,
        state=answer.state,
        message=answer.relaxation.message,
        degraded=degraded_notes(answer.degraded),
        offset=served.offset,
        next_offset=served.next_offset,
        ways=ways_of(answer.relaxation.alternatives, asked, served.recommendation.pk),
        order_key=next((chip_key(c) for c in chips if c.field == SORT), ""),
        undo=bool(served.recommendation.request.get("undo_to")),
    )


def _cards(served: Served) -> list[Card]:
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
