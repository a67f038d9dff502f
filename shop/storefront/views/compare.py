"""Products side by side. The address holds the comparison; a cookie remembers it for the next "compare" on a card."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from shop import recommendations
from shop.catalog.selectors import products_by_sku
from shop.storefront.cards import Card, card_of
from shop.storefront.comparing import MAX_COMPARED, MIN_COMPARED, compare_url, comparison_of
from shop.storefront.selectors import in_order
from shop.storefront.visitors import who
from shop.wishlist.selectors import wishes_of

COMPARE_COOKIE = "compare"
MAX_SUGGESTED = 6


@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """Up to four products in the order of the address; unknown ones are left out."""
    skus = _clean(request.GET.getlist("sku"))[:MAX_COMPARED]
    products = in_order(skus)
    shown = [product.sku for product in products]
    differing = request.GET.get("only") == "differences" and len(products) >= MIN_COMPARED
    context = {
        "comparison": comparison_of(products, differing=differing),
        "differing": differing,
        "all_url": compare_url(shown),
        "differing_url": compare_url(shown, differing=True),
        "suggested": _suggested(request, shown) if len(products) < MAX_COMPARED else [],
        "best": recommendations.best_of(request, shown) if len(products) >= MIN_COMPARED else None,
        "enough": len(products) >= MIN_COMPARED,
        "most": MAX_COMPARED,
    }
    response = render(request, "storefront/compare.html", context)
    response.set_cookie(COMPARE_COOKIE, _packed(shown), httponly=True, samesite="Lax")
    return response


@require_safe
def add(request: HttpRequest) -> HttpResponse:
    """Go to the comparison that was looked at last, with one product more; a fifth takes the place of the first."""
    sku = request.GET.get("sku", "")
    if not _clean([sku]) or sku not in products_by_sku([sku]):
        raise Http404
    order = [p.sku for p in in_order(_unpacked(request.COOKIES.get(COMPARE_COOKIE, ""))) if p.sku != sku]
    if len(order) >= MAX_COMPARED:
        messages.info(request, _("%(n)d products fit side by side; the first one made room.") % {"n": MAX_COMPARED})
        order = order[1 - MAX_COMPARED :]
    return redirect(compare_url([*order, sku]))


def _suggested(request: HttpRequest, shown: list[str]) -> list[tuple[Card, str]]:
    """What the shopper kept or looked at lately, each with the address of the comparison with it."""
    person = who(request)
    kept = [w.product.sku for w in wishes_of(user_id=person.user_id, visitor_token=person.visitor)[:MAX_SUGGESTED]]
    skus = [sku for sku in dict.fromkeys([*recommendations.seen_lately(request), *kept]) if sku not in shown]
    return [(card_of(product), compare_url([*shown, product.sku])) for product in in_order(skus[:MAX_SUGGESTED])]


def _clean(skus: list[str]) -> list[str]:
    """Each once, without what no sku can be."""
    return list(dict.fromkeys(sku for sku in skus if 0 < len(sku) <= 128 and sku.isprintable()))


def _packed(skus: list[str]) -> str:
    """Skus as a cookie may hold them: the address's own query."""
    return compare_url(skus).partition("?")[2]


def _unpacked(cookie: str) -> list[str]:
    return _clean(QueryDict(cookie[:2000]).getlist("sku"))[:MAX_COMPARED]
