"""A host without a database: a dict of items. What a shop over a remote API looks like to the plugin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from fusion.types import Item
from recommender.catalog import Catalog


class MemoryCatalog(Catalog):
    """Items live in the class, because settings name a class and each process makes its own instance."""

    items: dict[str, Item] = {}
    failing: set[str] = set()

    def iter_item_ids(self) -> Iterator[str]:
        return iter(list(self.items))

    def get_items(self, item_ids: Sequence[str], *, with_photos: bool = False) -> dict[str, Item]:
        if broken := self.failing & set(item_ids):
            raise RuntimeError(f"price service has no row for {sorted(broken)}")
        found = {item_id: self.items[item_id] for item_id in item_ids if item_id in self.items}
        return found if with_photos else {item_id: replace(item, photos=()) for item_id, item in found.items()}
