"""Writes to wish lists. Each public function is one transaction and may be repeated without harm."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from shop.catalog.models import Product
from shop.listeners import tell
from shop.wishlist.models import Wish
from shop.wishlist.selectors import owned_by
from shop.wishlist.signals import wish_dropped, wish_made

MAX_WISHES = 500


class WishlistFull(Exception):
    """The list holds as much as one may keep."""


@transaction.atomic
def make_wish(product: Product, *, user_id: int | None, visitor_token: str, recommendation_id: str = "") -> Wish:
    """Keep a product for later; one that is kept already stays as it is.

    Raises:
        WishlistFull: MAX_WISHES are kept.
        ValueError: neither a user nor a visitor is given.
    """
    if user_id is None and not visitor_token:
        raise ValueError("A wish needs a user or a visitor token.")
    mine = Wish.objects.filter(owned_by(user_id=user_id, visitor_token=visitor_token))
    known = mine.filter(product=product).first()
    if known:
        return known
    if mine.count() >= MAX_WISHES:
        raise WishlistFull
    owner = {"user_id": user_id, "visitor_token": "" if user_id is not None else visitor_token}
    try:
        with transaction.atomic():
            wish = Wish.objects.create(**owner, product=product, recommendation_id=recommendation_id)
    except IntegrityError:  # a double click made it first
        return mine.get(product=product)
    tell(wish_made, sender=Wish, wish=wish)
    return wish


@transaction.atomic
def drop_wish(product: Product, *, user_id: int | None, visitor_token: str) -> bool:
    """Take a product off the list; False when it was not on it."""
    wish = Wish.objects.filter(owned_by(user_id=user_id, visitor_token=visitor_token), product=product).first()
    if wish is None:
        return False
    pk = wish.pk
    wish.delete()
    wish.pk = pk
    tell(wish_dropped, sender=Wish, wish=wish)
    return True


@transaction.atomic
def merge_wishes(*, visitor_token: str, user_id: int) -> int:
    """Move a guest's wishes into the user's list at sign-in; what both have is kept once. Returns how many moved.

    Nothing is told: the guest's likes become the user's with the rest of the history.
    """
    if not visitor_token:
        return 0
    kept = set(Wish.objects.filter(user_id=user_id).values_list("product_id", flat=True))
    guest = Wish.objects.filter(user=None, visitor_token=visitor_token)
    for double in guest.filter(product_id__in=kept):
        tell(wish_dropped, sender=Wish, wish=double)
        double.delete()
    return guest.update(user_id=user_id, visitor_token="")
