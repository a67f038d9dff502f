from __future__ import annotations

import numpy as np

from fusion.exclusion import Exclusion
from fusion.graph.build import build_graph
from fusion.graph.parts import EdgeKind, Node, NodeKind, Pair
from fusion.graph.storage import from_bytes, to_bytes
from fusion.types import Constraint, Instruction, Item, Operator, Order, Strength

ITEM = Item("a", "Blue shoe", attributes={"gender": ("Women",), "性别": ("女",), "color": ("Blue",)})


def chip(field: str, *values: str, span: tuple[int, int] | None = None, operator: Operator = Operator.IN) -> Constraint:
    return Constraint(field, operator, values, span=span, strength=Strength.MUST)


def test_an_attribute_is_known_by_every_name_that_shops_give_to_it() -> None:
    exclusion = Exclusion.of(["Sex"])
    assert [name in exclusion for name in ("gender", "Gender", "性别", "target_gender", "color", "")] == [True] * 4 + [
        False
    ] * 2
    assert exclusion.from_item(ITEM).attributes == {"color": ("Blue",)}


def test_without_an_exclusion_everything_stays_the_very_same_object() -> None:
    nothing = Exclusion.of([" "])
    instruction = Instruction(text="x", constraints=(chip("gender", "Women"),))
    assert not nothing
    assert nothing.from_item(ITEM) is ITEM
    assert nothing.from_instruction(instruction) is instruction


def test_chips_and_an_order_over_it_go_and_their_words_are_searched_as_words() -> None:
    instruction = Instruction(
        text="women shoes blue",
        constraints=(chip("gender", "Women", span=(0, 5)), chip("color", "Blue", span=(12, 16))),
        order=Order("gender", descending=False),
        rest="shoes blue",
    )
    left = Exclusion.of(["gender"]).from_instruction(instruction)
    assert [c.field for c in left.constraints] == ["color"]
    assert left.order is None
    assert left.rest == "shoes blue women"


def test_words_that_are_searched_already_are_not_said_twice_and_what_is_not_wanted_is_not_searched() -> None:
    exclusion = Exclusion.of(["gender"])
    said = Instruction(text="women shoes", constraints=(chip("gender", "Women", span=(0, 5)),), rest="women shoes")
    assert exclusion.from_instruction(said).rest == "women shoes"
    avoided = chip("gender", "Women", span=(10, 15), operator=Operator.NOT_IN)
    assert exclusion.from_instruction(Instruction(text="shoes not women", constraints=(avoided,), rest="shoes")).rest == "shoes"


def test_a_graph_loses_the_values_and_keeps_everything_else() -> None:
    items = [
        Item(i, f"thing {i}", category=("Shoes",), attributes={"gender": ("Women",), "color": (c,)})
        for i, c in (("a", "Blue"), ("b", "Red"), ("c", "Red"))
    ]
    graph = build_graph(items, [Pair("a", "c", 5, 2.0, 0.5)])
    left = graph.without_nodes(Exclusion.of(["gender"]).takes)
    assert Node(NodeKind.VALUE, "gender=Women") in graph
    assert len(left) == len(graph) - 1
    assert not any(node.key.startswith("gender=") for node in left.nodes)
    assert {kind: left.count(kind) for kind in EdgeKind if left.count(kind)} == {
        **{kind: graph.count(kind) for kind in EdgeKind if graph.count(kind)},
        EdgeKind.HAS_VALUE: graph.count(EdgeKind.HAS_VALUE) - 3,
    }
    edge = left.edge_between(Node(NodeKind.ITEM, "a"), Node(NodeKind.ITEM, "c"))
    assert edge is not None
    assert (edge.kind, edge.shoppers) == (EdgeKind.BOUGHT_WITH, 5)
    assert left.name_of(Node(NodeKind.VALUE, "color=Red"), "en") == graph.name_of(Node(NodeKind.VALUE, "color=Red"), "en")
    again = from_bytes(*to_bytes(left))
    assert again.nodes == left.nodes
    assert np.array_equal(again.edges.source, left.edges.source)
