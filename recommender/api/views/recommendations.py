"""The main door: words, a photo, seeds and filters in; ranked products with reasons out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from fusion.chips import ALL, chip_key
from fusion.types import ChipEdits, Constraint
from recommender.api.answers import RefinedResultSerializer, ResultSerializer
from recommender.api.base import ApiView
from recommender.api.docs import CURRENCY, SHARED, VISITOR, example, problems
from recommender.api.filters import constraints_of, order_of
from recommender.api.payloads import change, result
from recommender.api.requests import (
    DEFAULT_LIMIT,
    PageQuerySerializer,
    RecommendationRequestSerializer,
    RefineRequestSerializer,
)
from recommender.api.tokens import read_page
from recommender.exceptions import UnknownRecommendation
from recommender.models import IndexedItem
from recommender.records import order_from_json
from recommender.services.refining import Refinement, refine, scene_of
from recommender.services.serving import RecommendationRequest, owned, page, recommend

_ASK = {
    "query": {"text": "waterproof jacket for my mum, under $80"},
    "filters": {"attributes": {"color": ["blue", "green"]}},
    "limit": 12,
}


class RecommendationsView(ApiView):
    throttle_scope = "recommendations"
    mints_visitor = True

    @extend_schema(
        operation_id="recommend",
        tags=["recommendations"],
        summary="Ask for products",
        request=RecommendationRequestSerializer,
        responses={200: ResultSerializer, **problems(400, 404, 413, 415, 422)},
        parameters=[VISITOR, CURRENCY, *SHARED],
        examples=[
            example("in words", _ASK),
            example("in Chinese", {"query": {"text": "一把舒服的椅子"}}),
            example("more like this, but cheaper", {"seeds": {"like": ["4058NB/09"]}, "sort": "price"}),
        ],
    )
    def post(self, request: Request) -> Response:
        given = RecommendationRequestSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        asked: dict[str, Any] = given.validated_data
        _check_seeds(asked.get("seeds", {}))
        language = asked.get("query", {}).get("language") or self.language
        shopper = replace(self.who, language=language)
        served = recommend(_request_of(asked, shopper), shopper)
        body = result(
            served, shopper, language=language, base=self.base, limit=asked["limit"], explain=asked["explain"],
            order=order_of(asked["sort"]),
        )  # fmt: skip
        return Response(body)


class RecommendationView(ApiView):
    throttle_scope = "recommendations"

    @extend_schema(
        operation_id="recommendationPage",
        tags=["recommendations"],
        summary="Page through a stored answer",
        description="The ranking stays as it was; what was sold out or hidden meanwhile is left out. Nothing repeats.",
        responses={200: ResultSerializer, **problems(404, 410, 422)},
        parameters=[
            OpenApiParameter("recommendation_id", OpenApiTypes.STR, OpenApiParameter.PATH),
            PageQuerySerializer,
            VISITOR,
            *SHARED,
        ],
    )
    def get(self, request: Request, recommendation_id: str) -> Response:
        given = PageQuerySerializer(data=request.query_params)
        given.is_valid(raise_exception=True)
        asked: dict[str, Any] = given.validated_data
        offset, limit = _place(asked.get("cursor", ""), recommendation_id)
        limit = asked.get("limit", limit)
        _check_id(recommendation_id)
        served = page(recommendation_id, self.who, offset, limit, self.language)
        order = order_from_json(served.recommendation.request.get("order"))
        body = result(
            served, self.who, language=self.language or str(served.recommendation.request.get("language", "")),
            base=self.base, limit=limit, explain=asked["explain"], order=order,
        )  # fmt: skip
        return Response(body)


class RefinementView(ApiView):
    throttle_scope = "recommendations"

    @extend_schema(
        operation_id="refineRecommendation",
        tags=["recommendations"],
        summary="Refine an answer",
        description="Makes the next answer out of a stored one: cheaper, dearer, more or less like a product, another colour, "
        "one chip set or removed, an alternative taken, or back. Steps add up; prices are compared with the current ones.",
        request=RefineRequestSerializer,
        responses={200: RefinedResultSerializer, **problems(400, 404, 410, 415, 422)},
        parameters=[OpenApiParameter("recommendation_id", OpenApiTypes.STR, OpenApiParameter.PATH), VISITOR, *SHARED],
        examples=[
            example("cheaper than this one", {"action": "cheaper", "product_id": "4058NB/09"}),
            example("without a chip", {"action": "remove_chip", "chip": {"id": "c1"}}),
            example(
                "in another colour, by hand",
                {"action": "set_chip", "chip": {"field": "color", "op": "in", "value": ["blue"], "strength": "must"}},
            ),
            example("the first way out", {"action": "relax", "alternative": "a1"}),
        ],
    )
    def post(self, request: Request, recommendation_id: str) -> Response:
        given = RefineRequestSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        asked: dict[str, Any] = given.validated_data
        _check_id(recommendation_id)
        before = scene_of(owned(recommendation_id, self.who)).chips
        served, changed = refine(
            recommendation_id, _refinement(asked, before), self.who, limit=asked.get("limit", 0), language=self.language
        )
        row = served.recommendation
        body = result(
            served, self.who, language=self.language or str(row.request.get("language", "")), base=self.base,
            limit=row.request["limit"], explain=asked["explain"], order=order_from_json(row.request.get("order")),
        )  # fmt: skip
        after = scene_of(row).chips
        return Response({**body, "diff": [change(entry, before, after) for entry in changed]})


def _refinement(asked: dict[str, Any], chips: Sequence[Constraint]) -> Refinement:
    """The step that was asked for; ids of chips and alternatives are places in the answer."""
    named: dict[str, Any] = asked.get("chip") or {}
    key = ""
    if "id" in named:
        place = _number(named["id"], "c")
        if not 0 <= place < len(chips):
            raise ValidationError({"chip": {"id": [_("This answer has no such chip.")]}}, code="unknown_chip")
        key = chip_key(chips[place])
    return Refinement(
        asked["action"], asked.get("product_id", ""), named.get("constraint"), key, _number(asked.get("alternative", ""), "a")
    )


def _number(name: str, letter: str) -> int:
    """The place that "c1" or "a1" names, from 0; -1 for anything else."""
    digits = name.removeprefix(letter)
    return int(digits) - 1 if name.startswith(letter) and digits.isdecimal() and len(digits) < 5 else -1


def _check_id(recommendation_id: str) -> None:
    if not recommendation_id.isalnum():
        raise UnknownRecommendation(_('There is no answer "%(id)s". Ask again.') % {"id": recommendation_id[:64]})


def _place(cursor: str, recommendation_id: str) -> tuple[int, int]:
    """(offset, limit) of a cursor, which must belong to this answer; the first page without one."""
    if not cursor:
        return 0, DEFAULT_LIMIT
    place = read_page(cursor)
    if place.recommendation_id != recommendation_id:
        raise ValidationError({"cursor": [_("This cursor belongs to another answer.")]}, code="invalid_cursor")
    return place.offset, place.limit


def _check_seeds(seeds: dict[str, list[str]]) -> None:
    """Refuse ids that never were a product; one that is gone is only left out of the answer."""
    given = {sku for skus in seeds.values() for sku in skus}
    known = set(IndexedItem.objects.filter(item_id__in=given).values_list("item_id", flat=True)) if given else set()
    faults = {
        name: {str(place): [_("There is no such product.")] for place, sku in enumerate(skus) if sku not in known}
        for name, skus in seeds.items()
    }
    faults = {name: places for name, places in faults.items() if places}
    if faults:
        raise ValidationError({"seeds": faults}, code="unknown_product")


def _request_of(asked: dict[str, Any], shopper: Any) -> RecommendationRequest:
    image, seeds, query = asked.get("image") or {}, asked.get("seeds", {}), asked.get("query", {})
    liked = tuple(seeds.get("like", ()))
    return RecommendationRequest(
        text=query.get("text", ""),
        photo_id=image.get("image_id", ""),
        box=_corners(image["box"]) if "box" in image else None,
        liked=liked,
        disliked=tuple(seeds.get("unlike", ())),
        edits=_edits(asked.get("chips")),
        filters=constraints_of(asked.get("filters", {}), shopper.currency),
        order=order_of(asked["sort"]),
        limit=asked["limit"],
        surface=asked["surface"],
        language=shopper.language,
        currency=shopper.currency,
        exclude=liked,
        use_history=asked["use_history"],
        facets=True,
    )


def _edits(chips: Sequence[dict[str, Any]] | None) -> ChipEdits:
    """A whole list of chips stands in for what is recognised."""
    return ChipEdits() if chips is None else ChipEdits((ALL,), tuple(chip["constraint"] for chip in chips))


def _corners(box: list[float]) -> tuple[float, float, float, float]:
    """[x, y, width, height] -> (left, top, right, bottom), kept within the photo."""
    x, y, width, height = box
    return x, y, min(1.0, x + width), min(1.0, y + height)
