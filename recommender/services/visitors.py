"""Visitors: guests known by a token that only this instance can sign. A token names a visitor, never a user."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core import signing
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from recommender.catalog import Shopper
from recommender.exceptions import InvalidVisitorToken
from recommender.models import new_ulid

_SALT = "recommender.visitor"
VISITOR_TOKEN_AGE = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Visitor:
    """A guest as the token says. ``personalization`` False: nothing this guest does may be tied to them."""

    visitor_id: str
    personalization: bool = True


@dataclass(frozen=True, slots=True)
class VisitorToken:
    """A signed token, whom it names and until when it is good."""

    token: str
    visitor: Visitor
    expires_at: datetime


def new_visitor(*, personalization: bool = True) -> Visitor:
    """A guest that nobody has seen before. Nothing is stored: the token is all there is."""
    return Visitor(f"v_{new_ulid()}", personalization)


def sign_visitor(visitor: Visitor) -> VisitorToken:
    """The token that an app keeps and sends as ``X-Visitor-Token``. Pages may sign their own visitor's id with it, too."""
    token = signing.dumps({"v": visitor.visitor_id, "p": int(visitor.personalization)}, salt=_SALT)
    return VisitorToken(token, visitor, timezone.now() + VISITOR_TOKEN_AGE)


def read_visitor_token(token: str) -> Visitor:
    """Whom a token names.

    Raises:
        InvalidVisitorToken: it was not signed here, was altered, or is older than a year.
    """
    try:
        payload = signing.loads(token, salt=_SALT, max_age=VISITOR_TOKEN_AGE)
    except (signing.BadSignature, ValueError) as error:
        message = _("The visitor token was not signed here or is too old. Get a new one from POST /api/v1/visitors.")
        raise InvalidVisitorToken(message) from error
    return Visitor(str(payload["v"]), bool(payload["p"]))


def owned_by(shopper: Shopper) -> Q:
    """Rows with ``user_id`` and ``visitor_id`` that this shopper may see.

    A row of a user is that user's alone, even in the browser it came from: two people may share it. A row of a guest is
    that visitor's, also after signing in. A shopper without any id owns nothing.
    """
    owned = Q(pk__in=[])
    if shopper.user_id:
        owned |= Q(user_id=shopper.user_id)
    if shopper.visitor_id:
        owned |= Q(user_id="", visitor_id=shopper.visitor_id)
    return owned


def owns(shopper: Shopper, *, user_id: str, visitor_id: str) -> bool:
    """``owned_by`` for one row that is already in memory."""
    if user_id:
        return user_id == shopper.user_id
    return bool(visitor_id) and visitor_id == shopper.visitor_id
