"""The product form of the admin: money in major units, attributes a line each, Chinese words in fields of their own."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from shop.catalog.models import MAX_DESCRIPTION, Product, validate_attributes
from shop.catalog.money import to_major, to_minor

SECOND_LANGUAGE = "zh"


def attributes_to_text(attributes: dict[str, list[str]]) -> str:
    """{"size": ["S", "M"]} -> "size: S | M", one attribute a line."""
    return "\n".join(f"{name}: {' | '.join(values)}" for name, values in attributes.items())


def text_to_attributes(text: str) -> dict[str, list[str]]:
    """The reverse.

    Raises:
        ValidationError: a line without a colon.
    """
    attributes: dict[str, list[str]] = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        name, colon, values = line.partition(":")
        if not colon or not name.strip():
            raise forms.ValidationError(
                _("“%(line)s” must read like: size: S | M"), code="attributes", params={"line": line[:60]}
            )
        found = attributes.setdefault(name.strip().lower(), [])
        found += [value for value in (value.strip() for value in values.split("|")) if value and value not in found]
    return {name: values for name, values in attributes.items() if values}


class ProductForm(forms.ModelForm):  # type: ignore[type-arg]
    """``price``, ``attributes_text`` and the ``zh`` fields stand for the columns that hold them."""

    price = forms.DecimalField(
        label=_("price"),
        required=False,
        min_value=Decimal(0),
        max_digits=14,
        decimal_places=3,
        widget=UnfoldAdminDecimalFieldWidget,
        help_text=_("In the currency's own units, e.g. 12.99. Empty: not for sale."),
    )
    attributes_text = forms.CharField(
        label=_("attributes"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 6}),
        help_text=_("One a line, values separated by |, e.g. size: S | M"),
    )
    name_zh = forms.CharField(label=_("name in Chinese"), required=False, max_length=300, widget=UnfoldAdminTextInputWidget)
    description_zh = forms.CharField(
        label=_("description in Chinese"), required=False, max_length=MAX_DESCRIPTION, widget=UnfoldAdminTextareaWidget
    )

    class Meta:
        model = Product
        fields = ("sku", "name", "slug", "description", "category", "brand", "currency", "stock", "is_active", "rating")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The page carries what it was loaded with: whether a person changed the stock is told from that, not from the row.
        self.fields["stock"].show_hidden_initial = True
        product = self.instance
        words = product.translations.get(SECOND_LANGUAGE, {})
        self.initial.update(
            price=None if product.price_minor is None else to_major(product.price_minor, product.currency),
            attributes_text=attributes_to_text(product.attributes),
            name_zh=words.get("name", ""),
            description_zh=words.get("description", ""),
        )

    def clean_currency(self) -> str:
        code = str(self.cleaned_data["currency"]).upper()
        if len(code) != 3 or not (code.isascii() and code.isalpha()):
            raise forms.ValidationError(_("Write the currency as three letters, e.g. USD or CNY."), code="currency")
        return code

    def clean_attributes_text(self) -> dict[str, list[str]]:
        attributes = text_to_attributes(self.cleaned_data["attributes_text"])
        validate_attributes(attributes)
        return attributes

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        product = self.instance
        if "currency" in data:
            price = data.get("price")
            product.price_minor = None if price is None else to_minor(price, data["currency"])
        if isinstance(data.get("attributes_text"), dict):
            product.attributes = data["attributes_text"]
        given = {"name": data.get("name_zh", ""), "description": data.get("description_zh", "")}
        words = {name: text for name, text in given.items() if text}
        others = {code: known for code, known in product.translations.items() if code != SECOND_LANGUAGE}
        product.translations = others | ({SECOND_LANGUAGE: words} if words else {})
        return data

    @property
    def changed_columns(self) -> list[str]:
        """Columns that the person at the form changed; the rest may have moved on since (stock sells)."""
        columns = {
            "price": "price_minor", "attributes_text": "attributes", "name_zh": "translations", "description_zh": "translations"
        }  # fmt: skip
        changed = {columns.get(name, name) for name in self.changed_data}
        return sorted(changed | ({"price_minor"} if "currency" in changed else set()))
