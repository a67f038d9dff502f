"""What pages take in. An address or a form that does not fit is a 400 with a sentence, never a 500."""

from __future__ import annotations

import re
from typing import Any, cast

from django import forms
from django.conf import settings
from django.core.validators import RegexValidator
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from shop.orders.models import MAX_QUANTITY
from shop.reviews.models import MAX_STARS
from shop.reviews.models import MAX_TEXT as MAX_REVIEW
from shop.storefront.asking import Asked, Step
from shop.storefront.cards import MAX_KEY
from shop.storefront.money import currency_name, shop_currencies

MAX_TEXT = 500
MAX_OFFSET = 100_000
MAX_DROPS = 20
MAX_SEEDS = 20
MAX_FILTERS = 60
HOWS = ("must", "want", "avoid", "not")
SORTS = ("", "price", "-price", "newest")
CATEGORY_SORTS = ("", "price", "-price", "rating")
MAX_PAGE = 999_999
_BOX = re.compile(r"(?:\d{1,2}(?:\.\d{0,20})?|\.\d{1,20})(?:,(?:\d{1,2}(?:\.\d{0,20})?|\.\d{1,20})){3}")
ID_PATTERN = RegexValidator(r"\A[0-9A-Za-z_-]{1,64}\Z", _("This is not an id of this shop."))


class BoxField(forms.CharField):
    """The part of a photo that is meant, as ``Asked.box``; the whole photo is "".

    Without JavaScript a form sends left, top, width and height in per cent instead.
    """

    class Shares(forms.HiddenInput):
        def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
            given = data.get(name)
            parts = [data.get(part) for part in ("left", "top", "width", "height")]
            if given or None in parts:
                return given
            try:
                left, top, width, height = (float(part) / 100 for part in parts)
            except ValueError:
                return "damaged"
            return f"{left},{top},{min(1.0, left + width)},{min(1.0, top + height)}"

    widget = Shares

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        if not text:
            return ""
        numbers = [float(part) for part in text.split(",")] if _BOX.fullmatch(text) else []
        left, top, right, bottom = numbers if len(numbers) == 4 else (1.0, 1.0, 0.0, 0.0)
        if not (0.0 <= left < right <= 1.0 and 0.0 <= top < bottom <= 1.0):
            raise forms.ValidationError(_("This address is damaged. Ask again in the box above."), code="box")
        whole = (left, top, right, bottom) == (0.0, 0.0, 1.0, 1.0)
        return "" if whole else ",".join(f"{round(number, 3):g}" for number in (left, top, right, bottom))


class AskForm(forms.Form):
    """The answer page's address."""

    q = forms.CharField(
        required=False,
        max_length=MAX_TEXT,
        error_messages={
            "max_length": _("Your request has %(show_value)d characters; at most %(limit_value)d are read. Shorten it.")
        },
    )
    photo = forms.CharField(required=False, validators=[ID_PATTERN])
    box = BoxField(required=False)
    sort = forms.ChoiceField(required=False, choices=[(value, value) for value in SORTS])
    r = forms.CharField(required=False, validators=[ID_PATTERN])
    offset = forms.IntegerField(required=False, min_value=0, max_value=MAX_OFFSET)

    def clean(self) -> dict[str, Any]:
        for name, most, longest in (
            ("drop", MAX_DROPS, MAX_KEY), ("add", MAX_DROPS, MAX_KEY), ("f", MAX_FILTERS, MAX_KEY),
            ("like", MAX_SEEDS, 128), ("unlike", MAX_SEEDS, 128),
        ):  # fmt: skip
            given = cast(QueryDict, self.data).getlist(name)
            if len(given) > most or any(len(text) > longest or "\x00" in text for text in given):
                raise forms.ValidationError(_("This address is damaged. Ask again in the box above."), code=name)
            self.cleaned_data[name] = tuple(given)
        self.cleaned_data["parent"] = cast(QueryDict, self.data).get("from", "")
        if not re.fullmatch(r"[0-9A-Za-z]{0,64}", self.cleaned_data["parent"]):
            raise forms.ValidationError(_("This address is damaged. Ask again in the box above."), code="from")
        return self.cleaned_data

    @property
    def asked(self) -> Asked:
        """The request; only of a valid form."""
        given = self.cleaned_data
        return Asked(
            given["q"], given["photo"], given["drop"], given["sort"], given["add"], given["like"], given["unlike"],
            given["parent"], given["box"] if given["photo"] else "", given["f"],
        )  # fmt: skip


