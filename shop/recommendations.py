"""Where the shop meets the plugin: the only file of the shop that imports ``recommender``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Model
from django.dispatch import Signal, receiver
from django.http import HttpRequest
from django.utils.translation import get_language

from fusion.exceptions import InvalidQuery
from fusion.types import Constraint, Item, ItemText, Money, Photo
from fusion.types import Order as Sort
from recommender.catalog import Catalog, Feedback, Shopper
from recommender.conf import get_settings
from recommender.engine import get_engine
from recommender.exceptions import ResultExpired, UnknownItem, UnknownPhoto, UnknownRecommendation, UploadQuotaExceeded
from recommender.models import Event
from recommender.selectors import coverage
from recommender.services import uploads
from recommender.services.feedback import delete_event, erase, history, merge_visitor, record
from recommender.services.outbox import mark_stale
from recommender.services.visitors import owned_by
from shop.accounts.past_events import PastEvent, Recorded
from shop.accounts.selectors import uses_history
from shop.catalog.models import Brand, Category, Product, ProductImage
from shop.catalog.selectors import category_paths, products_by_sku
from shop.catalog.signals import item_viewed, products_changed
from shop.orders.models import Cart, CartLine, Order
from shop.orders.signals import cart_line_added, cart_line_removed, order_placed
from shop.storefront.asking import Asked
from shop.storefront.cards import MAX_KEY, AnswerPage, Card, Chip, HistoryEntry, ReasonNote, card_of
from shop.storefront.errors import AnswerExpired, AnswerGone, PhotoGone, PhotoRefused, RequestRefused
from shop.storefront.visitors import who
from shop.storefront.wording import degraded_notes, event_words, photo_refusal

if TYPE_CHECKING:
    from recommender.services.serving import Served


class ShopCatalog(Catalog):
    """This shop's products, as the plugin sees them. The plugin's item id is the product's sku."""

    watched_models = ("catalog.Product", "catalog.ProductImage", "catalog.Category", "catalog.Brand")
    feedback_signals: ClassVar[Mapping[str, Signal | str]] = {
        "view": item_viewed,
        "add_to_cart": cart_line_added,
        "remove_from_cart": cart_line_removed,
        "purchase": order_placed,
    }

    def iter_item_ids(self) -> Iterator[str]:
        return Product.objects.filter(is_active=True).values_list("sku", flat=True).iterator(chunk_size=2000)

    def get_items(self, item_ids: Sequence[str], *, with_photos: bool = False) -> dict[str, Item]:
        """Visible products as items: two queries for every 500 ids and one for all categories; photos add one per 500."""
        products = products_by_sku(item_ids, with_photos=with_photos)
        paths = category_paths(product.category for product in products.values() if product.category)
        return {sku: _to_item(product, paths, with_photos) for sku, product in products.items()}

    def item_ids_for(self, instance: Model) -> Iterable[str]:
        match instance:
            case Product():
                return [instance.sku]
            case ProductImage():
                return [instance.product.sku]
            case Category():
                return _skus(Product.objects.filter(category__path__startswith=instance.path))
            case Brand():
                return _skus(Product.objects.filter(brand=instance))
        return ()

    def feedback_for(self, kind: str, payload: Mapping[str, Any]) -> Iterable[Feedback]:
        readers: dict[str, Callable[[Mapping[str, Any]], list[Feedback]]] = {
            "view": _view_feedback,
            "add_to_cart": lambda given: _cart_feedback("add_to_cart", given),
            "remove_from_cart": lambda given: _cart_feedback("remove_from_cart", given),
            "purchase": _purchase_feedback,
        }
        return readers[kind](payload) if kind in readers else ()


def _skus(products: Any) -> list[str]:
    return list(products.values_list("sku", flat=True))


