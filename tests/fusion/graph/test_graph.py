"""fusion.graph: built from a small camping shop, asked for neighbours, complements and paths."""

from __future__ import annotations

import numpy as np
import pytest

from fusion.exceptions import ChecksumMismatch
from fusion.graph.build import build_graph, value_node
from fusion.graph.pagerank import by_rows, personalised_pagerank
from fusion.graph.parts import EdgeKind, Node, NodeKind, Pair
from fusion.graph.product_graph import ProductGraph
from fusion.graph.storage import from_bytes, to_bytes
from fusion.graph.wording import complement_reason, edge_kind_name, node_kind_name, nodes_along, path_reason
from fusion.types import Item


def item(item_id: str, *category: str, brand: str = "", **attributes: str) -> Item:
    return Item(item_id, item_id.title(), category=category, brand=brand, attributes={k: (v,) for k, v in attributes.items()})


ITEMS = [
    item("tent", "Outdoor", "Tents", brand="Fjord", season="Summer", color="green"),
    item("new tent", "Outdoor", "Tents", brand="Fjord", season="Summer", color="red"),
    item("big tent", "Outdoor", "Tents", brand="Alto", color="green"),
    item("stove", "Outdoor", "Kitchen", brand="Flamm", season="Summer", color="black"),
    item("mug", "Outdoor", "Kitchen", brand="Flamm", color="red"),
    item("suit", "Clothes", "Suits", brand="Lin", occasion="Formal", color="black"),
]
PAIRS = [Pair("stove", "tent", 10, 4.0, 2.0), Pair("mug", "tent", 5, 2.0, 1.0), Pair("big tent", "stove", 5, 1.5, 0.5)]


def node(item_id: str) -> Node:
    return Node(NodeKind.ITEM, item_id)


@pytest.fixture(scope="module")
def graph() -> ProductGraph:
    return build_graph(ITEMS, PAIRS)


def edges(graph: ProductGraph, kind: EdgeKind) -> set[tuple[str, str]]:
    table = graph.edges
    return {
        (graph.nodes[s].key, graph.nodes[t].key)
        for s, t, k in zip(table.source, table.target, table.kind, strict=True)
        if k == kind
    }


def test_the_catalogue_gives_categories_brands_values_and_occasions(graph):
    assert edges(graph, EdgeKind.PARENT) == {
        ("Outdoor/Tents", "Outdoor"), ("Outdoor/Kitchen", "Outdoor"), ("Clothes/Suits", "Clothes"),
    }  # fmt: skip
    assert ("tent", "Outdoor/Tents") in edges(graph, EdgeKind.IN_CATEGORY)
    assert ("suit", "Lin") in edges(graph, EdgeKind.OF_BRAND)
    assert ("tent", "season=Summer") in edges(graph, EdgeKind.HAS_VALUE)
    suited = edges(graph, EdgeKind.SUITED)
    assert {("situation.hot", "season=Summer"), ("situation.wedding", "occasion=Formal")} <= suited


def test_a_catalogue_without_baskets_has_a_graph_and_one_without_items_an_empty_one():
    assert build_graph(ITEMS).count(EdgeKind.BOUGHT_WITH) == 0
    assert len(build_graph(ITEMS)) > len(ITEMS)
    assert len(build_graph([])) == 0


def test_a_field_where_every_item_says_something_else_joins_nothing():
    items = [Item(str(n), f"Thing {n}", attributes={"model": (f"M-{n}",), "color": ("red",)}) for n in range(40)]
    assert {n.key for n in build_graph(items).nodes if n.kind is NodeKind.VALUE} == {"color=red"}


def test_a_pair_with_an_item_that_is_gone_is_left_out():
    assert build_graph(ITEMS, [Pair("tent", "ghost", 9, 2.0, 1.0)]).count(EdgeKind.BOUGHT_WITH) == 0


def test_of_two_pairs_of_the_same_items_the_first_counts():
    graph = build_graph(ITEMS, [Pair("mug", "tent", 10, 3.0, 1.0), Pair("mug", "tent", 50, 9.0, 1.0, simulated=True)])
    edge = graph.edge_between(node("tent"), node("mug"))
    assert edge is not None
    assert (edge.shoppers, edge.simulated) == (10, False)


def test_names_are_in_both_languages_where_the_lexicon_knows_them(graph):
    green = value_node("color", "green")
    assert (graph.name_of(green, "en"), graph.name_of(green, "zh")) == ("Color: green", "颜色：绿色")
    assert graph.name_of(Node(NodeKind.CATEGORY, "Outdoor/Tents"), "zh") == "帐篷"
    assert graph.name_of(Node(NodeKind.OCCASION, "situation.wedding"), "zh") == "参加婚礼"
    assert graph.name_of(node("tent"), "en") == ""


def test_a_neighbourhood_starts_with_its_centre_and_hangs_together(graph):
    found = graph.neighbourhood(node("tent"), depth=2, limit=8)
    assert (found.nodes[0], found.depth[0], len(found.nodes)) == (node("tent"), 0, 8)
    assert found.closeness[0] == max(found.closeness)
    reached = {found.nodes[0]}
    for other in found.nodes[1:]:
        assert any({edge.source, edge.target} & reached for edge in found.edges if other in (edge.source, edge.target))
        reached.add(other)


