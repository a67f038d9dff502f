"""A product's neighbourhood in the product graph."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from fusion.graph.parts import Edge, EdgeKind
from fusion.graph.wording import edge_kind_name, node_kind_name
from recommender.api.answers import ProductGraphSerializer
from recommender.api.base import ApiView
from recommender.api.docs import SHARED, problems
from recommender.api.payloads import timestamp, whole
from recommender.api.requests import GraphQuerySerializer
from recommender.api.views.products import SKU, visible_item
from recommender.services.relations import RelatedNode, rounded_lift, surroundings, weight_of


class ProductGraphView(ApiView):
    throttle_scope = "products"
    cache_control = "private, no-cache"

    @extend_schema(
        operation_id="productGraph",
        tags=["products"],
        summary="What a product has to do with others",
        description="Its categories, brand and attribute values, the occasions these suit, and what was bought with it.",
        responses={200: ProductGraphSerializer, **problems(404, 422)},
        parameters=[SKU, GraphQuerySerializer, *SHARED],
    )
    def get(self, request: Request, sku: str) -> Response:
        given = GraphQuerySerializer(data=request.query_params)
        given.is_valid(raise_exception=True)
        language = self.language or "en"
        found = surroundings(visible_item(sku), given.validated_data["depth"], given.validated_data["limit"], language)
        body = {
            "product_id": found.nodes[0].node.key,
            "built_at": timestamp(found.built_at) if found.built_at else None,
            "nodes": [_node(related, language, self.base) for related in found.nodes],
            "edges": [_edge(edge, language) for edge in found.edges],
            "degraded": [] if found.built_at else ["graph"],
        }
        return Response(body)


def _node(related: RelatedNode, language: str, base: str) -> dict[str, Any]:
    return {
        "id": related.node.id,
        "kind": related.node.kind.label,
        "kind_label": node_kind_name(related.node.kind, language),
        "label": related.label,
        "product_id": related.item.item_id if related.item else None,
        "url": whole(related.item.url, base) if related.item else None,
        "closeness": round(related.closeness, 4),
        "depth": related.depth,
    }


def _edge(edge: Edge, language: str) -> dict[str, Any]:
    bought = edge.kind is EdgeKind.BOUGHT_WITH
    return {
        "source": edge.source.id,
        "target": edge.target.id,
        "kind": edge.kind.label,
        "label": edge_kind_name(edge.kind, language),
        "weight": weight_of(edge),
        "lift": rounded_lift(edge.lift) if bought else None,
        "shoppers_at_least": edge.shoppers if bought else None,
        "simulated": edge.simulated,
    }
