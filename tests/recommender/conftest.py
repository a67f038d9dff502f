"""Fixtures for the plugin's tests: a small shop in memory, and photos made on the spot."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

import pytest
from PIL import Image

from fusion.types import Photo
from tests.hosts.memory import MemoryCatalog


@pytest.fixture
def host(settings) -> Iterator[type[MemoryCatalog]]:
    """An empty shop in memory, in place of the demo shop."""
    given = {"CATALOG": "tests.hosts.memory.MemoryCatalog", "MEASURE_COLOURS": False, "CONFIRM_BY_EXPERIMENT": False}
    settings.RECOMMENDER = {**settings.RECOMMENDER, **given}
    MemoryCatalog.items, MemoryCatalog.failing = {}, set()
    yield MemoryCatalog
    MemoryCatalog.items, MemoryCatalog.failing = {}, set()


def photo_bytes(colour: str = "red", size: tuple[int, int] = (80, 60), kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind)
    return out.getvalue()


@pytest.fixture
def make_photo() -> Callable[..., Photo]:
    def make(colour: str = "red", *, ref: str = "", data: bytes | None = None) -> Photo:
        content = photo_bytes(colour) if data is None else data
        return Photo(ref or colour, lambda: content)

    return make
