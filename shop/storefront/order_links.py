"""The link by which a guest comes back to an order: signed, so that a number alone opens nothing."""

from __future__ import annotations

from datetime import timedelta

from django.core import signing
from django.urls import reverse

from shop.orders.models import Order

_SALT = "shop.order-link"
LINK_AGE = timedelta(days=180)


def order_link(order: Order) -> str:
    """The address of an order for whoever holds it."""
    return f"{reverse('storefront:order', args=[order.number])}?key={_signer().sign(order.number).partition(':')[2]}"


def opens(key: str, number: str) -> bool:
    """Whether a key was made here for this order, within LINK_AGE."""
    try:
        return _signer().unsign(f"{number}:{key}", max_age=LINK_AGE) == number
    except signing.BadSignature:
        return False


def _signer() -> signing.TimestampSigner:
    return signing.TimestampSigner(salt=_SALT)
