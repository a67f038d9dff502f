"""The product graph that this process serves from: read from its row when a worker stored a newer one, never built here."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.signals import setting_changed

from fusion.exceptions import FusionError
from fusion.graph.product_graph import ProductGraph
from fusion.graph.storage import from_bytes
from recommender.models import Artefact

logger = logging.getLogger(__name__)

KIND = "graph"


@dataclass(frozen=True, slots=True)
class ServedGraph:
    """A graph and what is known of it."""

    graph: ProductGraph
    version: int
    built_at: datetime


_held: ServedGraph | None = None
_refused = 0
_lock = threading.Lock()


def current_graph() -> ServedGraph | None:
    """The newest graph, None while there is none. One small query; the graph itself is read when its version changed.

    Data that are not what was written are refused, which the log says; what this process held before goes on serving.
    """
    global _held, _refused
    newest = Artefact.objects.filter(kind=KIND).values_list("version", flat=True).first()
    if newest is None:
        _held = None
        return None
    held = _held
    if held is not None and held.version == newest:
        return held
    with _lock:
        if newest != _refused and (_held is None or _held.version != newest):
            row = Artefact.objects.get(kind=KIND)
            try:
                _held = ServedGraph(from_bytes(bytes(row.data), row.sha256), row.version, row.built_at)
            except (FusionError, ValueError, KeyError, TypeError) as error:
                _refused = newest
                logger.error("event=graph_refused version=%d error=%r", row.version, error)
        return _held


def forget_graph(**_: Any) -> None:
    """Have the next call read the row again (the tables were replaced, or a test)."""
    global _held, _refused
    _held, _refused = None, 0


def _forget(*, setting: str, **_: Any) -> None:
    if setting == "RECOMMENDER":
        forget_graph()


setting_changed.connect(_forget, dispatch_uid="recommender.graph")
