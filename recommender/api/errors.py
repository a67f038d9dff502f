"""Every error of the API is ``application/problem+json`` (RFC 9457), in the language of Accept-Language.

``code`` is stable and for programs; ``title`` and ``detail`` are for people; ``errors`` points at the fields at fault.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import OperationalError
from django.http import Http404, HttpRequest, JsonResponse, UnreadablePostError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import set_rollback

from fusion.exceptions import FusionError, InvalidQuery
from recommender.exceptions import (
    InvalidVisitorToken,
    LearningFrozen,
    PromotionRefused,
    RecommenderError,
    ResultExpired,
    UnknownItem,
    UnknownPhoto,
    UnknownRecommendation,
    UploadQuotaExceeded,
)

logger = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5

TITLES = {
    400: gettext_lazy("The request cannot be read"),
    401: gettext_lazy("Not recognised"),
    403: gettext_lazy("Not allowed"),
    404: gettext_lazy("Not found"),
    405: gettext_lazy("Method not allowed"),
    406: gettext_lazy("Not acceptable"),
    409: gettext_lazy("Refused as things stand"),
    410: gettext_lazy("Result expired"),
    413: gettext_lazy("Too large"),
    415: gettext_lazy("Unsupported type"),
    422: gettext_lazy("The request is not valid"),
    429: gettext_lazy("Too many requests"),
    500: gettext_lazy("Something went wrong here"),
    503: gettext_lazy("Not ready yet"),
}
_STATUS_OF_QUERY_CODE = {"photo_too_large": 413, "photo_type": 415}
# The library speaks English; what a shopper may see of it is said here in their language, its numbers are in params.
_DETAIL_OF_QUERY_CODE = {
    "photo_empty": gettext_lazy("The photo is empty. Choose another file."),
    "photo_too_large": gettext_lazy("The photo has too many bytes or pixels. Choose a smaller one."),
    "photo_type": gettext_lazy("This is not a photo that can be read. Send a JPEG, PNG, WebP, GIF or AVIF file."),
    "photo_unreadable": gettext_lazy("The photo cannot be read; the file is damaged or incomplete. Choose another file."),
    "photo_crop": gettext_lazy("The box does not lie within the photo."),
}
_STATUS_OF_ERROR: Mapping[type[RecommenderError], int] = {
    InvalidVisitorToken: 401,
    UnknownRecommendation: 404,
    UnknownItem: 404,
    UnknownPhoto: 404,
    ResultExpired: 410,
    UploadQuotaExceeded: 429,
    PromotionRefused: 409,
    LearningFrozen: 409,
}
_CODE_OF_STATUS = {
    400: "malformed", 403: "forbidden", 404: "not_found", 405: "method_not_allowed", 406: "not_acceptable",
    415: "unsupported_media_type", 429: "throttled",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field at fault: where (a JSON pointer; a query parameter or header is "/name"), which code, and why."""

    pointer: str
    code: str
    detail: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Problem:
    """What a client is told. ``headers`` go onto the response."""

    status: int
    code: str
    detail: str
    errors: Sequence[FieldError] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self, request_id: str = "") -> dict[str, Any]:
        """The problem as JSON."""
        return {
            "type": f"/problems/{self.code.replace('_', '-')}",
            "title": str(TITLES.get(self.status, TITLES[500])),
            "status": self.status,
            "code": self.code,
            "detail": sayable(self.detail),
            "instance": f"/requests/{request_id}" if request_id else "",
            "errors": [
                {"pointer": e.pointer, "code": e.code, "detail": e.detail, "params": dict(e.params)} for e in self.errors
            ],
        }


class ProblemRenderer(JSONRenderer):
    """JSON that says it is a problem."""

    media_type = MEDIA_TYPE


class TooLarge(exceptions.APIException):
    """The body is larger than this endpoint reads."""

    status_code = 413
    default_code = "body_too_large"
    default_detail = gettext_lazy("The request body is too large.")


