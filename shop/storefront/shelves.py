"""The rows of the home page: each says why it is there, and no product is in two of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from django.http import HttpRequest
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from shop import recommendations
from shop.catalog.models import Category, Product
from shop.catalog.selectors import products_in
from shop.storefront.cards import Shelf, card_of
from shop.storefront.selectors import POPULAR_DAYS, in_order, newest_products, popular_products, products_of

MAX_SHELVES = 6
MIN_CARDS = 3


def home_shelves(request: HttpRequest) -> list[Shelf]:
    """Rows for this shopper: their own first, then what others bought, what is new, and the departments."""
    shelves: list[Shelf] = []
    taken: set[str] = set()

    def place(shelf: Shelf | None) -> None:
        if shelf and len(shelf.cards) >= MIN_CARDS and len(shelves) < MAX_SHELVES:
            shelves.append(shelf)
            taken.update(card.sku for card in shelf.cards)

    place(_for_you(request))
    place(_because_you_saw(request, taken))
    place(_popular(taken))
    place(_newest(taken))
    for category in Category.objects.get_root_nodes():
        place(_department(category, taken))
    return shelves


def _for_you(request: HttpRequest) -> Shelf:
    why = _("From what you looked at and bought. You can see and change that in your account.")
    return Shelf(_("For you"), why, recommendations.for_you(request))


def _because_you_saw(request: HttpRequest, taken: Collection[str]) -> Shelf | None:
    """More in the direction of the product opened last that is still sold."""
    seen = next(iter(in_order(recommendations.seen_lately(request)[:5])), None)
    if seen is None:
        return None
    name = seen.name_in(get_language() or "en")
    cards = recommendations.similar_to(request, seen.sku, "both", exclude={*taken, seen.sku})
    return Shelf(_("More in this direction"), _("Because you looked at “%(name)s”.") % {"name": name}, cards)


def _popular(taken: Iterable[str]) -> Shelf:
    why = ngettext(
        "What most people bought in the last %(n)d day.", "What most people bought in the last %(n)d days.", POPULAR_DAYS
    ) % {"n": POPULAR_DAYS}
    return _shelf(_("Popular"), why, popular_products(exclude=list(taken)))


def _newest(taken: Iterable[str]) -> Shelf:
    return _shelf(_("New here"), _("Added to the shop last."), newest_products(exclude=list(taken)))


def _department(category: Category, taken: Iterable[str]) -> Shelf:
    n = products_in(category).count()
    why = ngettext("From %(n)d product in this department.", "From %(n)d products in this department.", n) % {"n": n}
    name = category.name_in(get_language() or "en")
    return Shelf(name, why, [card_of(p) for p in products_of(category, 8, list(taken))], category.get_absolute_url())


def _shelf(title: str, why: str, products: Sequence[Product]) -> Shelf:
    return Shelf(title, why, [card_of(product) for product in products])
