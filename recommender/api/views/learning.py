"""Learnt versions and people's hand on learning, for staff: the same rights as in the admin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.permissions import BasePermission, IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from recommender.api.base import ApiView
from recommender.api.docs import SHARED, problems
from recommender.api.learning import (
    ComparisonQuerySerializer,
    ComparisonSerializer,
    ControlChangeSerializer,
    ControlSerializer,
    GivenReasonSerializer,
    ModelChangeSerializer,
    ModelVersionDetailSerializer,
    ModelVersionListSerializer,
    PromotionSerializer,
    RollbackSerializer,
    VersionsQuerySerializer,
    change_payload,
    comparison_payload,
    control_payload,
    detail_payload,
    version_payload,
)
from recommender.api.payloads import timestamp
from recommender.control import current_control
from recommender.models import ModelVersion
from recommender.services import comparison, control, switching, versions

VERSION = OpenApiParameter("version_id", OpenApiTypes.INT, OpenApiParameter.PATH, description="The version's number.")
_VIEW, _CHANGE = "recommender.view_modelversion", "recommender.change_modelversion"


class StaffView(ApiView):
    """For signed-in staff; what each handler needs beyond that is the admin's permission of the same name."""

    throttle_scope = "admin"
    permission_classes: Sequence[type[BasePermission]] = (IsAdminUser,)

    def need(self, permission: str) -> None:
        """Raises PermissionDenied when this member of staff has no such right."""
        if not self.request.user.has_perm(permission):
            raise PermissionDenied

    @property
    def by(self) -> str:
        return self.request.user.get_username()[:150]

    def given(self, serializer_class: type[Serializer[Any]], data: Any) -> dict[str, Any]:
        serializer = serializer_class(data=data)
        serializer.is_valid(raise_exception=True)
        validated: dict[str, Any] = serializer.validated_data
        return validated


class ModelVersionsView(StaffView):
    @extend_schema(
        operation_id="listModelVersions",
        tags=["learning"],
        summary="List learnt versions, newest first, and what is in force",
        responses={200: ModelVersionListSerializer, **problems(422)},
        parameters=[VersionsQuerySerializer, *SHARED],
    )
    def get(self, request: Request) -> Response:
        self.need(_VIEW)
        asked = self.given(VersionsQuerySerializer, request.query_params)
        rows = ModelVersion.objects.defer("data").order_by("-pk")
        rows = rows.filter(**{name: asked[name] for name in ("kind", "state") if name in asked})
        if "before" in asked:
            rows = rows.filter(pk__lt=asked["before"])
        page = list(rows[: asked["limit"] + 1])
        shown = page[: asked["limit"]]
        live = {kind: versions.live(kind) for kind in ModelVersion.Kind.values}
        body = {
            "items": [version_payload(row) for row in shown],
            "next_before": shown[-1].pk if len(page) > len(shown) else None,
            "in_force": {kind: row.pk if row else None for kind, row in live.items()},
            "as_of": timestamp(timezone.now()),
        }
        return Response(body)


class ModelVersionView(StaffView):
    @extend_schema(
        operation_id="getModelVersion",
        tags=["learning"],
        summary="One learnt version: what was measured, what it saw, what speaks against it",
        responses={200: ModelVersionDetailSerializer, **problems(404)},
        parameters=[VERSION, *SHARED],
    )
    def get(self, request: Request, version_id: int) -> Response:
        self.need(_VIEW)
        return Response({**detail_payload(_version(version_id)), "as_of": timestamp(timezone.now())})


class ModelComparisonView(StaffView):
    @extend_schema(
        operation_id="compareModelVersions",
        tags=["learning"],
        summary="Two versions side by side, and how requests would rank under each",
        description="Nobody's history is used and nothing is stored. Shoppers' newest requests need the right to see answers.",
        responses={200: ComparisonSerializer, **problems(422)},
        parameters=[ComparisonQuerySerializer, *SHARED],
    )
    def get(self, request: Request) -> Response:
        self.need(_VIEW)
        asked = self.given(ComparisonQuerySerializer, request.query_params)
        left, right = (ModelVersion.objects.filter(pk=asked[side]).first() for side in ("left", "right"))
        kind = next(row.kind for row in (left, right) if row)
        texts = [asked["text"]] if asked.get("text") else []
        if not texts:
            self.need("recommender.view_recommendation")
        return Response(comparison_payload(comparison.compare(kind, left, right, texts, self.language)))


