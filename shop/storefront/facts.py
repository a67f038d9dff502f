"""A product's attributes as its page lists them, in the page's language as far as anybody knows the words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import get_language, gettext_noop, pgettext
from django.utils.translation import gettext as _

from shop import recommendations
from shop.catalog.models import Product
from shop.storefront.cards import catalogue_language

NAMES = {
    "color": gettext_noop("Color"),
    "colour": gettext_noop("Color"),
    "gender": gettext_noop("For"),
    "size": gettext_noop("Size"),
    "material": gettext_noop("Material"),
    "season": gettext_noop("Season"),
    "style": gettext_noop("Style"),
    "usage": gettext_noop("Use"),
    "type": gettext_noop("Kind"),
    "year": gettext_noop("Year"),
    "weight": gettext_noop("Weight"),
    "screen size": gettext_noop("Screen size"),
    "monitor size": gettext_noop("Monitor size"),
    "ram": gettext_noop("Memory"),
    "storage": gettext_noop("Storage"),
    "cpu": gettext_noop("Processor"),
    "plant type": gettext_noop("Where it grows"),
}
VALUES = {"indoor": gettext_noop("Indoor"), "outdoor": gettext_noop("Outdoor")}
_INCHES = re.compile(r"(\d+(?:\.\d+)?)[ -]?(?:inch(?:es)?|in|\")", re.IGNORECASE)
_CODE = re.compile(r"[A-Za-z]*\d[\w .+/-]*")  # "8GB", "i7-8700", "42": the same in every language


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the list. A language of "" is the page's own."""

    name: str
    name_language: str
    values: Sequence[tuple[str, str]]


def facts_of(product: Product) -> list[Fact]:
    """The attributes in the catalogue's order; each value is a text and its language."""
    return [
        Fact(*attribute_name(name), [_value(name, value) for value in values]) for name, values in product.attributes.items()
    ]


def attribute_name(name: str) -> tuple[str, str]:
    """An attribute's name in the page's language where the shop knows it, else as the catalogue spells it; and its language."""
    return (_(NAMES[name]), "") if name in NAMES else (name.replace("_", " ").capitalize(), catalogue_language(name))


def values_text(name: str, values: Sequence[str]) -> str:
    """All values of an attribute as one text."""
    return pgettext("between two values", ", ").join(_value(name, value)[0] for value in values)


def _value(name: str, value: str) -> tuple[str, str]:
    inches = _INCHES.fullmatch(value)
    if inches:
        return _("%(n)s inch") % {"n": inches.group(1)}, ""
    if value.lower() in VALUES:
        return _(VALUES[value.lower()]), ""
    known = recommendations.value_name(name, value, get_language() or "en")
    return known, "" if _CODE.fullmatch(known) else catalogue_language(known)
