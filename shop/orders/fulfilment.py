"""What happens to an order after it was placed: the parcel leaves, arrives, or the order is cancelled."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F

from shop.catalog.models import Product
from shop.listeners import tell
from shop.orders.errors import BadStatus
from shop.orders.models import Order
from shop.orders.services import announce
from shop.orders.signals import order_cancelled
from shop.payments.services import capture_for, give_back_for

_NEXT_STATUS = {
    Order.Status.PLACED: (Order.Status.SHIPPED, Order.Status.CANCELLED),
    Order.Status.SHIPPED: (Order.Status.DELIVERED,),
    Order.Status.DELIVERED: (),
    Order.Status.CANCELLED: (),
}


def set_status(order: Order, status: str) -> Order:
    """Move an order on. Shipping takes the money that was reserved; cancelling gives money and stock back, once.

    Raises:
        BadStatus: the step is not allowed from where the order is.
        PaymentError: the money could not be taken, so the order is not shipped.
    """
    wanted = Order.Status(status)
    _check(Order.objects.get(pk=order.pk), wanted)
    if wanted is Order.Status.SHIPPED:
        capture_for(order.pk)
    moved = _move(order, wanted)
    if wanted is Order.Status.CANCELLED:
        give_back_for(order.pk)
    order.status = wanted
    return moved


@transaction.atomic
def _move(order: Order, wanted: Order.Status) -> Order:
    locked = Order.objects.select_for_update().get(pk=order.pk)
    _check(locked, wanted)
    locked.status = wanted
    locked.save(update_fields=["status", "updated_at"])
    if wanted is Order.Status.CANCELLED:
        _return_stock(locked)
        tell(order_cancelled, sender=Order, order=locked)
    return locked


def _check(order: Order, wanted: Order.Status) -> None:
    if wanted not in _NEXT_STATUS[Order.Status(order.status)]:
        raise BadStatus(order.number, order.get_status_display(), str(wanted.label))


def _return_stock(order: Order) -> None:
    skus = []
    for product_id, sku, quantity in order.lines.order_by("product_id").values_list("product_id", "product__sku", "quantity"):
        if product_id and Product.objects.filter(pk=product_id, stock__isnull=False).update(stock=F("stock") + quantity):
            skus.append(sku)
    announce(skus)
