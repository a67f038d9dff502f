"""Query photos."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from fusion.exceptions import InvalidQuery
from recommender.api.base import ApiView
from recommender.api.docs import SHARED, VISITOR, problems
from recommender.api.parsers import PhotoParser
from recommender.api.payloads import timestamp
from recommender.api.people import UploadedImageSerializer
from recommender.api.requests import UploadSerializer
from recommender.services.uploads import delete_photo, store_photo


class ImageUploadView(ApiView):
    parser_classes = (PhotoParser,)
    throttle_scope = "uploads"
    mints_visitor = True

    @extend_schema(
        operation_id="uploadImage",
        tags=["uploads"],
        summary="Upload a photo to ask with",
        description="The photo is turned upright, re-encoded without metadata, kept for a day and seen by its owner only.",
        request={"multipart/form-data": UploadSerializer},
        responses={201: UploadedImageSerializer, **problems(400, 413, 415, 422)},
        parameters=[VISITOR, *SHARED],
    )
    def post(self, request: Request) -> Response:
        given = UploadSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        try:
            photo = store_photo(given.validated_data["file"].read(), self.who)
        except InvalidQuery as error:
            error.pointer = "/file"
            raise
        body = {
            "image_id": photo.pk,
            "width": photo.width,
            "height": photo.height,
            "expires_at": timestamp(photo.expires_at),
        }
        return Response(body, status=201)


class ImageView(ApiView):
    throttle_scope = "uploads"

    @extend_schema(
        operation_id="deleteImage",
        tags=["uploads"],
        summary="Delete an uploaded photo",
        responses={204: None, **problems(404)},
        parameters=[OpenApiParameter("image_id", OpenApiTypes.STR, OpenApiParameter.PATH), VISITOR, *SHARED],
    )
    def delete(self, request: Request, image_id: str) -> Response:
        delete_photo(image_id if image_id.isalnum() else "", self.who)
        return Response(status=204)
