"""This shop as the plugin sees it: its products as items, its signals as feedback, and what a process does at its start."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from django.core.files.storage import default_storage
from django.db.models import Model
from django.dispatch import Signal, receiver
from django.utils.crypto import salted_hmac

from fusion.types import Item, ItemText, Money, Photo
from recommender.catalog import Catalog, Feedback, Shopper, user_key
from recommender.conf import get_settings
from recommender.engine import get_engine
from recommender.selectors import coverage
from recommender.services.feedback import delete_event, record
from recommender.services.outbox import mark_stale
from shop.accounts.past_events import PastEvent, Recorded
from shop.accounts.selectors import uses_history
from shop.catalog.models import Brand, Category, Product, ProductImage
from shop.catalog.selectors import category_lines, category_paths, products_by_sku
from shop.catalog.signals import item_viewed, products_changed
from shop.orders.models import Cart, CartLine, Order
from shop.orders.signals import cart_line_added, cart_line_removed, order_cancelled, order_placed
from shop.wishlist.models import Wish
from shop.wishlist.signals import wish_dropped, wish_made


class ShopCatalog(Catalog):
    """This shop's products, as the plugin sees them. The plugin's item id is the product's sku."""

    watched_models = ("catalog.Product", "catalog.ProductImage", "catalog.Category", "catalog.Brand")
    feedback_signals: ClassVar[Mapping[str, Signal | str]] = {
        "view": item_viewed,
        "add_to_cart": cart_line_added,
        "remove_from_cart": cart_line_removed,
        "purchase": order_placed,
        "return": order_cancelled,
        "like": wish_made,
    }

    def iter_item_ids(self) -> Iterator[str]:
        return Product.objects.filter(is_active=True).values_list("sku", flat=True).iterator(chunk_size=2000)

    def get_items(self, item_ids: Sequence[str], *, with_photos: bool = False) -> dict[str, Item]:
        """Visible products as items: two queries for every 500 ids and one for all categories; photos add one per 500."""
        products = products_by_sku(item_ids, with_photos=with_photos)
        lines = category_lines(product.category for product in products.values() if product.category)
        return {
            sku: _to_item(product, lines.get(product.category_id or 0, ()), with_photos) for sku, product in products.items()
        }

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
            "purchase": lambda given: _order_feedback("purchase", given),
            "return": lambda given: _order_feedback("return", given),
            "like": _wish_feedback,
        }
        return readers[kind](payload) if kind in readers else ()

    def category_urls(self, paths: Sequence[tuple[str, ...]]) -> Mapping[tuple[str, ...], str]:
        """Two queries."""
        categories = {category.pk: category for category in Category.objects.filter(name__in=[path[-1] for path in paths])}
        found = category_paths(categories.values())
        return {found[pk]: category.get_absolute_url() for pk, category in categories.items() if pk in found}

    def may_remember(self, *, user_id: str = "", visitor_id: str = "") -> bool:
        return uses_history(user_id=user_id.removeprefix("user-"), visitor_id=visitor_id)


def _skus(products: Any) -> list[str]:
    return list(products.values_list("sku", flat=True))


def _to_item(product: Product, line: Sequence[Category], with_photos: bool) -> Item:
    """Args: line: the product's category and those above it, from the root."""
    price = None if product.price_minor is None else Money(product.price_minor, product.currency)
    cover: str | None = getattr(product, "cover", None)  # a column that products_by_sku adds
    return Item(
        item_id=product.sku,
        title=product.name,
        description=product.description,
        category=tuple(node.name for node in line),
        category_names={
            code: tuple(node.translations.get(code, "") for node in line)
            for code in sorted({code for node in line for code in node.translations})
        },
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
        image_url=default_storage.url(cover) if cover else "",
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
    """The plugin's ids of who did it, or of nobody when that shopper asked not to be remembered."""
    return (user_key(user_id), visitor_id) if uses_history(user_id=user_id, visitor_id=visitor_id) else ("", "")


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


def _order_feedback(kind: str, payload: Mapping[str, Any]) -> list[Feedback]:
    """A placed order is a purchase of each line, a cancelled one takes them back."""
    order: Order = payload["order"]
    user_id, visitor_id = _ids(str(order.user_id or ""), order.visitor_token)
    return [
        Feedback(
            kind=kind,
            item_id=line.sku,
            user_id=user_id,
            visitor_id=visitor_id,
            quantity=line.quantity,
            value_minor=line.total_minor,
            currency=order.currency,
            recommendation_id=line.recommendation_id,
            surface="checkout",
            occurred_at=order.placed_at if kind == "purchase" else order.updated_at,
            event_id=f"{'order' if kind == 'purchase' else 'cancelled'}-{order.number}-{line.pk}",
        )
        for line in order.lines.all()
    ]


def _wish_feedback(payload: Mapping[str, Any]) -> list[Feedback]:
    """Keeping something for later is liking it; of a shopper who does not want to be remembered nothing is told."""
    wish: Wish = payload["wish"]
    user_id, visitor_id = _ids(str(wish.user_id or ""), wish.visitor_token)
    if not (user_id or visitor_id):
        return []
    return [
        Feedback(
            kind="like",
            item_id=wish.product.sku,
            user_id=user_id,
            visitor_id=visitor_id,
            recommendation_id=wish.recommendation_id,
            surface="wishlist",
            event_id=_wish_event(wish),
        )
    ]


def _wish_event(wish: Wish) -> str:
    """The id of the like that a wish is: nobody can guess it and take it first."""
    return f"wish-{salted_hmac('shop.wish', str(wish.pk), algorithm='sha256').hexdigest()[:32]}"


@receiver(wish_dropped, dispatch_uid="shop.recommendations.wish_dropped")
def _on_wish_dropped(*, wish: Wish, **_: Any) -> None:
    """What is no longer wanted is no longer liked."""
    owner = Shopper(user_id=user_key(str(wish.user_id or "")), visitor_id=wish.visitor_token)
    delete_event(_wish_event(wish), owner)


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


def start_warm_up() -> None:
    """Load models and index in the background of a web process, so that its first shopper does not wait for them."""
    if get_settings().WARM_UP:
        get_engine().warm_up(background=True)


def products_waiting() -> int:
    """How many products wait for the worker to read or embed them."""
    return coverage().stale
