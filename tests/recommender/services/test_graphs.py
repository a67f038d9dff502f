"""recommender.services.graphs, .relations and recommender.graph: built, stored, noticed, refused, and silent about few."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fusion.graph.parts import EdgeKind, Node, NodeKind
from recommender.catalog import Shopper
from recommender.graph import current_graph, forget_graph
from recommender.models import Artefact, Event, IndexedItem
from recommender.services import graphs
from recommender.services.personal_data import erase
from recommender.services.relations import goes_with, surroundings, why_related
from tests.recommender.graph_shop import ITEMS, MUG, NEW_TENT, STOVE, SUIT, TENT, buy, index, people

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop(host):
    forget_graph()
    host.items = {item.item_id: item for item in ITEMS}
    index(ITEMS)
    buy("suit", by=people(40, "other"))
    yield host
    forget_graph()


def partners(item, language="en") -> list[str]:
    return [found.item.item_id for found in goes_with(item, 8, language)]


def test_a_shop_without_events_has_the_graph_of_its_catalogue():
    Event.objects.all().delete()
    report = graphs.rebuild()
    assert (report.items, report.pairs) == (5, 0)
    around = surroundings(TENT, 2, 30, "en")
    assert {"Tents", "Fjord", "Season: Summer", "Tunnel tent"} <= {related.label for related in around.nodes}
    assert goes_with(TENT, 8, "en") == []


def test_without_a_graph_a_product_stands_alone():
    around = surroundings(TENT, 2, 30, "en")
    assert ([related.label for related in around.nodes], around.edges, around.built_at) == (["Dome tent"], (), None)
    assert goes_with(TENT, 8, "en") == []
    assert why_related(TENT, STOVE, "en") is None


def test_what_five_shoppers_bought_together_goes_together():
    buy("tent", "stove", by=people(5))
    graphs.rebuild()
    (found,) = goes_with(TENT, 8, "en")
    assert (found.item, found.reason.label, found.simulated) == (STOVE, "Often bought with Dome tent", False)
    assert goes_with(TENT, 8, "zh")[0].reason.label == "常与圆顶帐篷一起购买"
    assert why_related(TENT, STOVE, "en").label == "People who bought Dome tent also bought this"


def test_no_pair_of_four_shoppers_is_told_anywhere():
    for _ in range(3):
        buy("tent", "mug", by=people(4))
    buy("tent", "stove", by=people(5, "w"))
    graphs.rebuild()
    assert partners(TENT) == ["stove"]
    assert partners(NEW_TENT) == ["stove"]
    assert [found.reason.code for found in goes_with(MUG, 8, "en")] == ["bought_with_category"]
    pairs = [edge for edge in surroundings(TENT, 3, 100, "en").edges if edge.kind is EdgeKind.BOUGHT_WITH]
    assert [(edge.source.key, edge.target.key) for edge in pairs] == [("stove", "tent")]
    assert why_related(TENT, MUG, "en").code != "also_bought"
    assert current_graph().graph.edge_between(Node(NodeKind.ITEM, "tent"), Node(NodeKind.ITEM, "mug")) is None


def test_simulated_shoppers_do_not_help_real_ones_over_the_floor():
    buy("tent", "mug", by=people(4))
    buy("tent", "mug", by=people(4, "made-up"), simulated=True)
    buy("suit", by=people(40, "made-up-other"), simulated=True)
    graphs.rebuild()
    assert partners(TENT) == []
    buy("tent", "mug", by=["made-up-9"], simulated=True)
    report = graphs.rebuild()
    (found,) = goes_with(TENT, 8, "en")
    assert (found.simulated, report.simulated_pairs) == (True, 1)
    assert "1 of them by simulated shoppers" in report.summary


@pytest.mark.parametrize("lower", [1, 4])
def test_no_setting_lowers_the_floor_below_five(settings, lower):
    settings.RECOMMENDER = {**settings.RECOMMENDER, "BEHAVIOUR_MIN_SHOPPERS": lower}
    buy("tent", "mug", by=people(4))
    assert graphs.rebuild().pairs == 0


def test_a_setting_raises_the_floor(settings):
    settings.RECOMMENDER = {**settings.RECOMMENDER, "BEHAVIOUR_MIN_SHOPPERS": 7}
    buy("tent", "mug", by=people(6))
    assert graphs.rebuild().pairs == 0


def test_events_without_a_shopper_are_nobodys():
    for _ in range(6):
        buy("tent", "stove", by=[""])
    assert graphs.rebuild().pairs == 0


def test_a_user_counts_once_whatever_browser_they_used():
    buy("tent", "stove", by=people(5))
    Event.objects.filter(visitor_id__in=["v0", "v1"], item_id__in=["tent", "stove"]).update(user_id="user-1")
    assert graphs.rebuild().pairs == 0


def test_returned_items_leave_no_pair():
    buy("tent", "stove", by=people(5))
    buy("stove", by=["v0"], kind="return")
    assert graphs.rebuild().pairs == 0


def test_an_erasure_withdraws_all_pairs_at_once_and_the_next_build_does_not_know_the_shopper():
    buy("tent", "stove", by=people(6))
    graphs.rebuild()
    assert partners(TENT) == ["stove"]
    assert "graph" in erase(Shopper(visitor_id="v3")).unlearnt
    assert partners(TENT) == []
    assert len(surroundings(TENT, 2, 30, "en").nodes) > 5
    graphs.rebuild()
    assert partners(TENT) == ["stove"]
    assert "graph" in erase(Shopper(visitor_id="v4")).unlearnt
    graphs.rebuild()
    assert partners(TENT) == []
    assert partners(NEW_TENT) == []
    assert Artefact.objects.count() == 1


def test_a_new_product_gets_what_goes_with_its_category():
    buy("tent", "stove", by=people(5))
    graphs.rebuild()
    (found,) = goes_with(NEW_TENT, 8, "zh")
    assert (found.item.item_id, found.reason.code, found.reason.label) == (
        "stove",
        "bought_with_category",
        "常与“帐篷”类商品一起购买",
    )
    assert goes_with(SUIT, 8, "en") == []


def test_hidden_and_sold_out_products_are_not_told(shop):
    buy("tent", "stove", "mug", by=people(5))
    graphs.rebuild()
    assert set(partners(TENT)) == {"stove", "mug"}
    shop.items["mug"] = replace(MUG, stock=0)
    del shop.items["stove"]
    assert partners(TENT) == []
    around = surroundings(TENT, 2, 30, "en")
    assert "Gas stove" not in {related.label for related in around.nodes}
    assert all("stove" not in (edge.source.key, edge.target.key) for edge in around.edges)
    assert why_related(TENT, STOVE, "en") is None or "Gas stove" not in why_related(TENT, STOVE, "en").label


def test_a_neighbourhood_keeps_to_its_limit_and_hangs_together(shop):
    buy("tent", "stove", "mug", by=people(6))
    graphs.rebuild()
    del shop.items["stove"]
    around = surroundings(TENT, 3, 6, "en")
    assert len(around.nodes) == 6
    reached = {around.nodes[0].node}
    for related in around.nodes[1:]:
        ends = [{edge.source, edge.target} for edge in around.edges if related.node in (edge.source, edge.target)]
        assert any(pair & reached for pair in ends)
        reached.add(related.node)


def test_every_process_notices_a_new_graph_by_its_version(django_assert_num_queries):
    graphs.rebuild()
    first = current_graph()
    with django_assert_num_queries(1):
        assert current_graph() is first
    buy("tent", "stove", by=people(5))
    graphs.rebuild()
    second = current_graph()
    assert (first.version + 1, second.graph.count(EdgeKind.BOUGHT_WITH)) == (second.version, 1)


def test_a_damaged_graph_is_refused_and_the_last_good_one_serves_on(caplog):
    graphs.rebuild()
    good = current_graph()
    row = Artefact.objects.get()
    Artefact.objects.update(version=row.version + 1, data=bytes(row.data)[:-1] + b"\x01")
    assert current_graph() is good
    assert "event=graph_refused" in caplog.text
    forget_graph()
    assert current_graph() is None
    assert surroundings(TENT, 2, 30, "en").built_at is None


def test_a_removed_product_is_in_no_graph():
    IndexedItem.objects.filter(pk="suit").update(removed=True)
    graphs.rebuild()
    assert Node(NodeKind.ITEM, "suit") not in current_graph().graph


def test_an_erasure_deletes_a_graph_that_cannot_be_read():
    buy("tent", "stove", by=people(6))
    graphs.rebuild()
    Artefact.objects.update(data=b"no graph")
    assert "graph" in erase(Shopper(visitor_id="v3")).unlearnt
    assert not Artefact.objects.exists()
