"""What clients send, validated: every field has a type, bounds and a code when it is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from fusion.chips import checked
from fusion.types import Constraint, Operator, Strength
from recommender.api.answers import ChipValueField
from recommender.api.fields import CurrencyCode, Flag, NumberedCode, RequestText, Sku, StrictSerializer, Text, Whole
from recommender.conf import get_settings
from recommender.models import Event
from recommender.services.refining import ACTIONS, chip_fields

MAX_LIMIT = 100
DEFAULT_LIMIT = 24
MAX_SEEDS = 20
MAX_CHIPS = 50
MAX_MINOR = 10**15
SORTS = ("relevance", "price", "-price", "newest", "rating", "popularity")
LISTING_SORTS = ("newest", "price", "-price", "rating", "popularity")
LANGUAGES = ("en", "zh")


def _values(**kwargs: Any) -> serializers.ListField:
    return serializers.ListField(child=Text(max_length=200), max_length=50, required=False, **kwargs)


class ConsentSerializer(StrictSerializer):
    personalization = Flag(default=True, help_text="False: nothing this visitor does is kept under their id or used.")


class VisitorRequestSerializer(StrictSerializer):
    consent = ConsentSerializer(required=False)


class MergeRequestSerializer(StrictSerializer):
    visitor_token = Text(max_length=512, help_text="Of the guest that the user was, from POST /api/v1/visitors.")


class QueryPartSerializer(StrictSerializer):
    text = RequestText(default="", help_text="What the shopper says, in English or Chinese; at most 500 characters.")
    language = serializers.ChoiceField(LANGUAGES, required=False, help_text="Language to answer in; default: Accept-Language.")


class ImagePartSerializer(StrictSerializer):
    image_id = Text(max_length=26, help_text="From POST /api/v1/uploads/images.")
    box = serializers.ListField(
        child=serializers.FloatField(min_value=0.0, max_value=1.0),
        min_length=4,
        max_length=4,
        required=False,
        help_text="Part of the photo that matters: [x, y, width, height] as shares of its size, 0 to 1.",
    )

    def validate_box(self, box: list[float]) -> list[float]:
        x, y, width, height = box
        if width < 0.02 or height < 0.02 or x + width > 1.0001 or y + height > 1.0001:
            raise ValidationError(_("The box must lie within the photo and be at least 2% wide and high."), code="invalid_box")
        return box


class SeedsSerializer(StrictSerializer):
    like = serializers.ListField(child=Sku(), max_length=MAX_SEEDS, default=list, help_text="Products to find more like.")
    unlike = serializers.ListField(child=Sku(), max_length=MAX_SEEDS, default=list, help_text="Products to stay away from.")


class PriceFilterSerializer(StrictSerializer):
    gte = Whole(0, MAX_MINOR, required=False, help_text="Lowest price, in minor units (cents, fen).")
    lte = Whole(0, MAX_MINOR, required=False, help_text="Highest price, in minor units.")
    currency = CurrencyCode(required=False, help_text="Of the bounds; default: X-Currency, else the catalogue's own.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("gte", 0) > attrs.get("lte", MAX_MINOR):
            raise ValidationError(_("The lowest price is above the highest."), code="empty_range")
        return attrs


class AttributesField(serializers.DictField):
    """{name: [values]} with names in lower case."""

    def __init__(self, **kwargs: Any) -> None:
        child = serializers.ListField(child=Text(max_length=200), max_length=50)
        super().__init__(child=child, required=False, **kwargs)

    def to_internal_value(self, data: Any) -> dict[str, list[str]]:
        if isinstance(data, Mapping):
            if len(data) > 20:
                raise ValidationError(_("At most 20 attributes may be named."), code="max_length")
            names = serializers.CharField(max_length=64)
            data = {names.run_validation(name).lower(): values for name, values in data.items()}
        found: dict[str, list[str]] = super().to_internal_value(data)
        return found


class ExcludeSerializer(StrictSerializer):
    category = _values()
    brand = _values()
    attributes = AttributesField()


class FiltersSerializer(StrictSerializer):
    price = PriceFilterSerializer(required=False)
    category = _values(help_text='A name ("Shirts") or a path ("Apparel/Topwear"); any of them fits.')
    brand = _values()
    in_stock = Flag(required=False, help_text="true: only what is in stock. Otherwise the shop's rule decides.")
    attributes = AttributesField(help_text='{"color": ["red", "blue"]}: any of the values, all of the names.')
    exclude = ExcludeSerializer(required=False, help_text="Values that an answer must not have.")


class ChipRequestSerializer(StrictSerializer):
    """A chip as an answer shows it. What only an answer knows (id, label, span, source, note) may come along, unread."""

    field = Text(max_length=64, help_text='A field of the catalogue, "price", "sort" or "words".')
    op = serializers.ChoiceField([operator.value for operator in Operator])
    value = ChipValueField(help_text="A list of values for in and not_in; {gte, lte, currency} for the others.")
    strength = serializers.ChoiceField([strength.value for strength in Strength], default=Strength.MUST.value)
    id = Text(max_length=16, required=False)
    label = serializers.CharField(required=False, allow_blank=True, max_length=1000)  # type: ignore[assignment]
    source = Text(required=False, max_length=16)  # type: ignore[assignment]
    note = serializers.CharField(required=False, allow_blank=True, max_length=1000)
    span = serializers.JSONField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Adds ``constraint``, what the chip asks for."""
        operator = Operator(attrs["op"])
        known = chip_fields()
        if attrs["field"] not in known:
            message = _("There is no such field. Known: %(known)s.") % {"known": ", ".join(sorted(known))}
            raise ValidationError({"field": [ErrorDetail(message, NumberedCode("unknown_field", allowed=sorted(known)))]})
        listed = operator in (Operator.IN, Operator.NOT_IN)
        part: StrictSerializer = _ChipValues(data={"value": attrs["value"]}) if listed else _ChipBounds(data=attrs["value"])
        if not part.is_valid():
            raise ValidationError(part.errors if listed else {"value": part.errors})
        given: dict[str, Any] = part.validated_data
        chip = Constraint(
            attrs["field"], operator, tuple(given.get("value", ())), low=given.get("gte"), high=given.get("lte"),
            currency=given.get("currency") or "", strength=Strength(attrs["strength"]), source="chip",
        )  # fmt: skip
        try:
            return {**attrs, "constraint": checked(chip)}
        except ValueError as error:
            raise ValidationError({"value": [str(error)]}, code="invalid_chip") from error


