"""What a product's page tells machines: schema.org data (JSON-LD) about the product and where it is in the shop."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString, mark_safe

from shop.catalog.models import Category, Product
from shop.catalog.money import to_major

# What could end the <script> that holds it, as json_script of Django escapes it.
_ESCAPES = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}


def product_data(request: HttpRequest, product: Product, name: str, description: str, photos: Sequence[str]) -> SafeString:
    """The product with its offer, ready to stand in a script of type application/ld+json."""
    address = request.build_absolute_uri(product.get_absolute_url())
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": name,
        "sku": product.sku,
        "url": address,
        "image": [request.build_absolute_uri(photo) for photo in photos],
    }
    if description:
        data["description"] = description
    if product.brand:
        data["brand"] = {"@type": "Brand", "name": product.brand.name}
    if product.for_sale and product.price_minor is not None:
        stock = "InStock" if product.in_stock else "OutOfStock"
        data["offers"] = {
            "@type": "Offer",
            "url": address,
            "price": str(to_major(product.price_minor, product.currency)),
            "priceCurrency": product.currency,
            "availability": f"https://schema.org/{stock}",
        }
    return _script(data)


def crumbs_data(request: HttpRequest, path: Sequence[tuple[str, Category]]) -> SafeString:
    """The way from the top of the shop to here; ``path`` holds each category's shown name and the category."""
    steps = [
        {"@type": "ListItem", "position": n, "name": name, "item": request.build_absolute_uri(node.get_absolute_url())}
        for n, (name, node) in enumerate(path, 1)
    ]
    return _script({"@context": "https://schema.org", "@type": "BreadcrumbList", "itemListElement": steps})


def _script(data: dict[str, Any]) -> SafeString:
    return mark_safe(json.dumps(data, ensure_ascii=False).translate(_ESCAPES))  # noqa: S308 (escaped just here)
