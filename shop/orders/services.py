"""Writes to carts and orders. Each public function is one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import NoReturn

from django.db import IntegrityError, transaction
from django.db.models import F

from shop.catalog.models import Product
from shop.catalog.signals import products_changed
from shop.listeners import tell
from shop.orders.errors import (
    BadKey,
    BadQuantity,
    EmptyCart,
    MixedCurrencies,
    NotForSale,
    OutOfStock,
    PriceChange,
    PriceChanged,
)
from shop.orders.models import MAX_QUANTITY, Cart, CartLine, Order, OrderLine
from shop.orders.selectors import find_cart
from shop.orders.shipping import ShippingMethod
from shop.orders.signals import cart_line_added, cart_line_removed, order_placed
from shop.payments.services import attach

MAX_KEY_LENGTH = 255


@dataclass(frozen=True, slots=True)
class Contact:
    """Who gets the parcel and where. ``country`` is an ISO 3166 alpha-2 code."""

    email: str
    name: str
    address: str
    city: str
    country: str
    postcode: str = ""
    phone: str = ""
    note: str = ""


def cart_for(*, user_id: int | None, visitor_token: str) -> Cart:
    """The shopper's cart, made on first use. A user's cart wins over a visitor's.

    Raises:
        ValueError: neither a user nor a visitor is given.
    """
    if user_id is None and not visitor_token:
        raise ValueError("A cart needs a user or a visitor token.")
    found = find_cart(user_id=user_id, visitor_token=visitor_token)
    if found:
        return found
    if user_id is not None:
        return Cart.objects.get_or_create(user_id=user_id)[0]
    return Cart.objects.get_or_create(visitor_token=visitor_token, user=None)[0]


@transaction.atomic
def add_to_cart(cart: Cart, product: Product, quantity: int = 1, *, recommendation_id: str = "") -> CartLine:
    """Put units of a product into the cart, on top of what is there.

    Raises:
        NotForSale, OutOfStock, BadQuantity, MixedCurrencies: and the cart is as it was.
    """
    _locked(cart)
    product = Product.objects.filter(pk=product.pk).first() or _gone(product)
    line = cart.lines.filter(product=product).first()
    wanted = quantity + (line.quantity if line else 0)
    price = _price_of(product)
    _check_quantity(product, wanted, added=quantity)
    other = cart.lines.exclude(product=product).exclude(currency=product.currency).first()
    if other:
        raise MixedCurrencies(other.currency, product.currency)
    line = line or CartLine(cart=cart, product=product)
    line.quantity, line.unit_price_minor, line.currency = wanted, price, product.currency
    line.recommendation_id = recommendation_id or line.recommendation_id
    line.save()
    _touch(cart)
    tell(cart_line_added, sender=CartLine, line=line, quantity=quantity)
    return line


@transaction.atomic
def set_quantity(line: CartLine, quantity: int) -> CartLine | None:
    """Make the line hold so many units; 0 removes it (then None comes back).

    Raises:
        NotForSale, OutOfStock, BadQuantity: and the line is as it was.
    """
    _locked(line.cart)
    line = CartLine.objects.select_related("cart", "product").get(pk=line.pk)
    if quantity == 0:
        _drop(line)
        return None
    change = quantity - line.quantity
    if change > 0:
        _price_of(line.product)
        _check_quantity(line.product, quantity, added=change)
    elif quantity < 1:
        raise BadQuantity(quantity, MAX_QUANTITY)
    line.quantity = quantity
    line.save(update_fields=["quantity"])
    _touch(line.cart)
    if change > 0:
        tell(cart_line_added, sender=CartLine, line=line, quantity=change)
    elif change < 0:
        tell(cart_line_removed, sender=CartLine, line=line, quantity=-change)
    return line


@transaction.atomic
def remove_line(line: CartLine) -> None:
    """Take a product out of the cart; nothing happens if it is out already."""
    _locked(line.cart)
    found = CartLine.objects.select_related("cart", "product").filter(pk=line.pk).first()
    if found:
        _drop(found)


@transaction.atomic
def restore_line(
    cart: Cart, product: Product, quantity: int, *, added_at: datetime, recommendation_id: str = ""
) -> CartLine | None:
    """Undo a removal: the line comes back to its place; None where the product is in the cart again already.

    Raises:
        NotForSale, OutOfStock, BadQuantity, MixedCurrencies: and the cart is as it was.
    """
    _locked(cart)
    if cart.lines.filter(product=product).exists():
        return None
    line = add_to_cart(cart, product, quantity, recommendation_id=recommendation_id)
    line.added_at = added_at
    line.save(update_fields=["added_at"])
    return line


@transaction.atomic
def merge_carts(*, visitor_token: str, user_id: int) -> Cart:
    """Move a guest's cart into the user's at sign-in. Quantities add up, to the maximum a line may hold; no line is lost."""
    target = cart_for(user_id=user_id, visitor_token="")
    guest = Cart.objects.select_for_update().filter(visitor_token=visitor_token).first() if visitor_token else None
    if guest is None:
        return target
    _locked(target)
    present = {line.product_id: line for line in target.lines.all()}
    for line in guest.lines.all():
        kept = present.get(line.product_id)
        if kept:
            kept.quantity = min(kept.quantity + line.quantity, MAX_QUANTITY)
            kept.save(update_fields=["quantity"])
        else:
            line.cart = target
            line.save(update_fields=["cart"])
    guest.delete()
    _touch(target)
    return target


def claim_orders(*, visitor_token: str, user_id: int) -> int:
    """At sign-in: what this browser ordered as a guest belongs to the account. Returns how many orders."""
    if not visitor_token:
        return 0
    return Order.objects.filter(user=None, visitor_token=visitor_token).update(user_id=user_id)


def order_place(
    cart: Cart,
    contact: Contact,
    idempotency_key: str,
    *,
    expected_total_minor: int | None = None,
    language: str = "",
    shipping: ShippingMethod | None = None,
    payment_id: int | None = None,
) -> Order:
    """Turn the cart into an order: stock goes down, the cart is emptied, in ONE transaction. The same key, the same order.

    Args:
        idempotency_key: made once by whoever asks, e.g. when the checkout page is rendered; sent again on every retry.
        expected_total_minor: the total that the shopper saw, delivery included, in minor units of the cart's currency.
        payment_id: of the reservation that pays for it; ``checkout.check_out`` makes one.
    Raises:
        EmptyCart, NotForSale, OutOfStock, BadKey: nothing has changed; the cart can be ordered after the cause is gone.
        PaymentWithdrawn: the reservation is gone; nothing has changed.
        PriceChanged: nothing was ordered; the cart's lines now carry the new prices.
    """
    if not 1 <= len(idempotency_key) <= MAX_KEY_LENGTH:
        raise BadKey(MAX_KEY_LENGTH)
    try:
        with transaction.atomic():
            terms = _Terms(expected_total_minor, language, shipping, payment_id)
            return _order_place(cart, contact, idempotency_key, terms)
    except PriceChanged:
        accept_prices(cart)
        raise
    except IntegrityError:
        # A twin request with the same key committed first (only where the database does not lock the cart's row).
        twin = Order.objects.filter(owner=cart.owner, idempotency_key=idempotency_key).first()
        if twin is None:
            raise
        return twin


@dataclass(frozen=True, slots=True)
class _Terms:
    expected: int | None
    language: str
    shipping: ShippingMethod | None
    payment_id: int | None


def quote(cart: Cart, *, shipping: ShippingMethod | None, expected_total_minor: int | None) -> tuple[int, str]:
    """What the cart costs now with delivery, in minor units of the currency beside it, if it could be ordered now.

    Raises:
        EmptyCart, NotForSale, OutOfStock, MixedCurrencies: as order_place.
        PriceChanged: the cart's lines now carry the new prices.
    """
    lines = list(cart.lines.select_related("product").order_by("product_id"))
    try:
        total = _check_lines(lines, expected_total_minor, shipping)
    except PriceChanged:
        accept_prices(cart)
        raise
    for line in lines:
        _check_quantity(line.product, line.quantity, added=line.quantity)
    return total, lines[0].currency


def _order_place(cart: Cart, contact: Contact, key: str, terms: _Terms) -> Order:
    _locked(cart)
    placed = Order.objects.filter(owner=cart.owner, idempotency_key=key).first()
    if placed:
        return placed
    # Sorted by product: two orders that share products lock them in the same order.
    lines = list(cart.lines.select_for_update().select_related("product").order_by("product_id"))
    _check_lines(lines, terms.expected, terms.shipping)
    _take_stock(lines)
    order = _write_order(cart, contact, key, terms, lines)
    if terms.payment_id is not None:
        attach(terms.payment_id, order.pk)
    cart.lines.all().delete()
    _touch(cart)
    tell(order_placed, sender=Order, order=order)
    return order


def _check_lines(lines: Sequence[CartLine], expected: int | None, shipping: ShippingMethod | None) -> int:
    """The total with delivery."""
    if not lines:
        raise EmptyCart
    changes = [
        PriceChange(line.product.sku, line.product.name, line.unit_price_minor, price, line.product.currency)
        for line in lines
        if (price := _price_of(line.product)) != line.unit_price_minor or line.product.currency != line.currency
    ]
    currencies = {line.product.currency for line in lines}
    if len(currencies) > 1:
        raise MixedCurrencies(*sorted(currencies)[:2])
    total = sum(line.quantity * _price_of(line.product) for line in lines) + (shipping.price_minor if shipping else 0)
    if changes or (expected is not None and expected != total):
        raise PriceChanged(changes, total_minor=total, currency=lines[0].product.currency)
    return total


def _take_stock(lines: Sequence[CartLine]) -> None:
    """Lower the stock where it suffices; the condition is part of the write, so two buyers never get the last unit."""
    tracked = [line for line in lines if line.product.stock is not None]
    for line in tracked:
        enough = Product.objects.filter(pk=line.product_id, stock__gte=line.quantity)
        if not enough.update(stock=F("stock") - line.quantity):
            left = Product.objects.values_list("stock", flat=True).get(pk=line.product_id)
            raise OutOfStock(line.product.sku, line.product.name, wanted=line.quantity, left=left or 0)
    announce(line.product.sku for line in tracked)


def _write_order(cart: Cart, contact: Contact, key: str, terms: _Terms, lines: Sequence[CartLine]) -> Order:
    language, shipping = terms.language, terms.shipping
    delivery = shipping.price_minor if shipping else 0
    subtotal = sum(line.total_minor for line in lines)
    order = Order.objects.create(
        user_id=cart.user_id,
        visitor_token=cart.visitor_token,
        owner=cart.owner,
        idempotency_key=key,
        language=language,
        currency=lines[0].currency,
        subtotal_minor=subtotal,
        shipping_minor=delivery,
        shipping_method=shipping.code if shipping else "",
        total_minor=subtotal + delivery,
        **asdict(contact),
    )
    for line in sorted(lines, key=lambda line: line.pk):
        OrderLine.objects.create(
            order=order,
            product=line.product,
            sku=line.product.sku,
            name=line.product.name_in(language),
            quantity=line.quantity,
            unit_price_minor=line.unit_price_minor,
            recommendation_id=line.recommendation_id,
        )
    return order


@transaction.atomic
def accept_prices(cart: Cart) -> None:
    """Write today's prices into the cart's lines, because the shopper is about to see them."""
    _locked(cart)
    for line in cart.lines.select_related("product"):
        price = line.product.price_minor
        if price is not None and (price, line.product.currency) != (line.unit_price_minor, line.currency):
            line.unit_price_minor, line.currency = price, line.product.currency
            line.save(update_fields=["unit_price_minor", "currency"])


def announce(skus: Iterable[str]) -> None:
    """The stock was written by ``update``, which sends no save signal."""
    changed = list(skus)
    if changed:
        products_changed.send(sender=Product, skus=changed, reason="stock")


def _price_of(product: Product) -> int:
    if not product.for_sale or product.price_minor is None:
        raise NotForSale(product.sku, product.name)
    return product.price_minor


def _gone(product: Product) -> NoReturn:
    raise NotForSale(product.sku, product.name)


def _check_quantity(product: Product, wanted: int, *, added: int) -> None:
    if added < 1 or wanted > MAX_QUANTITY:
        raise BadQuantity(wanted if added >= 1 else added, MAX_QUANTITY)
    if product.stock is not None and product.stock < wanted:
        raise OutOfStock(product.sku, product.name, wanted=wanted, left=product.stock)


def _locked(cart: Cart) -> None:
    """Hold the cart's row until the end of the transaction (SQLite holds the whole database already)."""
    Cart.objects.select_for_update().filter(pk=cart.pk).first()


def _touch(cart: Cart) -> None:
    Cart.objects.filter(pk=cart.pk).update(version=F("version") + 1)
    cart.refresh_from_db(fields=["version"])


def _drop(line: CartLine) -> None:
    cart, quantity, pk = line.cart, line.quantity, line.pk
    line.delete()
    line.pk = pk
    _touch(cart)
    tell(cart_line_removed, sender=CartLine, line=line, quantity=quantity)