def problem_for(error: Exception) -> Problem:
    """The problem that an exception becomes. Anything unforeseen is a 500 that gives nothing away."""
    match error:
        case InvalidQuery():
            return _of_query(error)
        case exceptions.ValidationError():
            found = tuple(field_errors(error.detail))
            return Problem(422, "validation", _("Some fields are not valid; see errors."), found)
        case RecommenderError():
            return _of_recommender(error)
        case exceptions.APIException():
            return _of_api(error)
        case Http404():
            return Problem(404, "not_found", _("There is nothing at this address."))
        case PermissionDenied():
            return Problem(403, "forbidden", _("You may not do this."))
        case RequestDataTooBig():
            return Problem(413, "body_too_large", _("The request body is too large."))
        case SuspiciousOperation() | UnreadablePostError():
            return Problem(400, "malformed", _("The request body cannot be read."))
        case OperationalError() | FusionError():
            retry = {"Retry-After": str(RETRY_SECONDS)}
            return Problem(503, "overloaded", _("The service cannot answer right now. Try again in a moment."), headers=retry)
    return Problem(500, "internal", _("Something went wrong on our side. It was logged under this request's id."))


def _of_query(error: InvalidQuery) -> Problem:
    status = _STATUS_OF_QUERY_CODE.get(error.code, 422)
    detail = str(_DETAIL_OF_QUERY_CODE.get(error.code, error))
    return Problem(status, error.code, detail, (FieldError(error.pointer, error.code, detail, error.params),))


def _of_recommender(error: RecommenderError) -> Problem:
    status = next((code for kind, code in _STATUS_OF_ERROR.items() if isinstance(error, kind)), 500)
    headers = {"WWW-Authenticate": "VisitorToken"} if status == 401 else {}
    if isinstance(error, UploadQuotaExceeded):
        headers = {"Retry-After": str(error.retry_after)}
    refused = error.refusals if isinstance(error, PromotionRefused) else {}
    fields = tuple(FieldError("", code, detail) for code, detail in refused.items())
    return Problem(status, error.code, str(error), fields, headers=headers)


def _of_api(error: exceptions.APIException) -> Problem:
    codes = error.get_codes()
    own = codes if isinstance(codes, str) else error.default_code
    code = own if own not in ("error", "parse_error", "authentication_failed") else _CODE_OF_STATUS.get(error.status_code, own)
    if error.status_code in (403, 404, 405, 406, 415, 429):
        code = _CODE_OF_STATUS[error.status_code]
    wait = getattr(error, "wait", None)
    headers = {"Retry-After": str(int(wait))} if wait else {}
    return Problem(error.status_code, code, str(error.detail), headers=headers)


def field_errors(detail: Any, pointer: str = "") -> Iterator[FieldError]:
    """DRF's tree of errors as a flat list with pointers."""
    if isinstance(detail, exceptions.ErrorDetail):
        yield FieldError(pointer, str(detail.code), sayable(detail), getattr(detail.code, "params", {}))
    elif isinstance(detail, Mapping):
        for name, inner in detail.items():
            step = "" if name == "non_field_errors" else "/" + sayable(name, 64).replace("~", "~0").replace("/", "~1")
            yield from field_errors(inner, pointer + step)
    elif isinstance(detail, Sequence):
        # A list is either the messages of one field or one entry for each element of an array.
        messages = all(isinstance(inner, exceptions.ErrorDetail) for inner in detail)
        for place, inner in enumerate(detail):
            yield from field_errors(inner, pointer if messages else f"{pointer}/{place}")


def sayable(text: object, limit: int = 300) -> str:
    """A text that may quote the request, cut and without lone surrogates, which no answer could be written with."""
    return str(text)[:limit].encode("utf-8", "replace").decode()


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response:
    """DRF's hook: any exception of a view -> its problem."""
    problem = problem_for(error)
    view, request = context.get("view"), context.get("request")
    if problem.status >= 500:
        logger.error("request_id=%s code=%s error=%r", getattr(view, "request_id", ""), problem.code, error, exc_info=error)
        got_request_exception.send(sender=type(view), request=request)
    set_rollback()
    body = problem.body(getattr(view, "request_id", ""))
    return Response(body, status=problem.status, headers=dict(problem.headers), content_type=MEDIA_TYPE)


def unknown_path(request: HttpRequest, rest: str = "") -> JsonResponse:
    """The answer for an address under /api/ that nothing lives at."""
    problem = Problem(404, "not_found", _("There is no such endpoint. GET /api/v1/openapi.json lists all of them."))
    return JsonResponse(problem.body(), status=404, content_type=MEDIA_TYPE)
