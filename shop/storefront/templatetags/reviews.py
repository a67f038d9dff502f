"""The reviews of a product, for the product page: one tag, so that the page needs to know nothing of them."""

from __future__ import annotations

from typing import Any

from babel.numbers import format_decimal
from django.template import Library
from django.utils.translation import get_language

from shop.catalog.models import Product
from shop.reviews.models import MAX_STARS
from shop.reviews.selectors import approved, has_bought, own_review, verdict_of
from shop.storefront.money import babel_locale
from shop.storefront.visitors import who

register = Library()

SHOWN = 8


@register.inclusion_tag("storefront/partials/reviews.html", takes_context=True)
def reviews_of(context: Any, product: Product) -> dict[str, Any]:
    """Stars, counts and the newest reviews, and the way to write one for who bought it. Five queries at most."""
    request = context["request"]
    person = who(request)
    verdict = verdict_of(product.pk)
    mine = own_review(product.pk, user_id=person.user_id, visitor_token=person.visitor)
    return {
        "request": request,
        "product": product,
        "name": product.name_in(get_language() or "en"),
        "verdict": verdict,
        "reviews": list(approved(product.pk)[:SHOWN]) if verdict.n else [],
        "mine": mine,
        "may_write": has_bought(product.pk, user_id=person.user_id, visitor_token=person.visitor),
    }


@register.inclusion_tag("storefront/partials/stars.html")
def stars(given: float, spoken: bool = True) -> dict[str, Any]:
    """So many of five stars, drawn and said; halves are drawn from .25 on."""
    places = [("full" if given >= n - 0.25 else "half" if given >= n - 0.75 else "none") for n in range(1, MAX_STARS + 1)]
    return {"places": places, "given": decimal_text(given).removesuffix(".0"), "spoken": spoken, "most": MAX_STARS}


@register.filter
def decimal_text(number: float) -> str:
    """A mean as the language writes it: "4.3"."""
    return str(format_decimal(number, format="0.0", locale=babel_locale()))
