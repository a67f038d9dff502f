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
from shop.storefront.money import chosen_currency, rates_date, shop_currencies
from shop.storefront.visitors import who
from shop.wishlist.selectors import wished_skus

THEMES = ("light", "dark")


def storefront(request: HttpRequest) -> dict[str, Any]:
    """Theme, the other language, the currency, the departments and how much is in the cart (counted if the page shows it)."""
    theme = request.COOKIES.get("theme", "")
    return {
        "theme": theme if theme in THEMES else "",
        "other_language": next(code for code, _ in settings.LANGUAGES if code != (get_language() or "en")),
        "currency": chosen_currency(),
        "currencies": shop_currencies(),
        "shop_currency": settings.SHOP_CURRENCY,
        "rates_date": rates_date(),
        "demo_rates": settings.DEMO_RATES,
        "simulated_shoppers": SimpleLazyObject(learnt_from_simulated),
        "departments": SimpleLazyObject(departments),
        "wished": SimpleLazyObject(lambda: skus_wished(request)),
        "cart_units": SimpleLazyObject(lambda: cart_units(request)),
    }


def cart_units(request: HttpRequest) -> int:
    """Units in the shopper's cart. At most two queries."""
    person = who(request)
    cart = find_cart(user_id=person.user_id, visitor_token=person.visitor)
    return sum(cart.lines.values_list("quantity", flat=True)) if cart else 0


def skus_wished(request: HttpRequest) -> frozenset[str]:
    """What is on the shopper's wish list: every heart of the page asks this one set. At most two queries."""
    person = who(request)
    return wished_skus(user_id=person.user_id, visitor_token=person.visitor)
