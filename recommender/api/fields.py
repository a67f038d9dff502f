"""Fields and serializers that refuse what they do not know, with numbers in their errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from recommender.conf import get_settings


class NumberedCode(str):
    """An error's code that carries the numbers in its message, so that an app can word it itself.

    It is the code and not the detail that carries them, because DRF copies every detail on its way up, and keeps the code.
    """

    params: Mapping[str, Any]

    def __new__(cls, code: str, **params: Any) -> NumberedCode:
        self = super().__new__(cls, code)
        self.params = params
        return self


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields that it does not have: a typo must not quietly change what was asked."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            known = sorted(self.fields)
            unknown = [str(name) for name in data if name not in self.fields]
            if unknown:
                message = _("There is no such field. Known: %(known)s.") % {"known": ", ".join(known)}
                detail = ErrorDetail(message, NumberedCode("unknown_field", allowed=known))
                raise ValidationError({name: [detail] for name in unknown[:20]})
        return super().to_internal_value(data)


class RequestText(serializers.CharField):
    """A shopper's words: at most ``RECOMMENDER["MAX_TEXT_LENGTH"]`` characters, no NUL, no lone surrogate."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_blank=True, trim_whitespace=True, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        limit = get_settings().MAX_TEXT_LENGTH
        if len(data) > limit:
            message = _("The text has %(given)d characters; at most %(max)d are read.") % {"given": len(data), "max": limit}
            raise ValidationError([ErrorDetail(message, NumberedCode("too_long", max=limit, given=len(data)))])
        return str(super().to_internal_value(data))


class Text(serializers.CharField):
    """A JSON string and nothing else: DRF would also take numbers and booleans."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class Sku(Text):
    """A product's id."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=128, trim_whitespace=False, **kwargs)


class Flag(serializers.BooleanField):
    """JSON true or false; words like "yes" only in query parameters."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=repr(data)[:64])
        return data


class Whole(serializers.IntegerField):
    """A whole number within bounds, written as one: not "3", not 3.5, not true."""

    def __init__(self, low: int, high: int, **kwargs: Any) -> None:
        super().__init__(min_value=low, max_value=high, **kwargs)

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return int(super().to_internal_value(data))


class CurrencyCode(serializers.RegexField):
    """ISO 4217: three capital letters."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(r"^[A-Z]{3}\Z", **kwargs)
