"""What the checkout takes in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from babel import Locale
from django import forms
from django.utils.translation import gettext_lazy as _

from shop.orders.services import MAX_KEY_LENGTH, Contact
from shop.orders.shipping import ShippingMethod
from shop.payments.base import Option
from shop.storefront.money import babel_locale

DEFAULT_COUNTRY = "US"
NOT_COUNTRIES = ("EU", "EZ", "QO", "UN", "XA", "XB", "ZZ")  # groups and test codes of CLDR


def countries(locale: Locale) -> list[tuple[str, str]]:
    """ISO 3166 alpha-2 codes and names in one language, sorted by that language's names. Source: Unicode CLDR."""
    named = [(code, str(name)) for code, name in locale.territories.items() if len(code) == 2 and code.isalpha()]
    return sorted(((code, name) for code, name in named if code not in NOT_COUNTRIES), key=lambda c: c[1])


class CheckoutForm(forms.Form):
    """Everything an order needs, on one page.

    Args:
        deliveries: ways to send the parcel, the default first.
        options: ways to pay, the default first.
    """

    email = forms.EmailField(label=_("E-mail"), max_length=150)
    name = forms.CharField(label=_("Full name"), max_length=200)
    address = forms.CharField(label=_("Street and number"), max_length=300)
    postcode = forms.CharField(label=_("Postcode"), max_length=20, required=False)
    city = forms.CharField(label=_("City"), max_length=120)
    country = forms.ChoiceField(label=_("Country or region"))
    phone = forms.CharField(label=_("Phone (optional)"), max_length=40, required=False)
    note = forms.CharField(label=_("Note for the delivery (optional)"), max_length=500, required=False)
    shipping = forms.ChoiceField(
        required=False,
        error_messages={"invalid_choice": _("The ways of delivery or their prices changed. Look at them and choose again.")},
    )
    payment = forms.ChoiceField(
        required=False, error_messages={"invalid_choice": _("This way to pay is not offered. Choose one of those below.")}
    )
    key = forms.CharField(max_length=MAX_KEY_LENGTH, widget=forms.HiddenInput)
    total = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    AUTOCOMPLETE = {
        "email": "email",
        "name": "name",
        "address": "street-address",
        "postcode": "postal-code",
        "city": "address-level2",
        "country": "country",
        "phone": "tel",
    }

    def __init__(
        self, *args: Any, deliveries: Sequence[ShippingMethod] = (), options: Sequence[Option] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.deliveries, self.options = deliveries, options
        choices = {
            "country": countries(babel_locale()),
            "shipping": [(method.value, method.code) for method in deliveries],
            "payment": [(option.code, option.label) for option in options],
        }
        for name, given in choices.items():
            self.fields[name].choices = given  # type: ignore[attr-defined]
        for name, value in self.AUTOCOMPLETE.items():
            self.fields[name].widget.attrs["autocomplete"] = value

    def clean_payment(self) -> str:
        """Without a choice the first option is meant."""
        return str(self.cleaned_data["payment"] or (self.options[0].code if self.options else ""))

    @property
    def contact(self) -> Contact:
        """Who gets the parcel; only of a valid form."""
        names = ("email", "name", "address", "city", "country", "postcode", "phone", "note")
        return Contact(**{name: self.cleaned_data[name] for name in names})

    @property
    def delivery(self) -> ShippingMethod | None:
        """The delivery that was chosen, else the default; None where the shop has none. Only of a valid form."""
        value = self.cleaned_data["shipping"]
        return next((method for method in self.deliveries if method.value == value), next(iter(self.deliveries), None))

    @property
    def expected_total_minor(self) -> int:
        """The total that the shopper saw, with delivery. Only of a valid form."""
        chosen = self.delivery
        return int(self.cleaned_data["total"]) + (chosen.price_minor if chosen else 0)