def _to_item(product: Product, paths: Mapping[int, tuple[str, ...]], with_photos: bool) -> Item:
    price = None if product.price_minor is None else Money(product.price_minor, product.currency)
    return Item(
        item_id=product.sku,
        title=product.name,
        description=product.description,
        category=paths.get(product.category_id, ()) if product.category_id else (),
        brand=product.brand.name if product.brand else "",
        price=price,
        stock=product.stock,
        attributes={name: tuple(values) for name, values in product.attributes.items()},
        translations={
            code: ItemText(words.get("name") or product.name, words.get("description", ""))
            for code, words in product.translations.items()
        },
        photos=tuple(_to_photo(image) for image in product.images.all()) if with_photos else (),
        url=product.get_absolute_url(),
        created_at=product.created_at,
        rating=product.rating,
    )


def _to_photo(image: ProductImage) -> Photo:
    storage, name = image.image.storage, image.image.name or ""

    def read() -> bytes:
        with storage.open(name, "rb") as file:
            return bytes(file.read())

    return Photo(ref=image.checksum, read=read)


def _ids(user_id: str, visitor_id: str) -> tuple[str, str]:
    """Who did it, or nobody when that shopper asked not to be remembered."""
    return (user_id, visitor_id) if uses_history(user_id=user_id, visitor_id=visitor_id) else ("", "")


def _view_feedback(payload: Mapping[str, Any]) -> list[Feedback]:
    user_id, visitor_id = _ids(str(payload.get("user_id") or ""), str(payload.get("visitor_id") or ""))
    return [
        Feedback(
            kind="view",
            item_id=payload["product"].sku,
            user_id=user_id,
            visitor_id=visitor_id,
            session_id=payload.get("session_id") or "",
            recommendation_id=payload.get("recommendation_id") or "",
            position=payload.get("position"),
            surface=payload.get("surface") or "product",
        )
    ]


def _cart_feedback(kind: str, payload: Mapping[str, Any]) -> list[Feedback]:
    line: CartLine = payload["line"]
    cart: Cart = line.cart
    user_id, visitor_id = _ids(str(cart.user_id or ""), cart.visitor_token)
    return [
        Feedback(
            kind=kind,
            item_id=line.product.sku,
            user_id=user_id,
            visitor_id=visitor_id,
            quantity=payload["quantity"],
            value_minor=line.unit_price_minor * payload["quantity"],
            currency=line.currency,
            recommendation_id=line.recommendation_id,
            surface="cart",
        )
    ]


def _purchase_feedback(payload: Mapping[str, Any]) -> list[Feedback]:
    order: Order = payload["order"]
    user_id, visitor_id = _ids(str(order.user_id or ""), order.visitor_token)
    return [
        Feedback(
            kind="purchase",
            item_id=line.sku,
            user_id=user_id,
            visitor_id=visitor_id,
            quantity=line.quantity,
            value_minor=line.total_minor,
            currency=order.currency,
            recommendation_id=line.recommendation_id,
            surface="checkout",
            occurred_at=order.placed_at,
            event_id=f"order-{order.number}-{line.pk}",
        )
        for line in order.lines.all()
    ]


def items_changed(skus: Sequence[str], reason: str = "saved") -> None:
    """Tell the plugin that products changed by a write that sends no save signal. Call it inside the same transaction.

    What an import changed waits until what a person saved is done.
    """
    mark_stale(skus, reason, background=reason == "imported")


def record_past_events(events: Sequence[PastEvent]) -> Recorded:
    """Store what shoppers did elsewhere; what is known already is counted and changes nothing."""
    report = record(
        Feedback(
            kind=event.kind,
            item_id=event.sku,
            user_id=event.user,
            quantity=event.quantity,
            occurred_at=event.at,
            event_id=event.event_id,
            surface="import",
        )
        for event in events
    )
    return Recorded(report.accepted, report.duplicates, report.rejected)


@receiver(products_changed, dispatch_uid="shop.recommendations.items_changed")
def _on_products_changed(*, skus: Sequence[str], reason: str = "saved", **_: Any) -> None:
    items_changed(skus, reason)


