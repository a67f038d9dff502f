"""Reads that only pages need."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta

from django.db.models import Count
from django.utils import timezone

from shop.catalog.models import Category, Product
from shop.catalog.selectors import products_by_sku, products_in, visible_products
from shop.orders.models import Order, OrderLine

MIN_BUYERS = 5
POPULAR_DAYS = 30


def popular_products(limit: int = 8, exclude: Collection[str] = ()) -> list[Product]:
    """What most different people bought in the last POPULAR_DAYS days, from MIN_BUYERS buyers on. Three queries."""
    since = timezone.now() - timedelta(days=POPULAR_DAYS)
    lines = OrderLine.objects.filter(order__placed_at__gte=since, product__is_active=True).exclude(sku__in=exclude)
    lines = lines.exclude(order__status=Order.Status.CANCELLED)
    return _by_buyers(lines.values_list("sku").annotate(buyers=Count("order__owner", distinct=True)), limit)


def _by_buyers(counted: object, limit: int) -> list[Product]:
    rows = counted.filter(buyers__gte=MIN_BUYERS).order_by("-buyers", "sku")[:limit]  # type: ignore[attr-defined]
    return in_order([sku for sku, _ in rows])


def in_order(skus: Sequence[str]) -> list[Product]:
    """The visible ones of these products, in the order given. Two queries."""
    found = products_by_sku(skus)
    return [found[sku] for sku in skus if sku in found]


def newest_products(limit: int = 8, exclude: Collection[str] = ()) -> list[Product]:
    """Products that were added last and can be bought now. Two queries."""
    return list(visible_products().exclude(sku__in=exclude).exclude(stock=0).order_by("-created_at", "-id")[:limit])


def products_of(category: Category, limit: int, exclude: Collection[str] = ()) -> list[Product]:
    """Some products of a category and of what is below it, newest first. Two queries."""
    return list(products_in(category).exclude(sku__in=exclude).exclude(stock=0).order_by("-created_at", "-id")[:limit])
