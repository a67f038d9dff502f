"""What every page's frame shows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from shop.catalog.selectors import departments
from shop.orders.selectors import find_cart
from shop.recommendations import learnt_from_simulated
from shop.storefront.visitors import who

THEMES = ("light", "dark")


def storefront(request: HttpRequest) -> dict[str, Any]:
    """Theme, the other language, the departments and how much is in the cart (counted only if the page shows it)."""
    theme = request.COOKIES.get("theme", "")
    return {
        "theme": theme if theme in THEMES else "",
        "other_language": next(code for code, _ in settings.LANGUAGES if code != (get_language() or "en")),
        "simulated_shoppers": SimpleLazyObject(learnt_from_simulated),
        "departments": SimpleLazyObject(departments),
        "cart_units": SimpleLazyObject(lambda: cart_units(request)),
    }


def cart_units(request: HttpRequest) -> int:
    """Units in the shopper's cart. At most two queries."""
    person = who(request)
    cart = find_cart(user_id=person.user_id, visitor_token=person.visitor)
    return sum(cart.lines.values_list("quantity", flat=True)) if cart else 0
