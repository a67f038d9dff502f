"""The OpenAPI 3.1 document of these endpoints and of nothing else of the host's."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.settings import patched_settings
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from recommender.api.base import ApiView

SCHEMA_SETTINGS: dict[str, Any] = {
    "TITLE": "Attune",
    "VERSION": "1.0.0",
    "DESCRIPTION": "Shoppers say what they want, in words or with a photo; ranked products with true reasons come back.",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    "ENUM_NAME_OVERRIDES": {
        "ModelKindEnum": "recommender.versions.ModelVersion.Kind",
        "ModelStateEnum": "recommender.versions.ModelVersion.State",
    },
}


@lru_cache(maxsize=8)
def openapi() -> dict[str, Any]:
    """The document, made once a process. Its texts are in English: it is for programs and their writers."""
    from recommender.api import urls

    with patched_settings(SCHEMA_SETTINGS):
        generator: Any = SchemaGenerator  # the package has no types
        document: dict[str, Any] = generator(patterns=urls.urlpatterns).get_schema(request=None, public=True)
    return document


class SchemaView(ApiView):
    """The document as JSON."""

    cache_control = "public, max-age=300"
    throttle_scope = "products"

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        return Response(openapi())
