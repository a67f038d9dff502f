"""What an account prefers, sent to the browser that shows it."""

from __future__ import annotations

from django.conf import settings
from django.http.response import HttpResponseBase

from shop.accounts.models import Preference
from shop.storefront.currency import keep_currency
from shop.storefront.money import shop_currencies


def keep_choices(response: HttpResponseBase, chosen: Preference | None) -> None:
    """Cookies of the language and the currency that were chosen; what was left open stays as the browser has it."""
    if chosen is None:
        return
    if chosen.language in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            chosen.language,
            max_age=settings.LANGUAGE_COOKIE_AGE,
            path=settings.LANGUAGE_COOKIE_PATH,
            domain=settings.LANGUAGE_COOKIE_DOMAIN,
            secure=settings.LANGUAGE_COOKIE_SECURE,
            httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
            samesite=settings.LANGUAGE_COOKIE_SAMESITE,
        )
    if chosen.currency in shop_currencies():
        keep_currency(response, chosen.currency)
