"""A shop in memory with a graph: who buys what is decided by the test."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone

from fusion.types import Item, ItemText
from recommender.facts import to_facts
from recommender.models import Event, IndexedItem

TENT = Item(
    "tent",
    "Dome tent",
    category=("Outdoor", "Tents"),
    brand="Fjord",
    attributes={"season": ("Summer",)},
    stock=5,
    url="/tent/",
    translations={"zh": ItemText("圆顶帐篷")},
)
NEW_TENT = Item("new-tent", "Tunnel tent", category=("Outdoor", "Tents"), brand="Fjord", stock=5)
STOVE = Item("stove", "Gas stove", category=("Outdoor", "Kitchen"), brand="Flamm", stock=5)
MUG = Item("mug", "Steel mug", category=("Outdoor", "Kitchen"), stock=5)
SUIT = Item("suit", "Black suit", category=("Clothes", "Suits"), attributes={"occasion": ("Formal",)}, stock=5)
ITEMS = (TENT, NEW_TENT, STOVE, MUG, SUIT)


def index(items: Sequence[Item]) -> None:
    """What the worker stores of items, without vectors: the graph reads none."""
    IndexedItem.objects.bulk_create(IndexedItem(item_id=item.item_id, facts=to_facts(item)) for item in items)


def buy(*items: str, by: Sequence[str], simulated: bool = False, kind: str = "purchase") -> None:
    """Each of these visitors has the items in one basket."""
    at = timezone.now() - timedelta(hours=1)
    Event.objects.bulk_create(
        Event(kind=kind, item_id=item_id, visitor_id=visitor, occurred_at=at, simulated=simulated)
        for visitor in by
        for item_id in items
    )


def people(n: int, name: str = "v") -> list[str]:
    return [f"{name}{number}" for number in range(n)]