class _ChipValues(StrictSerializer):
    value = serializers.ListField(child=Text(max_length=500), min_length=1, max_length=50)


class _ChipBounds(StrictSerializer):
    gte = serializers.FloatField(min_value=0, max_value=MAX_MINOR, allow_null=True, default=None)
    lte = serializers.FloatField(min_value=0, max_value=MAX_MINOR, allow_null=True, default=None)
    currency = serializers.RegexField(r"^([A-Z]{3})?\Z", allow_blank=True, default="")


@extend_schema_field(ChipRequestSerializer(many=True))
class _ChipList(serializers.ListField):
    """Chips, each checked on its own, so that an error names the one that is wrong."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=ChipRequestSerializer(), max_length=MAX_CHIPS, **kwargs)


class RecommendationRequestSerializer(StrictSerializer):
    """Words, a photo, seeds, or any mix; with none of them the shopper's history speaks."""

    query = QueryPartSerializer(required=False)
    image = ImagePartSerializer(required=False, allow_null=True)
    seeds = SeedsSerializer(required=False)
    chips = _ChipList(
        required=False,
        help_text="In place of what is recognised in the words: an edited intent.chips of the answer before. Words of a chip "
        "that is left out are not searched for. [] takes all off.",
    )
    filters = FiltersSerializer(required=False)
    sort = serializers.ChoiceField(SORTS, default="relevance")
    limit = Whole(1, MAX_LIMIT, default=DEFAULT_LIMIT)
    surface = serializers.SlugField(max_length=32, default="api", help_text="Where the answer is shown; kept with it.")
    explain = Flag(default=False, help_text="true: each item also carries the terms that add up to its score.")
    use_history = Flag(default=True, help_text="false: answer as to someone never seen before.")


class ChipNameSerializer(ChipRequestSerializer):
    """The chip to set: a whole one, with the ``id`` of the chip that it replaces, if any. To remove one, give its ``id``."""

    field = Text(max_length=64, required=False)
    op = serializers.ChoiceField([operator.value for operator in Operator], required=False)
    value = ChipValueField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if set(attrs) & {"field", "op", "value"}:
            missing = {name: [_("This field is required.")] for name in ("field", "op", "value") if name not in attrs}
            if missing:
                raise ValidationError(missing, code="required")
            return super().validate(attrs)
        if "id" not in attrs:
            raise ValidationError({"id": [_("This field is required.")]}, code="required")
        return attrs


