"""Why a cart or an order is refused. The message is for the shopper; ``code`` is for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _


class OrderError(Exception):
    """Base of every refusal. The cart is as it was before, except where a subclass says otherwise."""

    code = "order_refused"


class EmptyCart(OrderError):
    """There is nothing to order."""

    code = "empty_cart"

    def __init__(self) -> None:
        super().__init__(_("Your cart is empty. Put something in it first."))


class NotForSale(OrderError):
    """The product is hidden or has no price."""

    code = "not_for_sale"

    def __init__(self, sku: str, name: str):
        super().__init__(_("“%(name)s” is no longer sold. Take it out of your cart to go on.") % {"name": name})
        self.sku = sku


class OutOfStock(OrderError):
    """More was asked for than is left."""

    code = "out_of_stock"

    def __init__(self, sku: str, name: str, *, wanted: int, left: int):
        if left:
            message = _("Only %(left)d of “%(name)s” are left; you asked for %(wanted)d. Lower the quantity to go on.")
        else:
            message = _("“%(name)s” is sold out. Take it out of your cart to go on.")
        super().__init__(message % {"name": name, "left": left, "wanted": wanted})
        self.sku, self.wanted, self.left = sku, wanted, left


class BadQuantity(OrderError):
    """A quantity outside of 1 to the maximum."""

    code = "bad_quantity"

    def __init__(self, given: int, maximum: int):
        super().__init__(
            _("The quantity is %(given)d; it must be between 1 and %(maximum)d.") % {"given": given, "maximum": maximum}
        )


class MixedCurrencies(OrderError):
    """One order has one currency."""

    code = "mixed_currencies"

    def __init__(self, cart: str, product: str):
        super().__init__(
            _("Your cart is in %(cart)s and this product is sold in %(product)s. Order what is in your cart first.")
            % {"cart": cart, "product": product}
        )


class BadKey(OrderError):
    """The idempotency key is empty or too long."""

    code = "key_required"

    def __init__(self, maximum: int):
        super().__init__(
            _("An order needs an idempotency key of 1 to %(maximum)d characters. Reload the page.") % {"maximum": maximum}
        )


class BadStatus(OrderError):
    """The order cannot go from its status to the one asked for."""

    code = "bad_status"

    def __init__(self, number: str, current: str, wanted: str):
        super().__init__(
            _("Order %(number)s is %(current)s; it cannot become %(wanted)s.")
            % {"number": number, "current": current, "wanted": wanted}
        )


@dataclass(frozen=True, slots=True)
class PriceChange:
    """One product whose price moved since the shopper last saw it, in minor units."""

    sku: str
    name: str
    old_minor: int
    new_minor: int
    currency: str


class PriceChanged(OrderError):
    """Prices moved since the shopper last saw them. The cart shows the new ones now; ordering again accepts them."""

    code = "price_changed"

    def __init__(self, changes: Sequence[PriceChange], *, total_minor: int, currency: str):
        names = ", ".join(f"“{change.name}”" for change in changes)
        if names:
            message = _("The price of %(names)s changed. Look at the new total and confirm again.") % {"names": names}
        else:
            message = _("The total changed since you saw it. Look at the new total and confirm again.")
        super().__init__(message)
        self.changes, self.total_minor, self.currency = tuple(changes), total_minor, currency
