"""A category's page: all of it, or what filters leave of it, in an order."""

from __future__ import annotations

import logging

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils.translation import gettext as _

from fusion.chips import read_chip
from fusion.types import Constraint, Operator, Order
from recommender.services.browsing import Browsed, browse
from shop.catalog.models import Category
from shop.catalog.selectors import category_paths, products_by_sku, products_in
from shop.recommendations.narrowing import filtered
from shop.recommendations.offering import Offering
from shop.recommendations.pages import shopper_of
from shop.storefront.asking import Asked, Step
from shop.storefront.cards import CategoryPage, card_of
from shop.storefront.errors import RequestRefused

logger = logging.getLogger(__name__)

ORDERS = {
    "": Order("created_at", True),
    "price": Order("price", False),
    "-price": Order("price", True),
    "rating": Order("rating", True),
}


def category_page(request: HttpRequest, category: Category, asked: Asked, number: int, size: int) -> CategoryPage:
    """One page of a category; a number beyond the last is the last.

    As it stands, newest first, it is read from the shop's own tables, where a product is that nobody has indexed yet.

    Raises:
        RequestRefused: a filter in the address is damaged.
    """
    chosen = bool(asked.sort or asked.only)
    found = _browsed(request, category, asked, number, size if chosen else 0)
    known = found if found is not None and found.whole else None
    if known is not None and chosen:
        last = max(1, -(-known.total // size))
        if number > last:
            return category_page(request, category, asked, last, size)
        products = products_by_sku([item.item_id for item in known.items])
        cards = [card_of(products[item.item_id]) for item in known.items if item.item_id in products]
        total, has_next = known.total, number < last
    else:
        page = Paginator(products_in(category), size).get_page(number)
        cards, number, total, has_next = [card_of(p) for p in page], page.number, page.paginator.count, page.has_next()
    offering = _offering(request, known, asked)
    note = _("Sorting and filters are not available just now. This is everything, newest first.")
    return CategoryPage(
        cards,
        number,
        total,
        has_next,
        sort=asked.sort if known else "",
        facets=offering.boxes() if offering else (),
        hidden=offering.hidden() if offering else (),
        rated=known is not None and known.rated,
        degraded=[note] if chosen and not known and total else (),
    )


def narrow_category(request: HttpRequest, asked: Asked, step: Step) -> Asked:
    """The category's page with the filters that its form was sent with.

    Raises:
        RequestRefused: a filter is damaged, or the bounds cross.
    """
    return filtered(asked, step, shopper_of(request).currency)


def _browsed(request: HttpRequest, category: Category, asked: Asked, number: int, size: int) -> Browsed | None:
    """None where the plugin cannot say."""
    try:
        filters = [read_chip(key) for key in asked.only]
    except ValueError as error:
        raise RequestRefused(_("This address is damaged. Ask again in the box above.")) from error
    shopper = shopper_of(request)
    part = Constraint("category", Operator.IN, ("/".join(category_paths([category])[category.pk]),))
    offset = (number - 1) * size
    try:
        return browse(part, filters, ORDERS[asked.sort], offset, size, language=shopper.language, currency=shopper.currency)
    except Exception as error:  # filters less, not a page less
        logger.warning("event=browse_failed category=%s error=%r", category.slug, error)
        return None


def _offering(request: HttpRequest, found: Browsed | None, asked: Asked) -> Offering | None:
    """The facets but the categories, which are links above the products."""
    if found is None:
        return None
    facets = [facet for facet in found.facets if facet.field != "category"]
    return Offering(facets, found.filters, asked.only, shopper_of(request).currency)