class PromotionView(StaffView):
    @extend_schema(
        operation_id="promoteModelVersion",
        tags=["learning"],
        summary="Put a version in force in every process",
        description="Refused with 409 when something speaks against it; errors says what, by code.",
        request=PromotionSerializer,
        responses={200: ModelChangeSerializer, **problems(400, 404, 409, 415, 422)},
        parameters=[VERSION, *SHARED],
    )
    def post(self, request: Request, version_id: int) -> Response:
        self.need(_CHANGE)
        row, given = _version(version_id), self.given(PromotionSerializer, request.data)
        return Response(change_payload(switching.promote(row, self.by, given["reason"], force=given["force"])))


class RejectionView(StaffView):
    @extend_schema(
        operation_id="rejectModelVersion",
        tags=["learning"],
        summary="Never put a version in force",
        request=GivenReasonSerializer,
        responses={200: ModelChangeSerializer, **problems(400, 404, 409, 415, 422)},
        parameters=[VERSION, *SHARED],
    )
    def post(self, request: Request, version_id: int) -> Response:
        self.need(_CHANGE)
        row, given = _version(version_id), self.given(GivenReasonSerializer, request.data)
        return Response(change_payload(versions.reject(row, self.by, given["reason"])))


class RollbackView(StaffView):
    @extend_schema(
        operation_id="rollBackModels",
        tags=["learning"],
        summary="Put what was live before back in force",
        request=RollbackSerializer,
        responses={200: ModelChangeSerializer, **problems(400, 409, 415, 422)},
        parameters=[*SHARED],
    )
    def post(self, request: Request) -> Response:
        self.need(_CHANGE)
        given = self.given(RollbackSerializer, request.data)
        return Response(change_payload(switching.roll_back(given["kind"], self.by, given["reason"])))


class LearningControlView(StaffView):
    @extend_schema(
        operation_id="getLearningControl",
        tags=["learning"],
        summary="What learning may do",
        responses={200: ControlSerializer, **problems()},
        parameters=[*SHARED],
    )
    def get(self, request: Request) -> Response:
        self.need("recommender.view_learningcontrol")
        return Response(_control_body())

    @extend_schema(
        operation_id="changeLearningControl",
        tags=["learning"],
        summary="Freeze learning, cap exploration, exclude attributes",
        description="What is left out stays as it is. All or nothing; every process follows with its next request.",
        request=ControlChangeSerializer,
        responses={200: ControlSerializer, **problems(400, 415, 422)},
        parameters=[*SHARED],
    )
    def patch(self, request: Request) -> Response:
        self.need("recommender.change_learningcontrol")
        given = self.given(ControlChangeSerializer, request.data)
        reason = given["reason"]
        with transaction.atomic():
            if "frozen" in given:
                (control.freeze if given["frozen"] else control.unfreeze)(self.by, reason)
            if "exploration_cap" in given:
                control.cap_exploration(given["exploration_cap"], self.by, reason)
            if "excluded_attributes" in given:
                self._exclude(given["excluded_attributes"], reason)
        return Response(_control_body())

    def _exclude(self, names: list[str], reason: str) -> None:
        try:
            control.exclude_attributes(names, self.by, reason)
        except ValueError as error:
            raise ValidationError({"excluded_attributes": [str(error)]}, code="not_an_attribute") from error


def _control_body() -> dict[str, Any]:
    return {**control_payload(current_control()), "as_of": timestamp(timezone.now())}


def _version(pk: int) -> ModelVersion:
    row = ModelVersion.objects.filter(pk=pk).first() if pk < 1 << 63 else None
    if row is None:
        raise NotFound(_("There is no model version %(id)s.") % {"id": pk})
    return row
