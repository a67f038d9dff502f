"""Guests of mobile apps, and what becomes of them at sign-in."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from recommender.api.base import ApiView
from recommender.api.docs import SHARED, example, problems
from recommender.api.payloads import timestamp
from recommender.api.people import MergedSerializer, VisitorSerializer
from recommender.api.requests import MergeRequestSerializer, VisitorRequestSerializer
from recommender.services.feedback import merge_visitor
from recommender.services.visitors import new_visitor, read_visitor_token, sign_visitor


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


class VisitorMergeView(ApiView):
    throttle_scope = "me"

    @extend_schema(
        operation_id="mergeVisitor",
        tags=["visitors"],
        summary="Bring a guest's history along at sign-in",
        description=(
            "What the guest did and was answered becomes the signed-in user's. Call it once after signing in; a second call "
            "moves nothing. Rows that belong to another user stay theirs. Carts and wish lists are the shop's own to merge."
        ),
        request=MergeRequestSerializer,
        responses={200: MergedSerializer, **problems(400, 401, 413, 415, 422)},
        parameters=SHARED,
    )
    def post(self, request: Request) -> Response:
        if not self.who.user_id:
            raise NotAuthenticated(_("Sign in first: a guest's history can only be brought to a user."))
        given = MergeRequestSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        merged = merge_visitor(read_visitor_token(given.validated_data["visitor_token"]).visitor_id, self.who.user_id)
        return Response({"merged": {"events": merged.events, "recommendations": merged.recommendations}})
