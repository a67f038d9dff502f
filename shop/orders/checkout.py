"""From a cart to a paid order: look, reserve the money, write the order. Asked twice, it happens once."""

from __future__ import annotations

from shop.orders.errors import BadKey, OrderError
from shop.orders.models import Cart, Order
from shop.orders.services import MAX_KEY_LENGTH, Contact, order_place, quote
from shop.orders.shipping import ShippingMethod
from shop.payments.base import Charge
from shop.payments.errors import PaymentError
from shop.payments.services import authorise, release


def check_out(
    cart: Cart,
    contact: Contact,
    key: str,
    *,
    payment_choice: str = "",
    shipping: ShippingMethod | None = None,
    expected_total_minor: int | None = None,
    language: str = "",
) -> Order:
    """Reserve the total and turn the cart into an order; what was reserved is let go when no order comes of it.

    Args:
        key: made once when the checkout page is rendered; sent again on every retry.
        expected_total_minor: the total that the shopper saw, with delivery.
    Raises:
        OrderError, PaymentError: nothing is ordered or charged, and the cart can be ordered once the cause is gone.
    """
    if not 1 <= len(key) <= MAX_KEY_LENGTH:
        raise BadKey(MAX_KEY_LENGTH)
    try:
        return _placed(cart, key) or _check_out(cart, contact, key, payment_choice, shipping, expected_total_minor, language)
    except (OrderError, PaymentError):
        twin = _placed(cart, key)  # a second click of the same page finds the cart empty: its order is there
        if twin is None:
            raise
        return twin


def _check_out(
    cart: Cart,
    contact: Contact,
    key: str,
    choice: str,
    shipping: ShippingMethod | None,
    expected: int | None,
    language: str,
) -> Order:
    total, currency = quote(cart, shipping=shipping, expected_total_minor=expected)
    payment = authorise(cart.pk, key, Charge(total, currency, choice))
    try:
        return order_place(
            cart, contact, key, expected_total_minor=total, language=language, shipping=shipping, payment_id=payment.pk
        )
    except Exception:
        release(payment)
        raise


def _placed(cart: Cart, key: str) -> Order | None:
    return Order.objects.filter(owner=cart.owner, idempotency_key=key).first()
