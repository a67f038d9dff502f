"""Writes about shoppers."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction

from shop.accounts.models import Preference, Visitor
from shop.orders.services import claim_orders, merge_carts
from shop.reviews.services import merge_reviews
from shop.wishlist.services import merge_wishes

PREFERENCE_FIELDS = ("use_history", "language", "currency")


def new_visitor() -> Visitor:
    """A guest with a fresh token."""
    return Visitor.objects.create()


def known_visitor(token: str) -> Visitor | None:
    """The guest whose token this is; a token that was never given out is nobody's."""
    return Visitor.objects.filter(token=token).first() if token else None


@transaction.atomic
def sign_up(*, email: str, password: str, name: str = "") -> User:
    """A new shopper, known by the e-mail address in lower case.

    Raises:
        IntegrityError: the address has an account (the form says so earlier).
    """
    address = email.strip().lower()
    return User.objects.create_user(username=address, email=address, password=password, first_name=name[:150])


@transaction.atomic
def merge_visitor(visitor: Visitor, user: User) -> None:
    """At sign-in the guest's cart, wish list, reviews and orders become the user's, and the guest's choices fill what the
    user left open. Idempotent.

    A visitor that belongs to another user keeps its preference: two people may share a browser.
    """
    merge_carts(visitor_token=visitor.token, user_id=user.pk)
    merge_wishes(visitor_token=visitor.token, user_id=user.pk)
    merge_reviews(visitor_token=visitor.token, user_id=user.pk)
    claim_orders(visitor_token=visitor.token, user_id=user.pk)
    if visitor.user_id not in (None, user.pk):
        return
    visitor.user = user
    visitor.save(update_fields=["user", "seen_at"])
    chosen = Preference.objects.filter(visitor=visitor).first()
    if chosen and not Preference.objects.filter(user=user).exists():
        set_preference(user=user, **{name: getattr(chosen, name) for name in PREFERENCE_FIELDS})


def set_preference(*, user: User | None = None, visitor: Visitor | None = None, **changes: bool | str) -> Preference:
    """Write what a user or, without one, a guest chose; what is not given stays.

    Raises:
        ValueError: nobody is given, or a field that does not exist.
    """
    unknown = set(changes) - set(PREFERENCE_FIELDS)
    if unknown or (user is None and visitor is None):
        raise ValueError(f"A preference needs a user or a visitor and the fields {PREFERENCE_FIELDS}; got {sorted(unknown)}.")
    owner = {"user": user} if user is not None else {"visitor": visitor}
    return Preference.objects.update_or_create(**owner, defaults=changes)[0]
