"""How a parcel travels and what that costs: flat prices, from a setting."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from shop.catalog.money import convert, to_minor

_NAMES = {
    "standard": gettext_noop("Standard"),
    "express": gettext_noop("Express"),
    "pickup": gettext_noop("Pick up in the shop"),
}


@dataclass(frozen=True, slots=True)
class ShippingMethod:
    """One way to send a parcel; ``price_minor`` in whole minor units of the cart's currency."""

    code: str
    price_minor: int

    @property
    def value(self) -> str:
        """The method at its price, as a form carries it: a price that moved since is not agreed to silently."""
        return f"{self.code}:{self.price_minor}"


def shipping_methods(currency: str) -> list[ShippingMethod]:
    """What ``SHOP_SHIPPING`` offers (code -> price in the shop's own currency), the default first.

    A price that cannot be converted into the cart's currency is not offered, unless it is nothing.
    """
    methods = []
    for code, price in settings.SHOP_SHIPPING.items():
        own = to_minor(Decimal(str(price)), settings.SHOP_CURRENCY)
        minor = 0 if own == 0 else convert(own, settings.SHOP_CURRENCY, currency)
        if minor is not None:
            methods.append(ShippingMethod(code, minor))
    return methods


def shipping_name(code: str) -> str:
    """A method's name in the page's language, or the operator's own word for it."""
    return _(_NAMES[code]) if code in _NAMES else code.replace("_", " ").capitalize()
