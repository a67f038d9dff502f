"""What every view of the API shares. It brings its own parsers, errors and throttles, so that it behaves the same in any
host project; only authentication is the host's (``REST_FRAMEWORK["DEFAULT_AUTHENTICATION_CLASSES"]``)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from drf_spectacular.openapi import AutoSchema
from rest_framework.exceptions import ValidationError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from recommender.api.errors import exception_handler
from recommender.api.parsers import GuardedJSONParser
from recommender.api.throttles import AddressThrottle, ShopperThrottle, Usage
from recommender.catalog import Shopper, get_catalog, user_key
from recommender.models import new_ulid
from recommender.services.visitors import Visitor, new_visitor, read_visitor_token, sign_visitor

VISITOR_HEADER = "X-Visitor-Token"
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_CURRENCY = re.compile(r"[A-Z]{3}")


class AlwaysJSON(DefaultContentNegotiation):
    """This API speaks JSON whatever the Accept header says; only the request's type chooses (a parser)."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type or "application/json"


class ApiView(APIView):
    """Base of every view.

    Attributes:
        throttle_scope: name of the limit (see throttles.DEFAULT_RATES), "" for none.
        mints_visitor: a caller without any identity becomes a new visitor, whose token comes back in X-Visitor-Token.
        cache_control: of a good answer; errors are never stored.
        shopper, request_id, usages: set for each request, before the handler runs.
    """

    parser_classes: Sequence[type[BaseParser]] = (GuardedJSONParser,)
    renderer_classes: Sequence[type[BaseRenderer]] = (JSONRenderer,)
    permission_classes: Sequence[type[BasePermission]] = (AllowAny,)
    throttle_classes: Sequence[type[BaseThrottle]] = (ShopperThrottle, AddressThrottle)
    content_negotiation_class = AlwaysJSON
    metadata_class = None
    versioning_class = None
    schema = AutoSchema()

    throttle_scope: ClassVar[str] = ""
    mints_visitor: ClassVar[bool] = False
    cache_control: ClassVar[str] = "private, no-store"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        given = request.headers.get("X-Request-Id", "")
        self.request_id = given if _REQUEST_ID.fullmatch(given) else new_ulid()
        self.shopper: Shopper | None = None
        self.fresh_visitor: Visitor | None = None
        self.usages: list[Usage] = []
        with translation.override(translation.get_language_from_request(request)):
            return super().dispatch(request, *args, **kwargs)

    def get_exception_handler(self) -> Callable[..., Response | None]:
        return exception_handler

    @property
    def who(self) -> Shopper:
        """The shopper of this request."""
        assert self.shopper is not None, "the request was not authenticated yet"
        return self.shopper

    @property
    def language(self) -> str:
        """What the client asked to read ("en", "zh"); "" when it did not say, and the words of the request decide."""
        said = "Accept-Language" in self.request.headers or settings.LANGUAGE_COOKIE_NAME in self.request.COOKIES
        return (translation.get_language() or "en").split("-")[0] if said else ""

    @property
    def base(self) -> str:
        """Scheme and host of this request, for whole addresses."""
        return f"{self.request.scheme}://{self.request.get_host()}"

    def perform_authentication(self, request: Request) -> None:
        super().perform_authentication(request)
        self.shopper = self._shopper_of(request)

    def _shopper_of(self, request: Request) -> Shopper:
        token = request.headers.get(VISITOR_HEADER, "")
        visitor = read_visitor_token(token) if token else None
        user_id = user_key(request.user.pk) if request.user is not None and request.user.is_authenticated else ""
        if visitor is None and not user_id and self.mints_visitor and request.method == "POST":
            visitor = self.fresh_visitor = new_visitor()
        shopper = Shopper(
            user_id=user_id,
            visitor_id=visitor.visitor_id if visitor else "",
            language=self.language,
            currency=_currency(request),
            use_history=visitor.personalization if visitor else True,
        )
        if self.fresh_visitor is None and shopper.use_history and (shopper.user_id or shopper.visitor_id):
            allowed = get_catalog().may_remember(user_id=shopper.user_id, visitor_id=shopper.visitor_id)
            return replace(shopper, use_history=allowed)
        return shopper

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        final = super().finalize_response(request, response, *args, **kwargs)
        final["X-Request-Id"] = self.request_id
        final["Content-Language"] = translation.get_language() or "en"
        patch_vary_headers(final, ["Accept-Language", VISITOR_HEADER, "Cookie"])
        final.setdefault("Cache-Control", self.cache_control if final.status_code < 400 else "no-store")
        if self.fresh_visitor is not None and final.status_code < 400:
            final[VISITOR_HEADER] = sign_visitor(self.fresh_visitor).token
        if self.usages:
            final["RateLimit-Policy"] = ", ".join(f'"{u.scope}";q={u.limit};w={u.window}' for u in self.usages)
            final["RateLimit"] = ", ".join(f'"{u.scope}";r={u.remaining};t={u.reset}' for u in self.usages)
        return final


def _currency(request: Request) -> str:
    given = request.headers.get("X-Currency", "")
    if given and not _CURRENCY.fullmatch(given):
        message = _('A currency is three capital letters (ISO 4217), like "USD".')
        raise ValidationError({"X-Currency": [message]}, code="invalid_currency")
    return given