class StepForm(AskForm):
    """A request and one step from it: "cheaper than this", a chip changed, filters chosen, or back.

    ``step`` is an action and the sku that it is about; ``card`` alone asks which steps there are from a product.
    """

    step = forms.CharField(required=False, max_length=160)
    card = forms.CharField(required=False, max_length=128)
    action = forms.CharField(required=False, max_length=32)
    sku = forms.CharField(required=False, max_length=128)
    key = forms.CharField(required=False, max_length=MAX_KEY)
    how = forms.ChoiceField(required=False, choices=[(how, how) for how in HOWS])
    price = forms.CharField(required=False, max_length=MAX_KEY)
    was = forms.CharField(required=False, max_length=MAX_KEY)
    low = forms.DecimalField(required=False, min_value=0, max_digits=14, decimal_places=3)
    high = forms.DecimalField(required=False, min_value=0, max_digits=14, decimal_places=3)

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if given.get("step"):
            given["action"], _space, given["sku"] = given["step"].partition(" ")
        for name in ("v", "had"):
            values = cast(QueryDict, self.data).getlist(name)
            if len(values) > MAX_FILTERS or any(len(text) > MAX_KEY or "\x00" in text for text in values):
                raise forms.ValidationError(_("This address is damaged. Ask again in the box above."), code=name)
            given[name] = tuple(values)
        return given

    @property
    def step_taken(self) -> Step:
        """The step; only of a valid form."""
        given = self.cleaned_data
        return Step(
            given["action"], given["sku"], given["key"], given["v"], given["how"], given["low"], given["high"],
            given["price"], given["was"], given["had"],
        )  # fmt: skip


class CategoryForm(StepForm):
    """A category's page: chosen filters, an order, a place, and the filters that its form has just been sent with."""

    sort = forms.ChoiceField(required=False, choices=[(value, value) for value in CATEGORY_SORTS])
    page = forms.IntegerField(required=False, min_value=1, max_value=MAX_PAGE)

    def asked_in(self, category: str) -> Asked:
        """What is asked of a category; only of a valid form."""
        return Asked(sort=self.cleaned_data["sort"], only=self.cleaned_data["f"], category=category)


class PhotoForm(forms.Form):
    """A photo to search with, from a file or from the camera, beside the words already in the box."""

    q = forms.CharField(required=False, max_length=MAX_TEXT)
    file = forms.FileField(required=False, allow_empty_file=True)
    camera = forms.FileField(required=False, allow_empty_file=True)
    box = BoxField(required=False)


class PartForm(forms.Form):
    """Which part of a photo to show."""

    box = BoxField(required=False)


class AddForm(forms.Form):
    """Put a product into the cart."""

    sku = forms.CharField(max_length=128)
    quantity = forms.IntegerField(min_value=1, max_value=MAX_QUANTITY, required=False)
    r = forms.CharField(required=False, validators=[ID_PATTERN])


class SettingsForm(forms.Form):
    """What a shopper prefers."""

    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    currency = forms.ChoiceField(label=_("Currency"))
    use_history = forms.BooleanField(label=_("Let what I do here shape what I am shown"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["currency"].choices = [(code, currency_name(code)) for code in shop_currencies()]  # type: ignore[attr-defined]


class WishForm(forms.Form):
    """Put a product on the wish list or take it off; exactly one of the two is named."""

    add = forms.CharField(required=False, max_length=128)
    remove = forms.CharField(required=False, max_length=128)
    r = forms.CharField(required=False, validators=[ID_PATTERN])

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if bool(given.get("add")) == bool(given.get("remove")):
            raise forms.ValidationError(_("This address is damaged. Ask again in the box above."), code="one")
        return given


class FindOrderForm(forms.Form):
    """What a guest knows of an order."""

    number = forms.CharField(label=_("Order number"), max_length=24)
    email = forms.EmailField(label=_("E-mail"), max_length=150, widget=forms.EmailInput(attrs={"autocomplete": "email"}))

    def clean_number(self) -> str:
        return str(self.cleaned_data["number"]).strip().upper()


class ReviewForm(forms.Form):
    """Stars, and words if one likes."""

    stars = forms.IntegerField(
        min_value=1, max_value=MAX_STARS, error_messages={"required": _("Choose how many stars it deserves.")}
    )
    text = forms.CharField(
        label=_("What should others know? (optional)"),
        required=False,
        max_length=MAX_REVIEW,
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    name = forms.CharField(label=_("Shown name (optional)"), required=False, max_length=60)


class QuantityForm(forms.Form):
    """Change a line; 0 takes it out."""

    quantity = forms.IntegerField(min_value=0, max_value=MAX_QUANTITY)
