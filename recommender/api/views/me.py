"""What is held of the caller: to read, to forget one by one, to erase with a receipt."""

from __future__ import annotations

from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from recommender.api.base import ApiView
from recommender.api.docs import SHARED, VISITOR, problems
from recommender.api.payloads import timestamp
from recommender.api.people import PersonalDataSerializer, ReceiptSerializer
from recommender.catalog import Shopper
from recommender.exceptions import InvalidVisitorToken
from recommender.services.feedback import delete_event
from recommender.services.personal_data import erase, export
from recommender.services.suggesting import forget_requests


class MyDataView(ApiView):
    throttle_scope = "me"

    @extend_schema(
        operation_id="exportMyData",
        tags=["me"],
        summary="Read everything that is held of the caller",
        description="Rows as stored, the profile that the next request is answered with, and what is withheld and why.",
        responses={200: PersonalDataSerializer, **problems(401)},
        parameters=[VISITOR, *SHARED],
    )
    def get(self, request: Request) -> Response:
        return Response(export(_known(self.who)))

    @extend_schema(
        operation_id="eraseMyData",
        tags=["me"],
        summary="Erase everything that is held of the caller",
        description=(
            "Events, answers and uploaded photos go at once; what was learnt with them is withdrawn and learnt anew. "
            "Orders and the account belong to the shop and are not touched. A second call deletes nothing more."
        ),
        responses={200: ReceiptSerializer, **problems(401)},
        parameters=[VISITOR, *SHARED],
    )
    def delete(self, request: Request) -> Response:
        receipt = erase(_known(self.who))
        body = {
            "receipt_id": receipt.receipt_id,
            "erased_at": timestamp(receipt.erased_at),
            "counts": dict(receipt.counts),
            "unlearnt": list(receipt.unlearnt),
        }
        return Response(body)


class MyEventView(ApiView):
    throttle_scope = "me"

    @extend_schema(
        operation_id="forgetMyEvent",
        tags=["me"],
        summary="Forget one thing that the caller did",
        responses={204: None, **problems(401, 404)},
        parameters=[OpenApiParameter("event_id", OpenApiTypes.STR, OpenApiParameter.PATH), VISITOR, *SHARED],
    )
    def delete(self, request: Request, event_id: str) -> Response:
        known = _known(self.who)
        if "\x00" in event_id or not delete_event(event_id, known):
            raise NotFound(_('You have no event "%(id)s".') % {"id": event_id[:64]})
        return Response(status=204)


class MyRequestsView(ApiView):
    throttle_scope = "me"

    @extend_schema(
        operation_id="forgetMyRequests",
        tags=["me"],
        summary="Forget what the caller asked in words",
        description="They are suggested no more. An answer that is still open can be paged through to its end.",
        responses={204: None, **problems(401)},
        parameters=[VISITOR, *SHARED],
    )
    def delete(self, request: Request) -> Response:
        forget_requests(_known(self.who))
        return Response(status=204)


def _known(shopper: Shopper) -> Shopper:
    if not (shopper.user_id or shopper.visitor_id):
        raise InvalidVisitorToken(_("Say who you are: sign in, or send X-Visitor-Token from POST /api/v1/visitors."))
    return shopper
