"""Writes to the catalogue that are not one row's save."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from shop.catalog.models import Product
from shop.catalog.signals import products_changed


@transaction.atomic
def set_visible(products: QuerySet[Product], *, visible: bool) -> int:
    """Show or hide many products at once; those that are so already are left alone.

    Returns:
        How many changed.
    """
    skus = list(products.exclude(is_active=visible).values_list("sku", flat=True))
    if skus:
        Product.objects.filter(sku__in=skus).update(is_active=visible, updated_at=timezone.now())
        products_changed.send(sender=Product, skus=skus, reason="saved")
    return len(skus)
