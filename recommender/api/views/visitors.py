"""Guests of mobile apps."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from recommender.api.answers import VisitorSerializer
from recommender.api.base import ApiView
from recommender.api.docs import SHARED, example, problems
from recommender.api.payloads import timestamp
from recommender.api.requests import VisitorRequestSerializer
from recommender.services.visitors import new_visitor, sign_visitor


class VisitorsView(ApiView):
    throttle_scope = "visitors"

    @extend_schema(
        operation_id="createVisitor",
        tags=["visitors"],
        summary="Become a visitor",
        description="Gives a signed token that names a new guest. Keep it and send it as X-Visitor-Token.",
        request=VisitorRequestSerializer,
        responses={201: VisitorSerializer, **problems(400, 413, 415, 422)},
        parameters=SHARED,
        examples=[example("with consent", {"consent": {"personalization": True}})],
    )
    def post(self, request: Request) -> Response:
        given = VisitorRequestSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        consent: dict[str, Any] = given.validated_data.get("consent", {})
        signed = sign_visitor(new_visitor(personalization=consent.get("personalization", True)))
        body = {
            "visitor_id": signed.visitor.visitor_id,
            "visitor_token": signed.token,
            "expires_at": timestamp(signed.expires_at),
        }
        return Response(body, status=201)
