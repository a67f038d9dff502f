"""recommender.admin.graph and .graph_picture: a product's neighbourhood as a picture that can be read, and as a table."""

from __future__ import annotations

from itertools import combinations

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from fusion.types import Item
from recommender.admin.graph import graph_url
from recommender.admin.graph_picture import Box, cut, narrow_picture, wide_picture
from recommender.graph import forget_graph
from recommender.models import Artefact
from recommender.services import graphs
from recommender.services.relations import surroundings
from tests.recommender.graph_shop import ITEMS, TENT, buy, index, people

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop(host):
    forget_graph()
    more = [Item(f"peg-{n}", f"Peg number {n} made of very light aluminium", category=("Outdoor", "Tents")) for n in range(30)]
    host.items = {item.item_id: item for item in (*ITEMS, *more)}
    index([*ITEMS, *more])
    buy("suit", by=people(40, "other"))
    buy("tent", "stove", by=people(12))
    buy("tent", "mug", by=people(4, "few"))
    graphs.rebuild()
    yield host
    forget_graph()


def overlap(a: Box, b: Box) -> bool:
    return a.x < b.x + b.width and b.x < a.x + a.width and a.y < b.y + b.height and b.y < a.y + a.height


@pytest.mark.parametrize("draw", [wide_picture, narrow_picture])
def test_every_node_has_a_box_of_its_own_within_the_picture(draw):
    around = surroundings(TENT, 2, 26, "en")
    picture = draw(around, lambda related: "/x/")
    assert len(picture.boxes) == len(around.nodes) == 26
    assert not [pair for pair in combinations(picture.boxes, 2) if overlap(*pair)]
    assert all(box.x >= 0 and box.x + box.width <= picture.width for box in picture.boxes)
    assert all(box.y >= 0 and box.y + box.height <= picture.height for box in picture.boxes)
    assert [box.label for box in picture.boxes if box.is_centre] == ["Dome tent"]


def test_the_narrow_picture_joins_every_box_to_one_above():
    picture = narrow_picture(surroundings(TENT, 2, 26, "en"), lambda related: "")
    assert len(picture.lines) == len(picture.boxes) - 1


def test_a_label_is_cut_to_its_box_and_chinese_takes_two_places():
    assert cut("Dome tent", 164) == "Dome tent"
    assert cut("Peg number 1 made of very light aluminium", 164) == "Peg number 1 made of…"
    assert cut("圆顶帐篷圆顶帐篷圆顶帐篷圆顶帐篷", 164) == "圆顶帐篷圆顶帐篷圆顶…"


def test_the_page_shows_picture_and_table(admin_client):
    page = admin_client.get(graph_url("tent")).content.decode()
    assert page.count('<svg class="graph-picture') == 2
    assert "Around Dome tent" in page
    assert f'href="{graph_url("stove")}"' in page
    assert "bought together" in page
    assert ">10</td>" in page  # shoppers, at least


def test_a_pair_of_four_shoppers_is_in_neither_picture_nor_table(admin_client):
    around = admin_client.get(graph_url("tent")).context["rows"]
    bought = {(row["source"].label, row["target"].label) for row in around if row["lift"] is not None}
    assert bought == {("Gas stove", "Dome tent")}


def test_a_product_that_no_graph_knows_is_shown_alone(admin_client, shop):
    shop.items["lamp"] = Item("lamp", "New lamp")
    page = admin_client.get(graph_url("lamp")).content.decode()
    assert "does not know this product yet" in page
    assert "Around New lamp" in page


def test_an_unknown_product_is_not_found(admin_client):
    assert admin_client.get(graph_url("nothing")).status_code == 404


def test_staff_need_the_right_to_look(client, django_user_model):
    staff = django_user_model.objects.create_user("staff", password="x", is_staff=True)
    client.force_login(staff)
    assert client.get(graph_url("tent")).status_code == 403
    staff.user_permissions.add(Permission.objects.get(codename="view_artefact"))
    assert client.get(graph_url("tent")).status_code == 200


def test_lists_lead_to_the_picture_and_say_what_was_built(admin_client):
    assert (
        graph_url("tent")
        in admin_client.get(reverse("admin:recommender_indexeditem_changelist"), {"q": "tent"}).content.decode()
    )
    listed = admin_client.get(reverse("admin:recommender_artefact_changelist")).content.decode()
    assert "graph" in listed
    assert Artefact.objects.get().about == {"items": 35, "pairs": 1, "simulated_pairs": 0}
    assert admin_client.get(reverse("admin:recommender_artefact_change", args=["graph"])).status_code == 200
