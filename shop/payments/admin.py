"""Payments for shopkeepers: to look at. Shipping an order takes the money, cancelling it gives it back."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from shop.catalog.money import to_major
from shop.orders.admin import ReadOnly
from shop.payments.models import Payment


@admin.register(Payment)
class PaymentAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    list_display = ("id", "order", "amount", "state", "method", "is_demo", "attempt", "created_at")
    list_filter = ("state", "method", "is_demo")
    search_fields = ("order__number", "reference")
    list_select_related = ("order",)
    fields = ("order", "amount", "state", "method", "is_demo", "choice", "reference", "attempt", "created_at", "updated_at")

    @admin.display(description=_("amount"), ordering="amount_minor")
    def amount(self, payment: Payment) -> str:
        return f"{to_major(payment.amount_minor, payment.currency)} {payment.currency}"
