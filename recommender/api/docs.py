"""How endpoints are described: which problems each may answer with, and the shared parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from recommender.api.answers import ProblemSerializer
from recommender.api.errors import MEDIA_TYPE

_SAYS = {
    400: ("malformed", "The body or the request line cannot be read."),
    401: ("invalid_visitor_token", "The visitor token was not signed here or is too old."),
    403: ("forbidden", "The caller may not do this, or a signed-in browser sent no CSRF token."),
    404: ("not_found", "There is no such thing for this caller; other people's ids look the same."),
    405: ("method_not_allowed", "This address does not take that method."),
    409: ("promotion_refused", "Something speaks against it; errors says what. Nothing was changed."),
    410: ("result_expired", "The stored answer is too old to be paged through."),
    413: ("body_too_large", "The body is larger than this endpoint reads."),
    415: ("unsupported_media_type", "This endpoint does not read that type of content."),
    422: ("validation", "Fields are not valid; errors says which and why."),
    429: ("throttled", "Too many requests; Retry-After says when to come back."),
    500: ("internal", "A fault on our side, logged under the request's id."),
    503: ("overloaded", "The service cannot answer right now; Retry-After says when to come back."),
}


def _example(status: int) -> OpenApiExample:
    code, says = _SAYS[status]
    at_fault = [{"pointer": "/query/text", "code": "too_long", "detail": says, "params": {"max": 500}}] if status == 422 else []
    value = {
        "type": f"/problems/{code.replace('_', '-')}", "title": says.split(";")[0], "status": status, "code": code,
        "detail": says, "instance": "/requests/01K5Z0V3T8N7Q4R2M9C6XW1YHB", "errors": at_fault,
    }  # fmt: skip
    return OpenApiExample(code, value=value, response_only=True, status_codes=[str(status)], media_type=MEDIA_TYPE)


def problems(*statuses: int) -> dict[tuple[int, str], OpenApiResponse]:
    """Responses for the problems of an endpoint; those that any endpoint may answer with are added."""
    return {
        (status, MEDIA_TYPE): OpenApiResponse(ProblemSerializer, description=_SAYS[status][1], examples=[_example(status)])
        for status in sorted({*statuses, 401, 403, 405, 429, 500, 503})
    }


def _header(name: str, says: str) -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.STR, OpenApiParameter.HEADER, required=False, description=says)


VISITOR = _header("X-Visitor-Token", "Who asks, from POST /api/v1/visitors. Without it a new visitor's token comes back.")
LANGUAGE = _header("Accept-Language", "Language of titles, reasons, labels and errors: en or zh-Hans.")
CURRENCY = _header("X-Currency", "What amounts without a currency mean (ISO 4217).")
REQUEST_ID = _header("X-Request-Id", "Comes back on the answer and is in our logs; made here when absent.")
SHARED = [LANGUAGE, REQUEST_ID]


def example(name: str, value: Mapping[str, Any]) -> OpenApiExample:
    """An example request."""
    return OpenApiExample(name, value=dict(value), request_only=True)
