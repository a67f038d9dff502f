"""For load balancers and operators: is it alive, is it ready, which version is it."""

from __future__ import annotations

import time
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from django.db import DatabaseError, connection
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from recommender.api.base import ApiView
from recommender.api.state import LivenessSerializer, ReadinessSerializer, VersionSerializer
from recommender.catalog import Shopper
from recommender.conf import get_settings
from recommender.engine import Readiness, get_engine
from recommender.guard import name_of
from recommender.selectors import Coverage, coverage

API_VERSION = "1.0"
COVERAGE_SECONDS = 5


class _HealthView(ApiView):
    """No visitor, no session, no throttle: a probe must not depend on what it probes."""

    authentication_classes = ()
    throttle_classes = ()
    cache_control = "no-store"

    def _shopper_of(self, request: Request) -> Shopper:
        return Shopper()


class LivenessView(_HealthView):
    @extend_schema(operation_id="livez", tags=["health"], summary="The process answers", responses=LivenessSerializer)
    def get(self, request: Request) -> Response:
        return Response({"alive": True})


class ReadinessView(_HealthView):
    @extend_schema(
        operation_id="readyz",
        tags=["health"],
        summary="The models answered a probe, the index is read, the database is there",
        responses={200: ReadinessSerializer, 503: ReadinessSerializer},
    )
    def get(self, request: Request) -> Response:
        state = _state()
        database, counts = _database()
        ready = state.ready and database == "ok"
        headers = {} if ready else {"Retry-After": "2"}
        response = Response(_body(state, ready, database, counts), status=200 if ready else 503, headers=headers)
        response._has_been_logged = True  # type: ignore[attr-defined]  # red at the start is no error worth a line a second
        return response


class VersionView(_HealthView):
    @extend_schema(operation_id="version", tags=["health"], summary="Which version runs", responses=VersionSerializer)
    def get(self, request: Request) -> Response:
        return Response({"name": "attune", "version": package_version(), "api": API_VERSION})


def package_version() -> str:
    """Of the installed distribution; "unpackaged" when the code runs from a checkout."""
    try:
        return version("django-attune")
    except PackageNotFoundError:
        return "unpackaged"


def _state() -> Readiness:
    """How far this process is. In a host that starts no warm-up of its own, the first question starts it."""
    engine = get_engine()
    state = engine.ready()
    if not state.models and get_settings().WARM_UP:
        engine.warm_up(background=True)
    return state


@lru_cache(maxsize=1)
def coverage_in(window: int) -> Coverage:
    """Counts of one window of COVERAGE_SECONDS: a probe that asks every second must not count the catalogue every second."""
    return coverage()


def _database() -> tuple[str, Coverage | None]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return "ok", coverage_in(int(time.monotonic() // COVERAGE_SECONDS))
    except DatabaseError as error:
        return f"{type(error).__name__}", None


def _body(state: Readiness, ready: bool, database: str, counts: Coverage | None) -> dict[str, Any]:
    text_model, image_model = _models(state)
    return {
        "ready": ready,
        "db": database,
        "queue": {
            "waiting": counts.stale if counts else None,
            "oldest_seconds": round(counts.oldest_stale_seconds, 1) if counts else None,
            "workers": counts.workers if counts else None,
            "failures": counts.failures if counts else None,
        },
        "text_model": text_model,
        "image_model": image_model,
        "index": {
            "revision": state.revision,
            "items": state.items,
            "coverage": {block.block: round(block.share, 4) for block in counts.blocks} if counts else {},
        },
        "degraded": [*state.degraded, *_empty_blocks(counts)],
    }


def _empty_blocks(counts: Coverage | None) -> list[str]:
    """Blocks that no item has although it should: the model was changed and nothing is embedded with the new one yet."""
    return [f"{block.block}: no vectors" for block in counts.blocks if block.expected and not block.embedded] if counts else []


def _models(state: Readiness) -> tuple[str, str]:
    """What the encoders that read texts and photos said: "ok", "loading", or what went wrong."""
    said: dict[str, set[str]] = {"text": set(), "photo": set()}
    for encoder in get_engine().encoders:
        for spec in encoder.blocks:
            said[spec.modality].add(state.models.get(name_of(encoder), "not loaded"))
    missing = next((reason for name, reason in state.models.items() if name in state.degraded), "none")
    return _worst(said["text"], missing), _worst(said["photo"], missing)


def _worst(states: set[str], missing: str) -> str:
    faults = sorted(states - {"ok"})
    return faults[0] if faults else ("ok" if states else missing)
