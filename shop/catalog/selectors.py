"""Reads of the catalogue. Every function says how many queries it makes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from shop.catalog.models import Category, Product, ProductImage

CHUNK = 500
T = TypeVar("T")


def chunked(rows: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """Lists of at most ``size`` rows, in order."""
    iterator = iter(rows)
    while chunk := list(islice(iterator, size)):
        yield chunk


def visible_products() -> QuerySet[Product]:
    """Products that a shopper may see, with category, brand and photos: two queries once evaluated."""
    return Product.objects.filter(is_active=True).select_related("category", "brand").prefetch_related("images")


def product_by(key: str) -> Product | None:
    """The visible product with this slug or, failing that, this sku. Two or four queries."""
    products = visible_products()
    return products.filter(slug=key).first() or products.filter(sku=key).first()


def products_by_sku(skus: Sequence[str], *, with_photos: bool = True) -> dict[str, Product]:
    """Visible products by sku, with their ``cover``; missing ones are hidden or gone. Two queries for each CHUNK of skus."""
    first = ProductImage.objects.filter(product=OuterRef("pk")).order_by("position", "id").values("image")[:1]
    products = visible_products() if with_photos else visible_products().prefetch_related(None)
    products = products.annotate(cover=Subquery(first))
    return {product.sku: product for chunk in chunked(skus) for product in products.filter(sku__in=chunk)}


def products_in(category: Category) -> QuerySet[Product]:
    """Visible products of a category and of everything below it."""
    return visible_products().filter(category__path__startswith=category.path)


def category_paths(categories: Iterable[Category]) -> dict[int, tuple[str, ...]]:
    """Names from the root to each category, by category id. One query, however many categories."""
    return {pk: tuple(node.name for node in nodes) for pk, nodes in category_lines(categories).items()}


def category_lines(categories: Iterable[Category]) -> dict[int, list[Category]]:
    """The categories from the root to each, with their names, by category id. One query, however many categories."""
    wanted = {category.pk: category.path for category in categories}
    step = Category.steplen
    prefixes = {path[:end] for path in wanted.values() for end in range(step, len(path) + 1, step)}
    named = Category.objects.filter(path__in=prefixes).only("path", "name", "translations") if prefixes else []
    nodes = {node.path: node for node in named}
    return {
        pk: [nodes[path[:end]] for end in range(step, len(path) + 1, step) if path[:end] in nodes]
        for pk, path in wanted.items()
    }


def top_categories() -> QuerySet[Category]:
    """Root categories with ``n_products``: the visible products directly in them."""
    n_products = Count("products", filter=Q(products__is_active=True))
    roots: QuerySet[Category] = Category.objects.filter(depth=1).annotate(n_products=n_products)
    return roots


def departments() -> list[Category]:
    """Root categories in the tree's order, each with the categories ``below`` it. One query."""
    roots: list[Category] = []
    for node in Category.objects.filter(depth__lte=2).order_by("path"):
        if node.depth == 1:
            node.below = []
            roots.append(node)
        elif roots:
            roots[-1].below.append(node)
    return roots


def ancestors_of(product: Product) -> list[Category]:
    """The product's category and everything above it, root first. One query."""
    if product.category is None:
        return []
    return [*Category.objects.get_ancestors(product.category), product.category]


def cover_photos(product_ids: Sequence[int]) -> dict[int, ProductImage]:
    """The first photo of each product. One query."""
    covers: dict[int, ProductImage] = {}
    for image in ProductImage.objects.filter(product_id__in=product_ids).order_by("product_id", "position", "id"):
        covers.setdefault(image.product_id, image)
    return covers
