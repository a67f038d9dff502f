"""Carts and orders. Money is whole minor units (cents, fen) of one currency."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shop.catalog.models import Product, default_currency

MAX_QUANTITY = 99
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # nothing that is misread over the phone


def new_order_number() -> str:
    """A number nobody can guess or count: day and eight random characters, e.g. "260314-7KQ2M9XA"."""
    return f"{timezone.now():%y%m%d}-{''.join(secrets.choice(_ALPHABET) for _ in range(8))}"


class Cart(models.Model):
    """What a shopper means to buy: one per user, one per visitor. ``version`` grows with every change."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="carts")
    visitor_token = models.CharField(_("visitor"), max_length=64, blank=True, default="")
    version = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("cart")
        verbose_name_plural = _("carts")
        constraints = [
            models.UniqueConstraint(fields=["user"], condition=Q(user__isnull=False), name="one_cart_per_user"),
            models.UniqueConstraint(fields=["visitor_token"], condition=~Q(visitor_token=""), name="one_cart_per_visitor"),
        ]

    def __str__(self) -> str:
        return f"cart {self.pk}"

    @property
    def owner(self) -> str:
        """Whose cart it is, as orders remember it: "user:5" or "visitor:TOKEN"."""
        return f"user:{self.user_id}" if self.user_id else f"visitor:{self.visitor_token}"


class CartLine(models.Model):
    """So many of one product. ``unit_price_minor`` is the price that the shopper last saw."""

    cart = models.ForeignKey(Cart, on_delete=models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="+")
    quantity = models.PositiveIntegerField(_("quantity"), default=1)
    unit_price_minor = models.PositiveBigIntegerField(_("unit price"))
    currency = models.CharField(_("currency"), max_length=3)
    recommendation_id = models.CharField(max_length=26, blank=True, default="")
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["added_at", "id"]
        verbose_name = _("cart line")
        verbose_name_plural = _("cart lines")
        constraints = [models.UniqueConstraint(fields=["cart", "product"], name="one_line_per_product")]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.product_id}"

    @property
    def total_minor(self) -> int:
        return self.quantity * self.unit_price_minor


class Order(models.Model):
    """A promise to deliver. Its lines are snapshots: what was sold, at which price."""

    class Status(models.TextChoices):
        PLACED = "placed", _("placed")
        SHIPPED = "shipped", _("shipped")
        DELIVERED = "delivered", _("delivered")
        CANCELLED = "cancelled", _("cancelled")

    number = models.CharField(_("number"), max_length=24, unique=True, default=new_order_number, editable=False)
    status = models.CharField(_("status"), max_length=16, choices=Status.choices, default=Status.PLACED, db_index=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="orders",
        verbose_name=_("user"),
    )
    visitor_token = models.CharField(_("visitor"), max_length=64, blank=True, default="", db_index=True)
    owner = models.CharField(max_length=80, editable=False)
    idempotency_key = models.CharField(max_length=255, editable=False)

    email = models.EmailField(_("email"))
    name = models.CharField(_("name"), max_length=200)
    phone = models.CharField(_("phone"), max_length=40, blank=True, default="")
    address = models.CharField(_("address"), max_length=300)
    city = models.CharField(_("city"), max_length=120)
    postcode = models.CharField(_("postcode"), max_length=20, blank=True, default="")
    country = models.CharField(_("country"), max_length=2)
    note = models.CharField(_("note"), max_length=500, blank=True, default="")

    shipping_method = models.CharField(_("delivery"), max_length=32, blank=True, default="")
    language = models.CharField(_("language"), max_length=12, blank=True, default="")
    currency = models.CharField(_("currency"), max_length=3, default=default_currency)
    subtotal_minor = models.PositiveBigIntegerField(_("subtotal"))
    shipping_minor = models.PositiveBigIntegerField(_("shipping"), default=0)
    total_minor = models.PositiveBigIntegerField(_("total"))
    placed_at = models.DateTimeField(_("placed"), default=timezone.now, db_index=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-placed_at", "-id"]
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        constraints = [models.UniqueConstraint(fields=["owner", "idempotency_key"], name="one_order_per_key")]

    def __str__(self) -> str:
        return self.number


class OrderLine(models.Model):
    """What was sold, as it was called and priced then. The product itself may change or go."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    sku = models.CharField(_("sku"), max_length=128)
    name = models.CharField(_("name"), max_length=300)
    quantity = models.PositiveIntegerField(_("quantity"))
    unit_price_minor = models.PositiveBigIntegerField(_("unit price"))
    recommendation_id = models.CharField(max_length=26, blank=True, default="")

    class Meta:
        ordering = ["id"]
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")

    def __str__(self) -> str:
        return f"{self.quantity} x {self.sku}"

    @property
    def total_minor(self) -> int:
        return self.quantity * self.unit_price_minor
