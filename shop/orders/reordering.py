"""An order once more: what is still sold goes into the cart, and what is not, or costs something else now, is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from shop.orders.errors import OrderError, PriceChange
from shop.orders.models import MAX_QUANTITY, Cart, Order, OrderLine
from shop.orders.services import add_to_cart


@dataclass(frozen=True, slots=True)
class Shortened:
    """A product of which fewer went into the cart than were ordered."""

    name: str
    wanted: int
    added: int


@dataclass(frozen=True, slots=True)
class Reorder:
    """What became of each line of the order."""

    n_added: int
    gone: Sequence[str]
    shortened: Sequence[Shortened]
    repriced: Sequence[PriceChange]


@transaction.atomic
def reorder(order: Order, cart: Cart) -> Reorder:
    """Put the order's lines into the cart, on top of what is there, as far as stock and limits go."""
    n_added = 0
    gone: list[str] = []
    shortened: list[Shortened] = []
    repriced: list[PriceChange] = []
    for line in order.lines.select_related("product"):
        added = _add(line, cart)
        n_added += added
        if added == 0:
            gone.append(line.name)
            continue
        if added < line.quantity:
            shortened.append(Shortened(line.name, line.quantity, added))
        change = _price_change(line, order.currency)
        if change:
            repriced.append(change)
    return Reorder(n_added, gone, shortened, repriced)


def _add(line: OrderLine, cart: Cart) -> int:
    """Units that went in: all, what is left, or none."""
    product = line.product
    if product is None:
        return 0
    present = cart.lines.filter(product=product).values_list("quantity", flat=True).first() or 0
    room = MAX_QUANTITY if product.stock is None else min(product.stock, MAX_QUANTITY)
    quantity = min(line.quantity, room - present)
    try:
        add_to_cart(cart, product, quantity)
    except OrderError:
        return 0
    return quantity


def _price_change(line: OrderLine, currency: str) -> PriceChange | None:
    product = line.product
    if product is None or product.price_minor is None or product.currency != currency:
        return None
    if product.price_minor == line.unit_price_minor:
        return None
    return PriceChange(line.sku, line.name, line.unit_price_minor, product.price_minor, currency)