# What the pages call. Everything below turns the plugin's answers into small frozen values for templates.

PAGE_SIZE = 24
SHELF_SIZE = 8
_ORDERS = {"price": Sort("price", False), "-price": Sort("price", True), "newest": Sort("created_at", True)}


def shopper_of(request: HttpRequest, *, remember: bool = False) -> Shopper:
    """Who asks, for the plugin: ids, the page's language, and whether their history may be used."""
    person = who(request, remember=remember)
    user_id = "" if person.user_id is None else str(person.user_id)
    return Shopper(
        user_id=user_id,
        visitor_id=person.visitor,
        language=(get_language() or "en").split("-")[0],
        currency=str(settings.SHOP_CURRENCY),
        use_history=uses_history(user_id=user_id, visitor_id=person.visitor),
    )


def ask(request: HttpRequest, asked: Asked) -> AnswerPage:
    """Answer a request in words, with a photo, or both.

    Raises:
        PhotoGone: the photo in the address is not this shopper's, or its day is over.
        RequestRefused: the request cannot be answered as it is.
    """
    from recommender.services.serving import RecommendationRequest, recommend

    shopper = shopper_of(request, remember=True)
    text, dropped = _reduced(asked, shopper)
    order = _ORDERS.get(asked.sort)
    given = RecommendationRequest(text=text, photo_id=asked.photo, order=order, limit=PAGE_SIZE, surface="search")
    try:
        return _answer_page(recommend(given, shopper), asked, dropped)
    except UnknownPhoto as error:
        raise PhotoGone from error
    except InvalidQuery as error:
        raise RequestRefused(str(error)) from error


def more(request: HttpRequest, asked: Asked, recommendation_id: str, offset: int) -> AnswerPage:
    """A later page of a stored answer: nothing repeats and nothing is left out, whatever happened in between.

    Raises:
        AnswerGone, AnswerExpired: see shop.storefront.errors.
    """
    from recommender.services.serving import page

    shopper = shopper_of(request)
    try:
        return _answer_page(
            page(recommendation_id, shopper, offset, PAGE_SIZE, shopper.language), asked, _reduced(asked, shopper)[1]
        )
    except UnknownRecommendation as error:
        raise AnswerGone from error
    except ResultExpired as error:
        raise AnswerExpired from error


def similar_to(
    request: HttpRequest, sku: str, by: str, *, exclude: Collection[str] = (), limit: int = SHELF_SIZE
) -> list[Card]:
    """Products like this one by "look", "text" or "both"; empty while this product has nothing to compare by.

    Only what the comparison itself speaks for: a list filled up with popular products would not be what its title says.
    """
    from recommender.services.serving import similar

    try:
        served = similar(sku, by, limit + len(exclude), shopper_of(request))
    except UnknownItem:
        return []
    alike = {r.item.item_id for r in served.answer.items if sum(t.contribution for t in r.terms if t.source == "liked") > 0}
    return [replace(card, reasons=()) for card in _cards(served) if card.sku in alike - set(exclude)][:limit]


def for_you(request: HttpRequest) -> list[Card]:
    """What the shopper's own history suggests; empty without a history, or when the shopper keeps it out."""
    from recommender.services.serving import RecommendationRequest, recommend

    shopper = shopper_of(request)
    if not history(shopper, limit=1):
        return []
    served = recommend(RecommendationRequest(limit=SHELF_SIZE, surface="home"), shopper)
    return [] if "history" in served.answer.degraded else _cards(served)


def seen_lately(request: HttpRequest) -> list[str]:
    """Skus of the products opened last, newest first; empty when the shopper keeps the history out."""
    return [event.item_id for event in history(shopper_of(request), limit=20) if event.kind == Event.Kind.VIEW]


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


def read_query_photo(request: HttpRequest, photo_id: str) -> bytes:
    """The stored JPEG. Raises PhotoGone."""
    try:
        return uploads.read_photo(photo_id, shopper_of(request))
    except UnknownPhoto as error:
        raise PhotoGone from error


