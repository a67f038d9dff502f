"""Bodies are read within bounds: size, nesting, numbers. Anything else is a 4xx before a serializer sees it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import IO, Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, DataAndFiles, MultiPartParser

from recommender.api.errors import TooLarge
from recommender.conf import get_settings

MAX_JSON_BYTES = 1024 * 1024
MAX_DEPTH = 32
MAX_DIGITS = 40
# Boundaries, headers and small fields around the file of a multipart body.
_MULTIPART_SLACK = 64 * 1024
# A string without an end is taken to the end of the text, else each escaped quote in it would be tried as a start (n squared).
_STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)


class GuardedJSONParser(BaseParser):
    """JSON in UTF-8 of at most 1 MiB, 32 levels deep, with finite numbers of at most 40 digits."""

    media_type = "application/json"

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """The value.

        Raises:
            TooLarge: more than MAX_JSON_BYTES.
            ParseError: not JSON, nested too deeply, or a number that no field could hold.
        """
        data = stream.read(MAX_JSON_BYTES + 1)
        if len(data) > MAX_JSON_BYTES:
            raise TooLarge(_("A JSON body may be at most %(max)d bytes.") % {"max": MAX_JSON_BYTES})
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ParseError(_("The body is not UTF-8.")) from error
        check_depth(text)
        try:
            return json.loads(text, parse_int=_integer, parse_float=_finite, parse_constant=_constant)
        except (ValueError, RecursionError) as error:
            raise ParseError(_("The body is not valid JSON: %(error)s") % {"error": str(error)[:200]}) from error


def check_depth(text: str) -> None:
    """Raise ParseError when arrays and objects are nested deeper than MAX_DEPTH."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for token in _STRUCTURE.finditer(text):
        mark = token.group()
        if mark in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise ParseError(_("JSON may be nested at most %(max)d levels deep.") % {"max": MAX_DEPTH})
        elif mark in "]}":
            depth -= 1


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"a number has more than {MAX_DIGITS} digits")
    return int(digits)


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError("a number is too large")
    return value


def _constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


class PhotoParser(MultiPartParser):
    """multipart/form-data no larger than one photo; refused by its stated length, before a byte of it is stored."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> DataAndFiles[Any, Any]:
        limit = get_settings().MAX_PHOTO_BYTES
        request = (parser_context or {})["request"]
        try:
            length = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            length = 0
        if length > limit + _MULTIPART_SLACK:
            raise TooLarge(_("A photo may be at most %(max)d bytes.") % {"max": limit}, code="photo_too_large")
        return super().parse(stream, media_type, parser_context)
