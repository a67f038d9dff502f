"""A catalogue's items and the pairs of its baskets -> one graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from fusion.columns import category_names
from fusion.graph.parts import EdgeKind, Node, NodeKind, Pair
from fusion.graph.product_graph import EdgeTable, ProductGraph
from fusion.instructions.catalogue_values import CatalogueValues, read_catalogue
from fusion.instructions.hints import situation_name, situations
from fusion.instructions.labels import field_name, value_name
from fusion.instructions.lexicon import load_list, role_of
from fusion.types import Item, Vocabulary

LANGUAGES = ("en", "zh")
# A field with more values than this share of its items holds free text or numbers of models: no two items meet there.
MAX_VARIETY = 0.5


class _Edges:
    """Edges while they are collected; nodes get their numbers as they are met."""

    def __init__(self) -> None:
        self.numbers: dict[Node, int] = {}
        self.rows: dict[tuple[int, int, EdgeKind], tuple[float, int, float, bool]] = {}

    def number(self, node: Node) -> int:
        return self.numbers.setdefault(node, len(self.numbers))

    def add(self, source: Node, target: Node, kind: EdgeKind, pair: Pair | None = None) -> None:
        about = (pair.strength, pair.shoppers, pair.lift, pair.simulated) if pair else (1.0, 0, 0.0, False)
        self.rows.setdefault((self.number(source), self.number(target), kind), about)

    def table(self) -> EdgeTable:
        ends, about = list(self.rows), list(self.rows.values())
        return EdgeTable(
            source=np.asarray([row[0] for row in ends], np.int32),
            target=np.asarray([row[1] for row in ends], np.int32),
            kind=np.asarray([row[2] for row in ends], np.uint8),
            weight=np.asarray([row[0] for row in about], np.float32),
            shoppers=np.asarray([row[1] for row in about], np.int32),
            lift=np.asarray([row[2] for row in about], np.float32),
            simulated=np.asarray([row[3] for row in about], np.uint8),
        )


def build_graph(items: Sequence[Item], pairs: Iterable[Pair] = ()) -> ProductGraph:
    """The graph of a catalogue. A pair of which an item is not in the catalogue is left out.

    Args:
        pairs: where two of them join the same items, the first one counts.
    """
    edges = _Edges()
    for item in items:
        edges.number(Node(NodeKind.ITEM, item.item_id))
    fields = _telling_fields(items)
    for item in items:
        _add_item(edges, item, fields)
    values = read_catalogue(_vocabulary(items, fields))
    _add_situations(edges, values)
    known = {item.item_id for item in items}
    for pair in pairs:
        if pair.a in known and pair.b in known and pair.a != pair.b:
            edges.add(Node(NodeKind.ITEM, pair.a), Node(NodeKind.ITEM, pair.b), EdgeKind.BOUGHT_WITH, pair)
    nodes = list(edges.numbers)
    return ProductGraph(nodes, edges.table(), {code: [_name(node, values, code) for node in nodes] for code in LANGUAGES})


def _telling_fields(items: Sequence[Item]) -> set[str]:
    """Attributes that several items share the values of."""
    having: Counter[str] = Counter()
    seen: dict[str, set[str]] = {}
    for item in items:
        for field, given in item.attributes.items():
            having[field] += 1
            seen.setdefault(field, set()).update(given)
    ignored = load_list("ignored_fields")
    return {
        field
        for field, values in seen.items()
        if role_of(field) not in ignored and len(values) <= max(12, MAX_VARIETY * having[field])
    }


def _add_item(edges: _Edges, item: Item, fields: set[str]) -> None:
    node = Node(NodeKind.ITEM, item.item_id)
    levels = [Node(NodeKind.CATEGORY, "/".join(item.category[: n + 1])) for n in range(len(item.category))]
    if levels:
        edges.add(node, levels[-1], EdgeKind.IN_CATEGORY)
    for above, below in pairwise(levels):
        edges.add(below, above, EdgeKind.PARENT)
    if item.brand:
        edges.add(node, Node(NodeKind.BRAND, item.brand), EdgeKind.OF_BRAND)
    for field in sorted(fields & set(item.attributes)):
        for value in item.attributes[field]:
            if value:
                edges.add(node, value_node(field, value), EdgeKind.HAS_VALUE)


def value_node(field: str, value: str) -> Node:
    return Node(NodeKind.VALUE, f"{field}={value}")


def _vocabulary(items: Sequence[Item], fields: set[str]) -> Vocabulary:
    values: dict[str, Counter[str]] = {"category": Counter(), "brand": Counter(), **{field: Counter() for field in fields}}
    for item in items:
        values["category"].update(["/".join(item.category)] if item.category else [])
        values["brand"].update([item.brand] if item.brand else [])
        for field in fields & set(item.attributes):
            values[field].update(item.attributes[field])
    return Vocabulary({field: dict(counted) for field, counted in values.items()}, names=category_names(items))


def _add_situations(edges: _Edges, values: CatalogueValues) -> None:
    """Occasions of the hint table and the values and categories of this catalogue that suit them."""
    for name, links in situations(values):
        for link in links:
            for value in link.values:
                node = Node(NodeKind.CATEGORY, value) if link.field == "category" else value_node(link.field, value)
                if node in edges.numbers:
                    edges.add(Node(NodeKind.OCCASION, name), node, EdgeKind.SUITED)


def _name(node: Node, values: CatalogueValues, language: str) -> str:
    match node.kind:
        case NodeKind.ITEM:
            return ""
        case NodeKind.OCCASION:
            return situation_name(node.key, language)
        case NodeKind.VALUE:
            field, _, value = node.key.partition("=")
            colon = "：" if language == "zh" else ": "
            return f"{field_name(field, language)}{colon}{value_name(values, field, value, language)}"
    field = "category" if node.kind is NodeKind.CATEGORY else "brand"
    return value_name(values, field, node.key, language)
