"""Suggestions while somebody types."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from recommender.api import payloads
from recommender.api.answers import SuggestionsSerializer
from recommender.api.base import ApiView
from recommender.api.docs import SHARED, VISITOR, problems
from recommender.api.requests import SuggestQuerySerializer
from recommender.api.views.products import IF_NONE_MATCH, unless_known
from recommender.services.suggesting import suggest


class SuggestionsView(ApiView):
    throttle_scope = "suggest"
    cache_control = "private, max-age=60"

    @extend_schema(
        operation_id="suggest",
        tags=["search"],
        summary="Requests, categories and products that begin like what was typed",
        description=(
            "In English and Chinese whatever the reader's language; pinyin, traditional characters and a slip are understood. "
            "Without q the caller's own recent requests. What cannot be looked up is left out and named in degraded."
        ),
        responses={200: SuggestionsSerializer, 304: None, **problems(422)},
        parameters=[SuggestQuerySerializer, VISITOR, IF_NONE_MATCH, *SHARED],
    )
    def get(self, request: Request) -> Response:
        given = SuggestQuerySerializer(data=request.query_params)
        given.is_valid(raise_exception=True)
        language = self.language or "en"
        asked = given.validated_data
        found = suggest(asked["q"], self.who, language=language, limit=asked["limit"])
        return unless_known(request, payloads.suggestions(found, language, self.base))
