"""The opening and the rows of the home page: each row says why it is there, and no product is shown twice."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.http import HttpRequest
from django.utils.translation import get_language, gettext_noop, ngettext
from django.utils.translation import gettext as _

from shop import recommendations
from shop.catalog.models import Category, Product
from shop.catalog.selectors import products_in
from shop.storefront.asking import Asked
from shop.storefront.cards import Card, Shelf, card_of
from shop.storefront.money import round_money
from shop.storefront.selectors import POPULAR_DAYS, in_order, newest_products, popular_products, products_of

MAX_SHELVES = 6
MIN_CARDS = 3
ROW = 8
DEPARTMENT_ROW = 6  # all of it is one link away
# Requests to begin with, in the page's language: the first four are shown with the shop's own answer. Where one names an
# amount, it stands beside it in US dollars; the page says a round one like it in the shopper's currency.
EXAMPLES = [
    (gettext_noop("something green for a dark corner"), 0),
    (gettext_noop("a comfortable chair"), 0),
    (gettext_noop("black running shoes"), 0),
    (gettext_noop("an old-fashioned camera"), 0),
    (gettext_noop("a gift for someone who loves plants under %(amount)s"), 30),
    (gettext_noop("something for the gym under %(amount)s"), 40),
]
SHOWN = 4


@dataclass(frozen=True, slots=True)
class Example:
    """A request to begin with; ``card`` is what the shop answers to it, None where it stands alone."""

    text: str
    url: str
    card: Card | None = None


@dataclass(frozen=True, slots=True)
class Home:
    """The home page. ``known``: this shopper's own rows come first, so the opening makes room for them."""

    tiles: Sequence[Example]
    requests: Sequence[Example]
    shelves: Sequence[Shelf]
    known: bool


def home(request: HttpRequest) -> Home:
    """What a shopper sees first: what this shop does, then rows for this shopper, then rows for everybody."""
    personal = _Rows()
    personal.place(_for_you(request))
    personal.place(_because_you_saw(request, personal.taken))
    personal.place(_seen_lately(request, personal.taken))
    known = bool(personal.shelves)
    examples = [
        _(text) % {"amount": round_money(Decimal(dollars), "USD")} if dollars else _(text) for text, dollars in EXAMPLES
    ]
    tiles = [] if known else _tiles(request, examples[:SHOWN])
    rows = personal
    rows.taken.update(tile.card.sku for tile in tiles if tile.card)
    rows.place(_trending(rows.taken))
    rows.place(_popular(rows.taken))
    rows.place(_newest(rows.taken))
    for category in Category.objects.get_root_nodes():
        rows.place(_department(category, rows.taken))
    told = {tile.text for tile in tiles}
    return Home(tiles, [Example(text, Asked(text).url) for text in examples if text not in told], rows.shelves, known)


class _Rows:
    """Rows placed so far, and the skus in them."""

    def __init__(self) -> None:
        self.shelves: list[Shelf] = []
        self.taken: set[str] = set()

    def place(self, shelf: Shelf | None) -> None:
        if shelf and len(shelf.cards) >= MIN_CARDS and len(self.shelves) < MAX_SHELVES:
            self.shelves.append(shelf)
            self.taken.update(card.sku for card in shelf.cards)


def _tiles(request: HttpRequest, texts: Sequence[str]) -> list[Example]:
    return [Example(text, Asked(text).url, card_of(found)) for text, found in recommendations.answered_examples(request, texts)]


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


def _seen_lately(request: HttpRequest, taken: Collection[str]) -> Shelf:
    skus = [sku for sku in dict.fromkeys(recommendations.seen_lately(request)) if sku not in taken]
    return _shelf(_("Looked at lately"), _("To go on where you were. Only you see this."), in_order(skus[:ROW]))


def _trending(taken: Collection[str]) -> Shelf:
    skus = [sku for sku in recommendations.trending(ROW + len(taken)) if sku not in taken]
    return _shelf(_("Trending"), _("Wanted by more people this week than in the weeks before."), in_order(skus[:ROW]))


def _popular(taken: Collection[str]) -> Shelf:
    why = ngettext(
        "What most people bought in the last %(n)d day.", "What most people bought in the last %(n)d days.", POPULAR_DAYS
    ) % {"n": POPULAR_DAYS}
    return _shelf(_("Popular"), why, popular_products(exclude=list(taken)))


def _newest(taken: Collection[str]) -> Shelf:
    return _shelf(_("New here"), _("Added to the shop last."), newest_products(exclude=list(taken)))


def _department(category: Category, taken: Collection[str]) -> Shelf:
    n = products_in(category).count()
    why = ngettext("From %(n)d product in this department.", "From %(n)d products in this department.", n) % {"n": n}
    cards = [card_of(product) for product in products_of(category, DEPARTMENT_ROW, list(taken))]
    return Shelf(category.name_in(get_language() or "en"), why, cards, category.get_absolute_url())


def _shelf(title: str, why: str, products: Sequence[Product]) -> Shelf:
    return Shelf(title, why, [card_of(product) for product in products])