def test_depth_is_the_number_of_edges_from_the_centre(graph):
    found = graph.neighbourhood(node("tent"), depth=2, limit=99)
    away = dict(zip(found.nodes, found.depth, strict=True))
    assert (away[node("stove")], away[node("big tent")], away[Node(NodeKind.CATEGORY, "Outdoor")]) == (1, 2, 2)
    assert node("suit") not in away
    assert {n.kind for n in graph.neighbourhood(node("suit"), 1, 99).nodes} == {
        NodeKind.ITEM, NodeKind.CATEGORY, NodeKind.BRAND, NodeKind.VALUE,
    }  # fmt: skip


def test_an_unknown_centre_is_a_key_error(graph):
    with pytest.raises(KeyError):
        graph.neighbourhood(node("ghost"))


def test_complements_were_bought_together_strongest_first(graph):
    found = graph.complements("tent")
    assert [(c.item_id, c.via) for c in found] == [("stove", None), ("mug", None)]
    assert found[0].score > found[1].score


def test_a_new_item_gets_what_goes_with_its_category_and_is_of_another(graph):
    kitchen = Node(NodeKind.CATEGORY, "Outdoor/Tents")
    assert [(c.item_id, c.via) for c in graph.complements("new tent")] == [("stove", kitchen), ("mug", kitchen)]


def test_an_item_that_nothing_speaks_for_has_no_complements(graph):
    assert graph.complements("suit") == []
    assert graph.complements("ghost") == []


def test_what_rests_on_simulated_shoppers_says_so():
    graph = build_graph(ITEMS, [Pair("stove", "tent", 10, 4.0, 2.0, simulated=True), Pair("mug", "tent", 5, 2.0, 1.0)])
    assert {c.item_id: c.simulated for c in graph.complements("tent")} == {"stove": True, "mug": False}
    assert {c.item_id: c.simulated for c in graph.complements("new tent")} == {"stove": True, "mug": False}


@pytest.mark.parametrize(
    ("a", "b", "code", "en", "zh"),
    [
        ("tent", "stove", "also_bought", "People who bought Tent also bought this", "买了Tent的人也买了它"),
        ("tent", "new tent", "same_brand", "Same brand: Fjord", "同一品牌：Fjord"),
        ("new tent", "big tent", "same_category", "Both in Tents", "同属帐篷"),
    ],
)
def test_a_path_is_a_sentence(graph, a, b, code, en, zh):
    path = graph.path(node(a), node(b))

    def named(language: str):
        return lambda n: n.key.title() if n.kind is NodeKind.ITEM else graph.name_of(n, language)

    reason = path_reason(node(a), path, "en", named("en"))
    assert reason is not None
    assert (reason.code, reason.label) == (code, en)
    assert path_reason(node(a), path, "zh", named("zh")).label == zh  # type: ignore[union-attr]


def test_a_path_joins_both_ends_step_by_step(graph):
    path = graph.path(node("mug"), node("suit"))
    met = nodes_along(node("mug"), path)
    assert (met[0], met[-1], len(met)) == (node("mug"), node("suit"), len(path) + 1)
    assert path_reason(node("mug"), path, "en", lambda n: n.key).code == "by_way_of"  # type: ignore[union-attr]


def test_there_is_no_path_to_itself_or_to_what_is_unknown(graph):
    assert graph.path(node("tent"), node("tent")) == ()
    assert graph.path(node("tent"), node("ghost")) == ()
    assert path_reason(node("tent"), (), "en", str) is None


def test_a_complement_says_with_what_it_is_bought(graph):
    direct, through = graph.complements("tent")[0], graph.complements("new tent")[0]

    def name(n: Node) -> str:
        return n.key.title() if n.kind is NodeKind.ITEM else graph.name_of(n, "en")

    assert complement_reason(node("tent"), direct, "en", name).label == "Often bought with Tent"
    assert complement_reason(node("new tent"), through, "en", name).label == "Often bought with other products in Tents"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_kind_has_a_name(language):
    assert all(node_kind_name(kind, language) for kind in NodeKind)
    assert all(edge_kind_name(kind, language) for kind in EdgeKind)


def test_a_graph_comes_back_from_its_bytes_as_it_was(graph):
    data, sha256 = to_bytes(graph)
    again = from_bytes(data, sha256)
    assert (again.nodes, again.names) == (graph.nodes, graph.names)
    assert again.neighbourhood(node("tent")) == graph.neighbourhood(node("tent"))
    assert to_bytes(build_graph(ITEMS, PAIRS)) == (data, sha256)


def test_bytes_that_were_changed_are_refused(graph):
    data, sha256 = to_bytes(graph)
    with pytest.raises(ChecksumMismatch, match="Build it again"):
        from_bytes(data[:-1] + b"\x07", sha256)


def test_the_walk_agrees_with_the_solution_of_its_equation():
    from scipy.sparse import csr_matrix

    weights = csr_matrix(np.asarray([[0, 2, 1], [2, 0, 0], [1, 0, 0]], np.float32))
    start = np.asarray([1, 0, 0], np.float32)
    walk = personalised_pagerank(by_rows(weights).T.tocsr(), start, 0.35, 40)[-1]
    exact = np.linalg.solve(np.eye(3) - 0.35 * by_rows(weights).T.toarray(), 0.65 * start)
    np.testing.assert_allclose(walk, exact, atol=1e-6)
    assert walk.sum() == pytest.approx(1.0)
