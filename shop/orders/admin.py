"""Orders and carts for shopkeepers. What was ordered is history: only the status moves."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from shop.catalog.money import to_major
from shop.orders.errors import BadStatus
from shop.orders.fulfilment import set_status
from shop.orders.models import Cart, CartLine, Order, OrderLine
from shop.payments.errors import PaymentError


def money(minor: int, currency: str) -> str:
    """ "12.99 USD": the same in every language, for tables."""
    return f"{to_major(minor, currency)} {currency}"


class ReadOnly:
    """Nobody adds, edits or deletes these by hand."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class OrderLineInline(ReadOnly, TabularInline):  # type: ignore[misc]
    """What was sold, as it was called and priced then."""

    model = OrderLine
    extra = 0
    fields = ("sku", "name", "quantity", "unit_price", "total")
    readonly_fields = fields

    @admin.display(description=_("unit price"))
    def unit_price(self, line: OrderLine) -> str:
        return money(line.unit_price_minor, line.order.currency)

    @admin.display(description=_("total"))
    def total(self, line: OrderLine) -> str:
        return money(line.total_minor, line.order.currency)


@admin.register(Order)
class OrderAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    """Orders with their lines; actions move them on or cancel them."""

    inlines: ClassVar = [OrderLineInline]
    list_display = ("number", "placed_at", "email", "units", "total", "shown_status")
    list_filter = ("status", "currency", "placed_at")
    search_fields = ("number", "email", "name", "lines__sku")
    date_hierarchy = "placed_at"
    list_per_page = 50
    actions = ("mark_shipped", "mark_delivered", "cancel")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "number",
                    "status",
                    "placed_at",
                    "updated_at",
                    "subtotal",
                    "shipping",
                    "shipping_method",
                    "total",
                    "language",
                )
            },
        ),
        (_("To"), {"fields": ("name", "email", "phone", "address", "city", "postcode", "country", "note", "user")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        orders: QuerySet[Order] = super().get_queryset(request).annotate(n_lines=Count("lines"))
        return orders

    def has_order_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("orders.change_order"))

    @admin.display(description=_("lines"))
    def units(self, order: Any) -> int:
        return int(order.n_lines)

    @admin.display(description=_("subtotal"))
    def subtotal(self, order: Order) -> str:
        return money(order.subtotal_minor, order.currency)

    @admin.display(description=_("shipping"))
    def shipping(self, order: Order) -> str:
        return money(order.shipping_minor, order.currency)

    @admin.display(description=_("total"), ordering="total_minor")
    def total(self, order: Order) -> str:
        return money(order.total_minor, order.currency)

    @display(  # type: ignore[untyped-decorator]
        description=_("status"),
        ordering="status",
        label={"placed": "info", "shipped": "warning", "delivered": "success", "cancelled": "danger"},
    )
    def shown_status(self, order: Order) -> tuple[str, str]:
        return order.status, order.get_status_display()

    @admin.action(description=_("Mark as shipped"), permissions=["order"])
    def mark_shipped(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        self._move(request, queryset, Order.Status.SHIPPED)

    @admin.action(description=_("Mark as delivered"), permissions=["order"])
    def mark_delivered(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        self._move(request, queryset, Order.Status.DELIVERED)

    @admin.action(description=_("Cancel and give the stock back"), permissions=["order"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        self._move(request, queryset, Order.Status.CANCELLED)

    def _move(self, request: HttpRequest, orders: QuerySet[Order], status: Order.Status) -> None:
        moved = 0
        for order in orders:
            try:
                set_status(order, status)
                moved += 1
            except (BadStatus, PaymentError) as error:
                messages.error(request, str(error))
        if moved:
            text = ngettext("%(n)d order is %(status)s now.", "%(n)d orders are %(status)s now.", moved)
            messages.success(request, text % {"n": moved, "status": status.label})


class CartLineInline(ReadOnly, TabularInline):  # type: ignore[misc]
    """What lies in the cart."""

    model = CartLine
    extra = 0
    fields = ("product", "quantity", "unit_price", "added_at")
    readonly_fields = fields

    @admin.display(description=_("unit price"))
    def unit_price(self, line: CartLine) -> str:
        return money(line.unit_price_minor, line.currency)


@admin.register(Cart)
class CartAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    """Carts, to see what shoppers leave behind. A guest's token stays hidden: it is the key to the cart."""

    inlines: ClassVar = [CartLineInline]
    list_display = ("id", "user", "lines_in_it", "updated_at")
    list_select_related = ("user",)
    fields = ("user", "created_at", "updated_at")
    ordering = ("-updated_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Cart]:
        carts: QuerySet[Cart] = super().get_queryset(request).annotate(n_lines=Count("lines"))
        return carts

    @admin.display(description=_("lines"), ordering="n_lines")
    def lines_in_it(self, cart: Any) -> int:
        return int(cart.n_lines)
