"""What clients carry back: cursors and attribution tokens. Both are signed, so a client can neither guess nor alter one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core import signing
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError

from recommender.catalog import Shopper

_CURSOR = "recommender.cursor"
_ATTRIBUTION = "recommender.attribution"
ATTRIBUTION_AGE = timedelta(days=30)
MAX_TOKEN_LENGTH = 2048


@dataclass(frozen=True, slots=True)
class Page:
    """A place in a stored ranking."""

    recommendation_id: str
    offset: int
    limit: int


def sign_page(page: Page) -> str:
    return signing.dumps([page.recommendation_id, page.offset, page.limit], salt=_CURSOR)


def read_page(cursor: str) -> Page:
    """The place that a cursor names. Raises ValidationError when this API did not make it."""
    pk, offset, limit = _loads(cursor, _CURSOR)
    return Page(pk, offset, limit)


def sign_place(values: list[Any]) -> str:
    """A cursor into a list: the sort key and the id of the last row that was sent, and what was asked for."""
    return signing.dumps(values, salt=_CURSOR + ".list")


def read_place(cursor: str) -> list[Any]:
    """What ``sign_place`` signed. Raises ValidationError when this API did not make it."""
    return list(_loads(cursor, _CURSOR + ".list"))


def _loads(cursor: str, salt: str) -> Any:
    try:
        return signing.loads(cursor, salt=salt)
    except (signing.BadSignature, ValueError) as error:
        message = _("This cursor was not made by this API. Use page.next_cursor as it is, or leave it out.")
        raise ValidationError({"cursor": [message]}, code="invalid_cursor") from error


def sign_attribution(recommendation_id: str, shopper: Shopper) -> str:
    """Proof that an answer was given to this shopper; events carry it back."""
    return signing.dumps([recommendation_id, _owner(shopper)], salt=_ATTRIBUTION)


def read_attribution(token: str, shopper: Shopper) -> str:
    """The answer that a token speaks for, or "" when it is forged, too old or someone else's."""
    try:
        pk, owner = signing.loads(token, salt=_ATTRIBUTION, max_age=ATTRIBUTION_AGE)
    except (signing.BadSignature, ValueError):
        return ""
    return str(pk) if owner in (_owner(shopper), _owner(Shopper(visitor_id=shopper.visitor_id))) else ""


def _owner(shopper: Shopper) -> str:
    name = f"u:{shopper.user_id}" if shopper.user_id else f"v:{shopper.visitor_id}"
    return hashlib.sha256(name.encode()).hexdigest()[:16]
