"""What happens at sign-in."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from shop.accounts.cookies import VISITOR_COOKIE
from shop.accounts.services import known_visitor, merge_visitor


@receiver(user_logged_in, dispatch_uid="shop.accounts.merge_visitor")
def on_user_logged_in(*, request: HttpRequest | None, user: User, **_: Any) -> None:
    """Bring along what the shopper did as a guest. Admin and API sign-ins carry no visitor cookie and merge nothing."""
    visitor = known_visitor(request.COOKIES.get(VISITOR_COOKIE, "")) if request is not None else None
    if visitor is not None:
        merge_visitor(visitor, user)
