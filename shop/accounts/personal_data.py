"""What the shop itself holds of a person, beside what the recommender holds: handed over, and erased with the account.

Orders stay, as bookkeeping must, without anything that says whose they were: amounts, lines and dates are what they were.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet

from shop.accounts.models import Preference, Visitor
from shop.orders.models import Cart, Order
from shop.reviews.models import Review
from shop.reviews.services import erase_reviews
from shop.wishlist.models import Wish

_CONTACT = ("email", "name", "phone", "address", "city", "postcode", "country", "note")
_ORDER = (
    "number",
    "status",
    *_CONTACT,
    "language",
    "currency",
    "subtotal_minor",
    "shipping_minor",
    "shipping_method",
    "total_minor",
    "placed_at",
)
_REVIEW = ("stars", "text", "name", "language", "state", "written_at")


def export_person(*, user: User | None, visitor_token: str) -> dict[str, Any]:
    """Account, preferences, cart, wish list, reviews and orders, ready for JSON but for times."""
    account = None
    if user is not None:
        account = {"email": user.email, "name": user.first_name, "joined": user.date_joined, "last_login": user.last_login}
    return {
        "account": account,
        "preferences": list(_preferences(user, visitor_token).values("use_history", "language", "currency", "updated_at")),
        "cart": [
            {"sku": line.product.sku, "quantity": line.quantity, "added_at": line.added_at}
            for cart in _carts(user, visitor_token)
            for line in cart.lines.select_related("product")
        ],
        "wishlist": [
            {"sku": wish.product.sku, "added_at": wish.added_at}
            for wish in Wish.objects.filter(_owned(user, visitor_token)).select_related("product")
        ],
        "reviews": [
            {"sku": review.product.sku, **{name: getattr(review, name) for name in _REVIEW}}
            for review in Review.objects.filter(_owned(user, visitor_token)).select_related("product")
        ],
        "orders": [
            {
                **{name: getattr(order, name) for name in _ORDER},
                "lines": list(order.lines.values("sku", "name", "quantity", "unit_price_minor")),
                "payments": list(order.payments.values("method", "is_demo", "state", "amount_minor", "currency", "created_at")),
            }
            for order in _orders(user, visitor_token).prefetch_related("lines")
        ],
    }


@transaction.atomic
def erase_person(*, user: User | None, visitor_token: str) -> dict[str, int]:
    """Delete cart, wish list, reviews, preferences and account, and take the person out of their orders.

    Returns:
        How many of each.
    """
    orders = list(_orders(user, visitor_token).select_for_update())
    for order in orders:
        order.user, order.visitor_token, order.owner = None, "", f"erased:{order.number}"
        for name in _CONTACT:
            setattr(order, name, "")
        order.save()
    n_carts = _carts(user, visitor_token).count()
    _carts(user, visitor_token).delete()
    n_wishes = Wish.objects.filter(_owned(user, visitor_token)).delete()[0]
    n_reviews = erase_reviews(Review.objects.filter(_owned(user, visitor_token)))
    n_preferences = _preferences(user, visitor_token).count()
    _preferences(user, visitor_token).delete()
    Visitor.objects.filter(_visitors(user, visitor_token)).delete()
    if user is not None:
        user.delete()
    return {
        "orders": len(orders),
        "carts": n_carts,
        "wishes": n_wishes,
        "reviews": n_reviews,
        "preferences": n_preferences,
        "accounts": int(user is not None),
    }


def _visitors(user: User | None, visitor_token: str) -> Q:
    """The browsers of this person; one that belongs to somebody else is left alone."""
    mine = Q(token=visitor_token, user=None) if visitor_token else Q(pk__in=[])
    return mine | Q(user=user) if user is not None else mine


def _owned(user: User | None, visitor_token: str) -> Q:
    """Rows of this person that have a user or, for a guest, a visitor's token."""
    owned = Q(user=None, visitor_token=visitor_token) if visitor_token else Q(pk__in=[])
    return owned | Q(user=user) if user is not None else owned


def _orders(user: User | None, visitor_token: str) -> QuerySet[Order]:
    return Order.objects.filter(_owned(user, visitor_token))


def _carts(user: User | None, visitor_token: str) -> QuerySet[Cart]:
    return Cart.objects.filter(_owned(user, visitor_token))


def _preferences(user: User | None, visitor_token: str) -> QuerySet[Preference]:
    owned = Q(visitor__token=visitor_token, visitor__user=None) if visitor_token else Q(pk__in=[])
    return Preference.objects.filter(owned | Q(user=user) if user is not None else owned)
