"""What shoppers do, reported by apps in batches."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from recommender.api.base import ApiView
from recommender.api.docs import SHARED, VISITOR, example, problems
from recommender.api.errors import FieldError, field_errors
from recommender.api.people import EventReportSerializer
from recommender.api.requests import EventBatchSerializer, EventSerializer
from recommender.api.tokens import read_attribution
from recommender.catalog import Feedback, Shopper
from recommender.services.feedback import record

OLDEST = timedelta(days=30)
LATEST = timedelta(days=1)
_EVENT = {"event_id": "7f3c-1", "type": "click", "product_id": "4058NB/09", "position": 1, "surface": "search"}


class EventsView(ApiView):
    throttle_scope = "events"
    mints_visitor = True

    @extend_schema(
        operation_id="recordEvents",
        tags=["events"],
        summary="Report what the shopper did",
        description=(
            "At most 500 events and 1 MiB. An event_id that this shopper sent before counts as a duplicate. A bad event is "
            "rejected with its place and code; the rest goes in. A bad attribution_token costs the attribution, not the event."
        ),
        request=EventBatchSerializer,
        responses={202: EventReportSerializer, **problems(400, 413, 415, 422)},
        parameters=[VISITOR, *SHARED],
        examples=[example("a click", {"events": [_EVENT]})],
    )
    def post(self, request: Request) -> Response:
        batch = EventBatchSerializer(data=request.data)
        batch.is_valid(raise_exception=True)
        good, rejected, unattributed = _read(batch.validated_data["events"], self.who)
        report = record([feedback for _place, feedback in good])
        rejected += [_rejection(good[index][0], code) for index, code in report.rejected]
        body = {
            "accepted": report.accepted,
            "duplicates": report.duplicates,
            "rejected": sorted(rejected, key=lambda entry: entry["index"]),
            "not_attributed": unattributed,
        }
        return Response(body, status=202)


def _read(events: Sequence[Any], shopper: Shopper) -> tuple[list[tuple[int, Feedback]], list[dict[str, Any]], list[int]]:
    """Feedback of the valid events with their places, rejections of the others, places of those without attribution."""
    good: list[tuple[int, Feedback]] = []
    rejected: list[dict[str, Any]] = []
    unattributed: list[int] = []
    for place, given in enumerate(events):
        event = EventSerializer(data=given)
        fault = None if event.is_valid() else next(iter(field_errors(event.errors)))
        fault = fault or _time_fault(event.validated_data)
        if fault:
            rejected.append(_rejection(place, fault.code, f"{fault.pointer} {fault.detail}".strip()))
            continue
        answer = _attribution(event.validated_data, shopper)
        if answer is None:
            unattributed.append(place)
        good.append((place, _feedback(event.validated_data, shopper, answer or "")))
    return good, rejected, unattributed


def _rejection(place: int, code: str, detail: str = "") -> dict[str, Any]:
    said = {
        "unknown_product": _("There is no such product."),
        "unknown_type": _("There is no such type of event."),
        "invalid_quantity": _("The quantity is out of range."),
    }
    return {"index": place, "code": code, "detail": detail or said.get(code, code)}


def _time_fault(event: dict[str, Any]) -> FieldError | None:
    at, now = event.get("occurred_at"), timezone.now()
    if at is not None and at < now - OLDEST:
        return FieldError("/occurred_at", "too_old", _("Events may be at most 30 days old."))
    if at is not None and at > now + LATEST:
        return FieldError("/occurred_at", "in_the_future", _("The time lies in the future; is the device's clock right?"))
    return None


def _attribution(event: dict[str, Any], shopper: Shopper) -> str | None:
    """The answer an event is tied to, "" when it names none, None when what it names does not hold."""
    token, named = event.get("attribution_token", ""), event.get("recommendation_id", "")
    if not token:
        return str(named)
    signed = read_attribution(token, shopper)
    return signed if signed and named in ("", signed) else None


def _feedback(event: dict[str, Any], shopper: Shopper, recommendation_id: str) -> Feedback:
    value = event.get("value", {})
    known = shopper if shopper.use_history else Shopper()
    return Feedback(
        kind=event["type"],
        item_id=event["product_id"],
        user_id=known.user_id,
        visitor_id=known.visitor_id,
        session_id=event.get("session_id", "") if shopper.use_history else "",
        quantity=event["quantity"],
        value_minor=value.get("amount_minor"),
        currency=value.get("currency", ""),
        recommendation_id=recommendation_id if shopper.use_history else "",
        position=event.get("position"),
        surface=event.get("surface", "api"),
        occurred_at=event.get("occurred_at"),
        event_id=_event_id(event["event_id"], shopper),
    )


def _event_id(given: str, shopper: Shopper) -> str:
    """Ids are the app's own, so they are told apart by shopper: nobody can take the id of someone else's event."""
    owner = shopper.visitor_id or f"u{shopper.user_id}"
    return "api-" + hashlib.sha256(f"{owner}\n{given}".encode()).hexdigest()[:48]
