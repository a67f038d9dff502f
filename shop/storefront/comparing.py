"""Two to four products side by side: rows of the same thing, and whether the products differ in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from shop.catalog.models import Product
from shop.storefront.cards import Card, card_of
from shop.storefront.facts import attribute_name, values_text

MIN_COMPARED, MAX_COMPARED = 2, 4
NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Row:
    """One attribute of every product, in their order. A ``language`` of "" is the page's own."""

    label: str
    language: str
    cells: Sequence[str]
    prose: bool = False

    @property
    def differs(self) -> bool:
        """Whether to look here; two descriptions never read the same, which says nothing."""
        return len(set(self.cells)) > 1 and not self.prose


@dataclass(frozen=True, slots=True)
class Column:
    """One product and the address of the comparison without it."""

    card: Card
    product: Product
    remove_url: str


@dataclass(frozen=True, slots=True)
class BestFit:
    """The product that fits a request best, a sentence that says so, and the first reason ("" where there is none)."""

    sku: str
    label: str
    reason: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the page shows."""

    columns: Sequence[Column]
    rows: Sequence[Row]


def compare_url(skus: Sequence[str], *, differing: bool = False) -> str:
    """The address that holds a comparison."""
    pairs = [("sku", sku) for sku in skus] + ([("only", "differences")] if differing else [])
    return f"{reverse('storefront:compare')}?{urlencode(pairs)}" if pairs else reverse("storefront:compare")


def comparison_of(products: Sequence[Product], *, differing: bool) -> Comparison:
    """The products in the order given; with ``differing`` only the rows in which they are not the same."""
    skus = [product.sku for product in products]
    columns = [Column(card_of(p), p, compare_url([sku for sku in skus if sku != p.sku], differing=differing)) for p in products]
    rows = [row for row in _rows(products) if row.differs or not differing]
    return Comparison(columns, rows)


def _rows(products: Sequence[Product]) -> list[Row]:
    language = get_language() or "en"
    rows = [
        Row(_("Brand"), "", [p.brand.name if p.brand else NOTHING for p in products]),
        Row(_("Category"), "", [p.category.name_in(language) if p.category else NOTHING for p in products]),
    ]
    names = dict.fromkeys(name for p in products for name in p.attributes)
    rows += [
        Row(*attribute_name(name), [values_text(name, p.attributes.get(name, ())) or NOTHING for p in products])
        for name in names
    ]
    rows.append(Row(_("Description"), "", [p.description_in(language) or NOTHING for p in products], True))
    return [row for row in rows if set(row.cells) != {NOTHING}]
