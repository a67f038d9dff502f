"""Reads of wish lists."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from shop.wishlist.models import Wish


def owned_by(*, user_id: int | None, visitor_token: str) -> Q:
    """Wishes of a user or, for a guest, of the visitor; of nobody none."""
    if user_id is not None:
        return Q(user_id=user_id)
    return Q(user=None, visitor_token=visitor_token) if visitor_token else Q(pk__in=[])


def wishes_of(*, user_id: int | None, visitor_token: str) -> QuerySet[Wish]:
    """A shopper's own wishes of products that are still shown, newest first, ready for cards. Two queries."""
    wishes = Wish.objects.filter(owned_by(user_id=user_id, visitor_token=visitor_token), product__is_active=True)
    return wishes.select_related("product__category", "product__brand").prefetch_related("product__images")


def wished_skus(*, user_id: int | None, visitor_token: str) -> frozenset[str]:
    """Skus on a shopper's list; for a guest who never did anything without a query."""
    if user_id is None and not visitor_token:
        return frozenset()
    wishes = Wish.objects.filter(owned_by(user_id=user_id, visitor_token=visitor_token), product__is_active=True)
    return frozenset(wishes.order_by().values_list("product__sku", flat=True))
