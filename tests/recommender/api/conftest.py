"""A small shop in memory, embedded for real by small encoders, behind the API."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from fusion.types import Item, ItemText, Money
from recommender.api.views.health import coverage_in
from recommender.encoders import set_encoders
from recommender.engine import reset_engine
from recommender.services.indexing import drain, mark_stale
from tests.encoders import HashedWords, MeanColours

NOW = datetime(2026, 11, 1, tzinfo=UTC)
SLASHED = "4058NB/09 b"
EXAMPLE = "4058NB/09"


def shop_items(make_photo: Callable[..., Any]) -> list[Item]:
    """Forty lamps and chairs in four colours and five prices; two are sold out, one has no price, one an odd sku."""
    colours = ("red", "blue", "green", "black")
    items = []
    for n in range(40):
        colour, kind = colours[n % 4], ("lamp", "chair")[n % 2]
        items.append(
            Item(
                f"sku-{n:02d}",
                f"{colour.title()} {kind} {n}",
                f"A {colour} {kind} for the living room.",
                category=("Home", "Lighting" if kind == "lamp" else "Seating"),
                brand=("Acme", "Birch")[n % 3 == 0],
                price=Money(1000 + 500 * (n % 5), "USD"),
                stock=0 if n in (6, 7) else 5,
                attributes={"color": (colour,)},
                translations={"zh": ItemText(f"{colour} 灯 {n}", "客厅用")},
                photos=(make_photo(colour),),
                url=f"/p/{n}/",
                created_at=NOW - timedelta(days=n // 2),
                image_url=f"/media/{n}.jpg",
            )
        )
    items[3] = replace(items[3], price=None)
    items += [Item(sku, "Odd wardrobe", "A wardrobe.", price=Money(99900, "USD")) for sku in (SLASHED, EXAMPLE)]
    return items


@pytest.fixture
def shop(db, host, make_photo, settings, tmp_path) -> Iterator[Any]:
    """The embedded shop; ``shop.items`` is what the host says now."""
    settings.RECOMMENDER = {**settings.RECOMMENDER, "WARM_UP": False}
    settings.MEDIA_ROOT = tmp_path
    cache.clear()
    coverage_in.cache_clear()
    set_encoders([HashedWords(), MeanColours()])
    reset_engine()
    host.items = {item.item_id: item for item in shop_items(make_photo)}
    mark_stale(list(host.items))
    drain(encoders=[HashedWords(), MeanColours()])
    yield host
    set_encoders(None)
    reset_engine()
    cache.clear()


class Api:
    """A client of the API: JSON in, JSON out, one visitor."""

    def __init__(self, token: str = "", user: Any = None) -> None:
        self.client = Client(raise_request_exception=False)
        self.token = token
        if user is not None:
            self.client.force_login(user)

    def headers(self, given: dict[str, str] | None) -> dict[str, str]:
        return {**({"X-Visitor-Token": self.token} if self.token else {}), **(given or {})}

    def get(self, path: str, headers: dict[str, str] | None = None, **params: Any) -> Any:
        return self.client.get(path, params, headers=self.headers(headers))

    def post(self, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        text = body if isinstance(body, (str, bytes)) else json.dumps({} if body is None else body)
        return self.client.post(path, text, content_type="application/json", headers=self.headers(headers))

    def upload(self, data: bytes, name: str = "photo.png") -> Any:
        from django.core.files.uploadedfile import SimpleUploadedFile

        file = SimpleUploadedFile(name, data)
        return self.client.post("/api/v1/uploads/images", {"file": file}, headers=self.headers(None))

    def patch(self, path: str, body: Any) -> Any:
        return self.client.patch(path, json.dumps(body), content_type="application/json", headers=self.headers(None))

    def delete(self, path: str) -> Any:
        return self.client.delete(path, headers=self.headers(None))

    def ask(self, text: str = "", **body: Any) -> Any:
        response = self.post("/api/v1/recommendations", {"query": {"text": text}, **body} if text else body)
        assert response.status_code == 200, response.content
        return response.json()


def new_api() -> Api:
    """A client with a visitor of its own."""
    created = Api().post("/api/v1/visitors")
    assert created.status_code == 201, created.content
    return Api(created.json()["visitor_token"])


@pytest.fixture
def api(shop) -> Api:
    return new_api()


@pytest.fixture
def stranger(shop) -> Api:
    """Someone else."""
    return new_api()


def skus(result: dict[str, Any]) -> list[str]:
    return [entry["product"]["sku"] for entry in result["items"]]