def delete_query_photo(request: HttpRequest, photo_id: str) -> None:
    """Delete the photo before its day is over. Raises PhotoGone."""
    try:
        uploads.delete_photo(photo_id, shopper_of(request))
    except UnknownPhoto as error:
        raise PhotoGone from error


def history_of(request: HttpRequest, limit: int = 100) -> list[HistoryEntry]:
    """What is remembered of this shopper, newest first, also while it is not used."""
    events = list(
        Event.objects.filter(owned_by(shopper_of(request))).exclude(kind=Event.Kind.IMPRESSION).order_by("-occurred_at")[:limit]
    )
    products = products_by_sku(sorted({event.item_id for event in events}))
    return [
        HistoryEntry(event.event_id, event_words(event.kind), event.occurred_at, card_of(products[event.item_id]))
        for event in events
        if event.item_id in products
    ]


def forget_event(request: HttpRequest, event_id: str) -> bool:
    """Forget one thing that this shopper did; False when there is none such."""
    return delete_event(event_id, shopper_of(request))


def forget_everything(request: HttpRequest) -> None:
    """Forget all that the plugin holds of this shopper: events, answers, photos."""
    erase(shopper_of(request))


def keep_history(visitor_id: str, user_id: int) -> None:
    """At sign-in: what the guest did becomes the user's."""
    merge_visitor(visitor_id, str(user_id))


def _reduced(asked: Asked, shopper: Shopper) -> tuple[str, list[Chip]]:
    """The request without the words of the chips that the shopper took off, and those chips, to be put back."""
    if not asked.drop:
        return asked.text, []
    engine = get_engine()
    engine.refresh()
    parsed = engine.parser.parse(asked.text, language=shopper.language, currency=shopper.currency)
    gone = [c for c in parsed.constraints if c.span and _key(c) in asked.drop]
    letters = list(asked.text)
    for start, end in (c.span for c in gone if c.span):
        letters[start:end] = " " * (end - start)
    return " ".join("".join(letters).split()), [_chip(c) for c in gone]


def _key(c: Constraint) -> str:
    """A name for what was understood that stays the same when the rest of the request changes."""
    bounds = [f"{bound:g}" for bound in (c.low, c.high) if bound is not None]
    return f"{c.field}:{c.operator.value}:{'|'.join([*c.values, *bounds])}"[:MAX_KEY]


def _chip(c: Constraint) -> Chip:
    return Chip(c.label or ", ".join(c.values), c.strength.value, _key(c) if c.span else "", c.note)


def _answer_page(served: Served, asked: Asked, dropped: Sequence[Chip]) -> AnswerPage:
    answer, order = served.answer, served.answer.instruction.order
    read_order = next(
        (name for name, sort in _ORDERS.items() if order and (sort.field, sort.descending) == (order.field, order.descending)),
        "",
    )
    return AnswerPage(
        id=served.recommendation.pk,
        cards=_cards(served),
        chips=[_chip(c) for c in answer.instruction.constraints],
        dropped=dropped,
        sort=asked.sort or read_order,
        unparsed=answer.instruction.unparsed,
        total=answer.total,
        state=answer.state,
        message=answer.relaxation.message,
        degraded=degraded_notes(answer.degraded),
        offset=served.offset,
        next_offset=served.next_offset,
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


def start_warm_up() -> None:
    """Load models and index in the background of a web process, so that its first shopper does not wait for them."""
    if get_settings().WARM_UP:
        get_engine().warm_up(background=True)


def index_progress() -> tuple[int, int]:
    """(vectors that are there or known to be impossible, vectors that are expected) over all items."""
    state = coverage()
    expected = sum(block.expected for block in state.blocks)
    waiting = sum(block.pending for block in state.blocks)
    return (expected - waiting, expected) if expected else (0, max(1, state.stale))