class RefineRequestSerializer(StrictSerializer):
    """One step from an answer to the next."""

    action = serializers.ChoiceField(
        ACTIONS,
        error_messages={"invalid_choice": _lazy("“{input}” is not possible. Choose one of: %s.") % ", ".join(ACTIONS)},
        help_text="cheaper, dearer: than product_id, or than the middle of the first page. more_like, less_like, "
        "another_colour take product_id; set_chip, remove_chip take chip; relax takes alternative; undo goes back a step.",
    )
    product_id = Sku(required=False)
    chip = ChipNameSerializer(required=False)
    alternative = Text(max_length=8, required=False, help_text="Id of one of recovery.alternatives.")
    limit = Whole(1, MAX_LIMIT, required=False, help_text="Default: as before.")
    explain = Flag(default=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        needed = {"more_like": "product_id", "less_like": "product_id", "set_chip": "chip", "remove_chip": "chip",
                  "relax": "alternative"}.get(attrs["action"])  # fmt: skip
        if needed and needed not in attrs:
            raise ValidationError({needed: [_("This field is required.")]}, code="required")
        if attrs["action"] == "remove_chip" and "id" not in attrs["chip"]:
            raise ValidationError({"chip": {"id": [_("This field is required.")]}}, code="required")
        if attrs["action"] == "set_chip" and "constraint" not in attrs["chip"]:
            raise ValidationError({"chip": {"field": [_("This field is required.")]}}, code="required")
        return attrs


class PageQuerySerializer(StrictSerializer):
    cursor = serializers.CharField(max_length=2048, required=False, help_text="page.next_cursor of the answer before.")
    limit = serializers.IntegerField(
        min_value=1, max_value=MAX_LIMIT, required=False, help_text="Default: the limit of the answer before."
    )
    explain = serializers.BooleanField(default=False, help_text="true: each item also carries its terms.")


class ListingQuerySerializer(StrictSerializer):
    category = _values(help_text="A name or a path; repeat for any of several.")
    brand = _values(help_text="Repeat for any of several.")
    attribute = _values(help_text='"color:red"; repeat. Values of one name: any of them; different names: all of them.')
    price_gte = serializers.IntegerField(min_value=0, max_value=MAX_MINOR, required=False, help_text="In minor units.")
    price_lte = serializers.IntegerField(min_value=0, max_value=MAX_MINOR, required=False, help_text="In minor units.")
    currency = CurrencyCode(required=False, help_text="Of the bounds; default: X-Currency, else the catalogue's own.")
    in_stock = serializers.BooleanField(required=False, help_text="true: only what is in stock.")
    sort = serializers.ChoiceField(LISTING_SORTS, default="newest")
    limit = serializers.IntegerField(min_value=1, max_value=MAX_LIMIT, default=DEFAULT_LIMIT)
    cursor = serializers.CharField(max_length=2048, required=False, help_text="page.next_cursor of the page before.")

    def validate_attribute(self, given: list[str]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for pair in given:
            name, colon, value = pair.partition(":")
            if not (name and colon and value):
                raise ValidationError(_('An attribute is written name:value, like "color:red".'), code="invalid_attribute")
            found.setdefault(name.lower(), []).append(value)
        return found


class SimilarQuerySerializer(StrictSerializer):
    by = serializers.ChoiceField(("look", "text", "both"), default="both", help_text="Photos, words, or both.")
    limit = serializers.IntegerField(min_value=1, max_value=MAX_LIMIT, default=12)


class SuggestQuerySerializer(StrictSerializer):
    q = serializers.CharField(
        max_length=500, required=False, default="", allow_blank=True, trim_whitespace=False, help_text="What stands in the box."
    )
    limit = serializers.IntegerField(min_value=1, max_value=10, default=10, help_text="Rows in all.")


class GraphQuerySerializer(StrictSerializer):
    depth = serializers.IntegerField(min_value=1, max_value=3, default=2, help_text="How many edges away a node may be.")
    limit = serializers.IntegerField(min_value=1, max_value=MAX_LIMIT, default=30, help_text="Nodes, the product included.")


class MoneyRequestSerializer(StrictSerializer):
    amount_minor = Whole(0, MAX_MINOR)
    currency = CurrencyCode()


class EventSerializer(StrictSerializer):
    event_id = Text(max_length=128, help_text="Made by the app; sending it again changes nothing.")
    type = serializers.ChoiceField(Event.Kind.choices)
    product_id = Sku()
    occurred_at = serializers.DateTimeField(required=False, help_text="Default: now. At most 30 days ago.")
    session_id = Text(max_length=64, required=False)
    quantity = Whole(1, 1_000_000, default=1)
    value = MoneyRequestSerializer(required=False)
    recommendation_id = Text(max_length=26, required=False)
    attribution_token = Text(max_length=2048, required=False, help_text="Of the answer that led to this event.")
    position = Whole(0, 100_000, required=False, help_text="Rank of the product in that answer.")
    surface = serializers.SlugField(max_length=32, required=False)


@extend_schema_field(EventSerializer(many=True))
class _EventList(serializers.ListField):
    """Elements are validated one by one later, so that one bad event does not cost the rest of the batch."""

    child = serializers.JSONField(allow_null=True)

    def run_child_validation(self, data: list[Any]) -> list[Any]:
        return data

    def to_internal_value(self, data: Any) -> list[Any]:
        limit = get_settings().MAX_EVENTS
        if isinstance(data, list) and not 1 <= len(data) <= limit:
            message = _("A batch holds 1 to %(max)d events; this one has %(given)d.") % {"max": limit, "given": len(data)}
            raise ValidationError([ErrorDetail(message, NumberedCode("batch_size", max=limit, given=len(data)))])
        found: list[Any] = super().to_internal_value(data)
        return found


class EventBatchSerializer(StrictSerializer):
    events = _EventList()


class UploadSerializer(StrictSerializer):
    file = serializers.FileField(allow_empty_file=True, help_text="JPEG, PNG, WebP, GIF or AVIF; at most 8 MB and 40 MP.")
