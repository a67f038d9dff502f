"""The catalogue, as the plugin serves it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from fusion.types import Item
from recommender.api import payloads
from recommender.api.answers import ProductListSerializer, ProductSerializer, ResultSerializer
from recommender.api.base import ApiView
from recommender.api.docs import CURRENCY, SHARED, VISITOR, problems
from recommender.api.filters import constraints_of, order_of
from recommender.api.requests import ListingQuerySerializer, SimilarQuerySerializer
from recommender.api.tokens import read_place, sign_place
from recommender.exceptions import UnknownItem
from recommender.services.listing import Place, fresh_items, list_products
from recommender.services.serving import similar

SKU = OpenApiParameter(
    "sku", OpenApiTypes.STR, OpenApiParameter.PATH, description="The product's id. It may hold slashes and spaces (%20)."
)
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match", OpenApiTypes.STR, OpenApiParameter.HEADER, description="ETag of an answer before."
)


class ProductsView(ApiView):
    throttle_scope = "products"
    cache_control = "private, no-cache"

    @extend_schema(
        operation_id="listProducts",
        tags=["products"],
        summary="List products",
        responses={200: ProductListSerializer, **problems(422)},
        parameters=[ListingQuerySerializer, CURRENCY, *SHARED],
    )
    def get(self, request: Request) -> Response:
        given = ListingQuerySerializer(data=request.query_params)
        given.is_valid(raise_exception=True)
        asked: dict[str, Any] = given.validated_data
        order = order_of(asked["sort"])
        assert order is not None
        digest, start = _digest(asked), None
        if asked.get("cursor"):
            start = _start(asked["cursor"], digest)
        listing = list_products(constraints_of(_filters(asked), self.who.currency), order, asked["limit"], start)
        language = self.language
        after = None if listing.after is None else sign_place([digest, listing.after.value, listing.after.item_id])
        body = {
            "data": [payloads.product(item, language, self.base) for item in listing.items],
            "page": payloads.page(after),
            "total": {"value": listing.total, "relation": "eq"},
        }
        return Response(body)


class ProductView(ApiView):
    throttle_scope = "products"
    cache_control = "private, no-cache"

    @extend_schema(
        operation_id="getProduct",
        tags=["products"],
        summary="One product",
        responses={
            200: ProductSerializer,
            304: None,
            **problems(404),
        },
        parameters=[SKU, IF_NONE_MATCH, *SHARED],
    )
    def get(self, request: Request, sku: str) -> Response:
        return unless_known(request, payloads.product(visible_item(sku), self.language, self.base))


class SimilarProductsView(ApiView):
    throttle_scope = "recommendations"

    @extend_schema(
        operation_id="similarProducts",
        tags=["products"],
        summary="Products like this one",
        responses={200: ResultSerializer, **problems(404, 422)},
        parameters=[SKU, SimilarQuerySerializer, VISITOR, *SHARED],
    )
    def get(self, request: Request, sku: str) -> Response:
        given = SimilarQuerySerializer(data=request.query_params)
        given.is_valid(raise_exception=True)
        asked: dict[str, Any] = given.validated_data
        served = similar(visible_item(sku).item_id, asked["by"], asked["limit"], self.who, language=self.language)
        body = payloads.result(served, self.who, language=self.language, base=self.base, limit=asked["limit"], explain=False)
        return Response(body)


def unless_known(request: Request, body: Mapping[str, Any]) -> Response:
    """The body with its ETag, or 304 where the caller has it already."""
    text = json.dumps(body, sort_keys=True, ensure_ascii=False)
    etag = f'"{hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]}"'
    unchanged = get_conditional_response(request._request, etag=etag)
    if unchanged is not None and unchanged.status_code == 304:
        return Response(status=304, headers={"ETag": etag})
    return Response(body, headers={"ETag": etag})


def visible_item(sku: str) -> Item:
    """The fresh item. Raises UnknownItem."""
    found = fresh_items([sku]) if sku.isprintable() and len(sku) <= 128 else []
    if not found:
        raise UnknownItem(_('There is no product "%(id)s", or it is not for sale.') % {"id": sku[:128]})
    return found[0]


def _filters(asked: dict[str, Any]) -> dict[str, Any]:
    price = {"gte": asked.get("price_gte"), "lte": asked.get("price_lte"), "currency": asked.get("currency", "")}
    return {
        "price": price,
        "category": asked.get("category", []),
        "brand": asked.get("brand", []),
        "in_stock": asked.get("in_stock", False),
        "attributes": asked.get("attribute", {}),
    }


def _digest(asked: dict[str, Any]) -> str:
    """Of everything but the page: a cursor is only good for the list it came from."""
    rest = {name: value for name, value in asked.items() if name not in ("cursor", "limit")}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _start(cursor: str, digest: str) -> Place:
    made_for, value, item_id = read_place(cursor)
    if made_for != digest:
        message = _("This cursor belongs to a list with other filters or another order.")
        raise ValidationError({"cursor": [message]}, code="invalid_cursor")
    return Place(value, item_id)
