"""Reads about shoppers."""

from __future__ import annotations

from shop.accounts.models import Preference


def preference_of(*, user_id: str = "", visitor_id: str = "") -> Preference | None:
    """What a user chose or, for a guest, what the visitor chose. One query at most."""
    if user_id:
        return Preference.objects.filter(user_id=user_id).first() if user_id.isdecimal() else None
    return Preference.objects.filter(visitor__token=visitor_id).first() if visitor_id else None


def uses_history(*, user_id: str = "", visitor_id: str = "") -> bool:
    """Whether this shopper lets views, carts and purchases shape the answers (the default)."""
    preference = preference_of(user_id=user_id, visitor_id=visitor_id)
    return preference is None or preference.use_history
