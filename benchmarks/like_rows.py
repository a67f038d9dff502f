"""What stands in the rows of a product page, with and without the cut of ``fusion/nearness.py``.

``python -m benchmarks.like_rows`` reads the shop that DATA_DIR holds and stores nothing. For each product: the eight that look
most like it, then of the others the eight that are most like it in all; a row of fewer than three is not shown.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

ROW, LEAST = 8, 3
MOST_PRODUCTS = 300


@dataclass
class Count:
    """Rows, the items in them and how many of those are of the product's own category."""

    rows: int = 0
    items: int = 0
    same: int = 0

    def add(self, row: Sequence[str], category: tuple[str, ...], category_of: Callable[[str], tuple[str, ...]]) -> None:
        self.rows += bool(row)
        self.items += len(row)
        self.same += sum(category_of(item_id) == category for item_id in row)

    @property
    def share(self) -> str:
        return f"{self.same / self.items:.3f}" if self.items else "-"


@dataclass
class Rows:
    look: Count = field(default_factory=Count)
    both: Count = field(default_factory=Count)
    without: int = 0


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    import django

    django.setup()
    from recommender.engine import get_engine

    get_engine().refresh()
    collection = get_engine().pipeline.collection
    ids = [i for i in collection.ids() if (item := collection.item(i)) is not None and item.category and item.in_stock]
    ids = ids[:: max(1, len(ids) // MOST_PRODUCTS)][:MOST_PRODUCTS]
    print(
        f"| {len(ids)} products | looks-like rows | items | same category | more-like rows | items | same category | no row |"
    )
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for near, name in ((False, "before"), (True, "with the cut")):
        print(_line(name, _rows(ids, near)))


def _rows(ids: Sequence[str], near: bool) -> Rows:
    from recommender.engine import get_engine

    collection = get_engine().pipeline.collection

    def category_of(item_id: str) -> tuple[str, ...]:
        item = collection.item(item_id)
        return item.category if item else ()

    found = Rows()
    for item_id in ids:
        look = _row(item_id, "look", near, ())
        both = _row(item_id, "both", near, look)
        found.look.add(look, category_of(item_id), category_of)
        found.both.add(both, category_of(item_id), category_of)
        found.without += not (look or both)
    return found


def _row(item_id: str, by: str, near: bool, taken: Sequence[str]) -> list[str]:
    from recommender.catalog import Shopper
    from recommender.engine import get_engine
    from recommender.services.requests import build_query
    from recommender.services.serving import SIMILAR_BLOCKS, RecommendationRequest

    request = RecommendationRequest(liked=(item_id,), seed_blocks=SIMILAR_BLOCKS[by], limit=ROW + len(taken), near=near)
    query = replace(build_query(request, Shopper(use_history=False)), explain_depth=0)
    answer = get_engine().pipeline.recommend(query)
    speaks = [r.item.item_id for r in answer.items if sum(t.contribution for t in r.terms if t.source == "liked") > 0]
    row = [i for i in speaks if i not in taken][:ROW]
    return row if len(row) >= LEAST else []


def _line(name: str, found: Rows) -> str:
    counts = [f"{c.rows} | {c.items} | {c.share}" for c in (found.look, found.both)]
    return f"| {name} | {' | '.join(counts)} | {found.without} |"


if __name__ == "__main__":
    main()
