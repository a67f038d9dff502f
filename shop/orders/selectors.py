"""Reads of carts and orders. Nothing here creates a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from shop.orders.models import Cart, CartLine, Order


@dataclass(frozen=True, slots=True)
class CartSummary:
    """A cart as a page shows it; amounts in minor units of ``currency``."""

    cart: Cart | None
    lines: Sequence[CartLine]
    total_minor: int
    currency: str
    n_units: int


def find_cart(*, user_id: int | None, visitor_token: str) -> Cart | None:
    """The user's cart or, for a guest, the visitor's. One query."""
    if user_id is not None:
        return Cart.objects.filter(user_id=user_id).first()
    return Cart.objects.filter(visitor_token=visitor_token).first() if visitor_token else None


def lines_of(cart: Cart) -> list[CartLine]:
    """Lines in the order they were added, with products, brands and photos. Two queries."""
    return list(cart.lines.select_related("product__category", "product__brand").prefetch_related("product__images"))


def summary_of(cart: Cart | None) -> CartSummary:
    """What the cart page and the badge need. Two queries."""
    lines = lines_of(cart) if cart else []
    return CartSummary(
        cart=cart,
        lines=lines,
        total_minor=sum(line.total_minor for line in lines),
        currency=lines[0].currency if lines else "",
        n_units=sum(line.quantity for line in lines),
    )


def orders_of(*, user_id: int | None, visitor_token: str = "") -> QuerySet[Order]:
    """A shopper's own orders, newest first, lines prefetched: the user's or, for a guest, the visitor's."""
    orders = Order.objects.prefetch_related("lines__product__images")
    if user_id is not None:
        return orders.filter(user_id=user_id)
    return orders.filter(visitor_token=visitor_token, user=None) if visitor_token else orders.none()


def guest_order(number: str, email: str | None = None) -> Order | None:
    """An order that was placed without an account, by its number and, where given, the e-mail it was placed with.

    None also for an order whose person was erased.
    """
    found = Order.objects.filter(number=number, user=None).exclude(email="").prefetch_related("lines__product__images").first()
    if found is None or (email is not None and found.email.casefold() != email.strip().casefold()):
        return None
    return found
