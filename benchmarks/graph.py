"""The product graph at a size: how long it takes to build, to read, and to answer from."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

from benchmarks.clocks import median, percentile, timed
from benchmarks.options import Options
from benchmarks.report import Table
from fusion.graph.baskets import pairs_of
from fusion.graph.build import build_graph
from fusion.graph.parts import Node, NodeKind
from fusion.graph.storage import from_bytes, to_bytes
from fusion.types import Item

COLOURS = ("black", "white", "red", "blue", "green", "grey", "brown", "pink", "yellow", "purple")
SEASONS = ("Summer", "Winter", "Fall", "Spring")
DEPARTMENTS, SHELVES, BRANDS = 12, 10, 200


def run(options: Options) -> list[Table]:
    """One table: a catalogue of 10,000 products in 120 categories, and 40,000 baskets with a taste for a few categories."""
    n_items = options.pick(10_000, 10_000, 300)
    n_baskets, n_asked = options.pick(40_000, 40_000, 600), options.pick(300, 100, 10)
    choice = random.Random(options.seed)
    items = [_item(number, choice) for number in range(n_items)]
    with timed() as counting:
        pairs = pairs_of(_baskets(items, n_baskets, choice))
    build_graph(items[:50])  # the lexicon is read once a process
    with timed() as building:
        graph = build_graph(items, pairs)
    data, sha256 = to_bytes(graph)
    with timed() as reading:
        graph = from_bytes(data, sha256)
        graph.neighbourhood(Node(NodeKind.ITEM, items[0].item_id))
    asked = [item.item_id for item in choice.sample(items, n_asked)]
    known = {item_id for pair in pairs for item_id in (pair.a, pair.b)}
    cold = [item for item in items if item.item_id not in known][:n_asked]
    rows: list[Sequence[str | float]] = [
        ("neighbourhood, depth 2, 30 nodes", *_times(asked, lambda i: graph.neighbourhood(Node(NodeKind.ITEM, i), 2, 30))),
        ("neighbourhood, depth 3, 100 nodes", *_times(asked, lambda i: graph.neighbourhood(Node(NodeKind.ITEM, i), 3, 100))),
        ("complements", *_times(asked, graph.complements)),
        ("complements through the category", *_times([item.item_id for item in cold], graph.complements)),
        (
            "a path to another product",
            *_times(asked, lambda i: graph.path(Node(NodeKind.ITEM, i), Node(NodeKind.ITEM, asked[0]))),
        ),
    ]
    notes = (
        f"{n_items:,} products, {len(graph):,} nodes, {len(graph.edges):,} edges of which {len(pairs):,} pairs; "
        f"{len(data) / 1e6:.1f} MB stored. Counting {n_baskets:,} baskets {counting.cpu:.1f} s of CPU, building "
        f"{building.cpu:.1f} s, reading and the first answer {reading.cpu:.2f} s. {n_asked} products each, one thread.",
    )
    return [
        Table(
            "graph",
            f"The product graph of {n_items:,} products",
            ("answer", "median ms", "p95 ms", "median CPU ms"),
            rows,
            notes,
        )
    ]


def _times(asked: Sequence[str], answer: Callable[[str], object]) -> tuple[float, float, float]:
    spans = []
    for item_id in asked:
        with timed() as span:
            answer(item_id)
        spans.append(span)
    walls = [1000 * span.wall for span in spans]
    return median(walls), percentile(walls, 95), median([1000 * span.cpu for span in spans])


def _item(number: int, choice: random.Random) -> Item:
    department, shelf = number % DEPARTMENTS, (number // DEPARTMENTS) % SHELVES
    return Item(
        f"p{number}",
        f"Product {number}",
        category=(f"Department {department}", f"Shelf {department}-{shelf}"),
        brand=f"Brand {choice.randrange(BRANDS)}",
        attributes={"color": (choice.choice(COLOURS),), "season": (choice.choice(SEASONS),)},
    )


def _baskets(items: Sequence[Item], n: int, choice: random.Random) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each of a shopper of its own: three to eight items of neighbouring categories, popular ones far more often."""
    for number in range(n):
        start = choice.randrange(len(items))
        places = {(start + int(choice.paretovariate(0.6))) % len(items) // 3 * 3 for _ in range(choice.randint(3, 8))}
        yield f"s{number}", tuple(items[place].item_id for place in places)
