"""What the box suggests, as the pages show it."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import get_language

from recommender.services.suggesting import CategoryLink, Suggestions, forget_requests, suggest
from shop.catalog.models import Category
from shop.catalog.selectors import products_by_sku
from shop.recommendations.pages import shopper_of
from shop.storefront.asking import Asked
from shop.storefront.cards import catalogue_language, price_text
from shop.storefront.pictures import picture_of
from shop.storefront.suggestions import PageRow, Panel, ProductRow, RequestRow, parts_of


def suggestions_for(request: HttpRequest, text: str, limit: int = 10) -> Panel:
    """Requests, categories and products that begin like what was typed; for an empty box the shopper's own last requests."""
    shopper = shopper_of(request)
    return _panel(suggest(text, shopper, language=shopper.language, limit=limit))


def forget_recent_requests(request: HttpRequest) -> None:
    """Forget what this shopper asked in words."""
    forget_requests(shopper_of(request))


def _panel(found: Suggestions) -> Panel:
    products = products_by_sku([one.item.item_id for one in found.items])
    names = _names(found)
    pictures = {sku: picture_of(images[0]) for sku, p in products.items() if (images := list(p.images.all()))}
    return Panel(
        requests=[
            RequestRow(row.text, parts_of(row.text, row.ranges), Asked(row.text).url, row.source == "recent")
            for row in found.requests
        ],
        categories=[_category_row(link, names.get(link.url, link.category.name)) for link in found.categories if link.url],
        products=[
            ProductRow(
                text=one.title,
                parts=parts_of(one.title, one.ranges),
                url=products[one.item.item_id].get_absolute_url(),
                language=catalogue_language(one.title),
                price=price_text(products[one.item.item_id]),
                picture=pictures.get(one.item.item_id),
            )
            for one in found.items
            if one.item.item_id in products
        ],
    )


def _names(found: Suggestions) -> dict[str, str]:
    """Address -> what the pages call the category."""
    last = [link.category.path[-1] for link in found.categories]
    categories = Category.objects.filter(name__in=last) if last else []
    return {category.get_absolute_url(): category.name_in(get_language() or "en") for category in categories}


def _category_row(link: CategoryLink, name: str) -> PageRow:
    ranges = link.category.ranges if name == link.category.name else ()
    return PageRow(name, parts_of(name, ranges), link.url, link.category.total)
