"""Building the product graph: the catalogue's facts and the baskets of the events, into one row that is replaced at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Case, F, Value, When
from django.db.models.functions import Concat
from django.utils import timezone

from fusion.exceptions import FusionError
from fusion.exclusion import Exclusion
from fusion.graph.baskets import MIN_SHOPPERS, Purchase, baskets_of, pairs_of
from fusion.graph.build import build_graph
from fusion.graph.parts import EdgeKind, Pair
from fusion.graph.storage import from_bytes, to_bytes
from fusion.types import Item
from recommender.conf import get_settings
from recommender.control import current_exclusion
from recommender.facts import from_facts
from recommender.graph import KIND
from recommender.models import Artefact, Event, IndexedItem


@dataclass(frozen=True, slots=True)
class GraphReport:
    """What a build found. ``simulated_pairs`` of the pairs rest on made-up shoppers."""

    version: int
    items: int
    nodes: int
    edges: int
    pairs: int
    simulated_pairs: int
    bytes: int

    @property
    def summary(self) -> str:
        said = f"{self.items} items, {self.nodes} nodes, {self.edges} edges, {self.pairs} pairs bought together"
        return f"{said}, {self.simulated_pairs} of them by simulated shoppers" if self.simulated_pairs else said


def rebuild() -> GraphReport:
    """Build the graph anew from what is stored now, and let every process serve from it with its next answer.

    Everything is counted again, so what a shopper did who was erased meanwhile is in nothing that is left.
    """
    items = list(_items())
    graph = build_graph(items, bought_together())
    data, sha256 = to_bytes(graph)
    pairs = graph.edges.kind == EdgeKind.BOUGHT_WITH
    simulated = int((pairs & (graph.edges.simulated > 0)).sum())
    about = {"items": len(items), "pairs": int(pairs.sum()), "simulated_pairs": simulated}
    version = _store(data, sha256, about)
    return GraphReport(version, len(items), len(graph), len(graph.edges), int(pairs.sum()), simulated, len(data))


def withdraw_pairs() -> bool:
    """Take everything that rests on shoppers out of the stored graph at once; whether there was any.

    The catalogue's part goes on serving, and the next build knows whose events are left.
    """
    row = Artefact.objects.filter(kind=KIND).first()
    if row is None or not row.about.get("pairs"):
        return False
    try:
        graph = from_bytes(bytes(row.data), row.sha256).without(EdgeKind.BOUGHT_WITH)
    except FusionError:  # nobody serves damaged data, and nobody shall keep them
        row.delete()
        return True
    _store(*to_bytes(graph), {**row.about, "pairs": 0, "simulated_pairs": 0})
    return True


def withdraw_values(exclusion: Exclusion) -> bool:
    """Take the values of excluded attributes out of the stored graph at once; whether there were any."""
    row = Artefact.objects.filter(kind=KIND).first()
    if row is None:
        return False
    try:
        graph = from_bytes(bytes(row.data), row.sha256)
    except FusionError:  # nobody serves damaged data; the next build replaces them
        return False
    if not any(exclusion.takes(node) for node in graph.nodes):
        return False
    _store(*to_bytes(graph.without_nodes(exclusion.takes)), row.about)
    return True


def bought_together() -> list[Pair]:
    """Pairs of real shoppers, then those of simulated ones. No setting lets fewer than MIN_SHOPPERS make a pair.

    The two are counted apart: made-up shoppers must not help four real ones over the floor.
    """
    least = max(MIN_SHOPPERS, get_settings().BEHAVIOUR_MIN_SHOPPERS)
    real = pairs_of(baskets_of(_purchases(simulated=False)), least)
    return [*real, *pairs_of(baskets_of(_purchases(simulated=True)), least, simulated=True)]


def _purchases(*, simulated: bool) -> Iterator[Purchase]:
    """Of everybody who has an id, shopper by shopper, oldest first."""
    shopper = Case(
        When(user_id="", then=Concat(Value("visitor:"), F("visitor_id"))), default=Concat(Value("user:"), F("user_id"))
    )
    rows = (
        Event.objects.filter(kind__in=(Event.Kind.PURCHASE, Event.Kind.RETURN), simulated=simulated)
        .exclude(user_id="", visitor_id="")
        .annotate(shopper=shopper)
        .order_by("shopper", "occurred_at", "id")
        .values_list("shopper", "item_id", "occurred_at", "kind")
    )
    for name, item_id, at, kind in rows.iterator(chunk_size=5000):
        yield Purchase(name, item_id, at, kind == Event.Kind.RETURN)


def _items() -> Iterator[Item]:
    rows = IndexedItem.objects.filter(removed=False).order_by("item_id").values_list("item_id", "facts")
    exclusion = current_exclusion()
    return (exclusion.from_item(from_facts(item_id, facts)) for item_id, facts in rows.iterator(chunk_size=1000))


@transaction.atomic
def _store(data: bytes, sha256: str, about: dict[str, int]) -> int:
    now = timezone.now()
    made = {"sha256": sha256, "data": data, "about": about, "built_at": now}
    row, new = Artefact.objects.select_for_update().get_or_create(kind=KIND, defaults=made)
    if not new:
        Artefact.objects.filter(kind=KIND).update(version=F("version") + 1, **made)
        row.refresh_from_db(fields=["version"])
    return row.version
