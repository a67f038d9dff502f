"""The currency that a browser chose to read prices in, kept in a cookie."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from shop.storefront.money import currency_chosen

CURRENCY_COOKIE = "currency"
CURRENCY_AGE = 365 * 24 * 60 * 60


def currency_of_the_shopper(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: every price of this request is shown in the currency of the cookie."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        with currency_chosen(request.COOKIES.get(CURRENCY_COOKIE, "")):
            return get_response(request)

    return middleware


def keep_currency(response: HttpResponseBase, code: str) -> None:
    """Send the cookie."""
    response.set_cookie(CURRENCY_COOKIE, code, max_age=CURRENCY_AGE, samesite="Lax")
