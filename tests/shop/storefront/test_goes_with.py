"""The shelf "Goes with this": what the product graph says, to the page."""

from __future__ import annotations

import pytest

from recommender.graph import forget_graph
from recommender.models import Event
from recommender.services import graphs
from shop.catalog.models import Category
from shop.orders.fulfilment import set_status
from shop.orders.services import add_to_cart, cart_for, order_place
from tests.recommender.graph_shop import index
from tests.shop.makers import CONTACT, make_product

pytestmark = pytest.mark.django_db


def buy(visitor: str, *products) -> object:
    cart = cart_for(user_id=None, visitor_token=visitor)
    for product in products:
        add_to_cart(cart, product)
    return order_place(cart, CONTACT, f"{visitor}-{'-'.join(p.sku for p in products)}")


@pytest.fixture
def products():
    forget_graph()
    made = [make_product(sku, stock=99) for sku in ("tent", "lamp", "bag")]
    yield made
    forget_graph()


def built() -> None:
    from recommender.catalog import get_catalog

    catalog = get_catalog()
    index(list(catalog.get_items(list(catalog.iter_item_ids())).values()))
    graphs.rebuild()


def page(client, product, language: str = "en") -> str:
    return client.get(product.get_absolute_url(), headers={"accept-language": language}).content.decode()


def test_a_shelf_shows_what_five_buyers_had_in_one_order(client, products):
    tent, lamp, bag = products
    for n in range(5):
        buy(f"v{n}", tent, lamp)
        buy(f"o{n}", bag)
    built()
    shown = page(client, tent)
    assert "Goes with this" in shown
    assert "Often bought with Product tent" in shown
    assert "Product lamp" in shown
    assert "常与Product tent一起购买" in page(client, tent, "zh-hans")


def test_four_buyers_make_no_shelf(client, products):
    tent, lamp, bag = products
    for n in range(4):
        buy(f"v{n}", tent, lamp)
        buy(f"o{n}", bag)
    built()
    assert "Goes with this" not in page(client, tent)


def test_a_cancelled_order_takes_its_pair_back(client, products):
    tent, lamp, bag = products
    orders = [buy(f"v{n}", tent, lamp) for n in range(5)]
    for n in range(5):
        buy(f"o{n}", bag)
    set_status(orders[0], "cancelled")
    assert Event.objects.filter(kind="return").count() == 2
    built()
    assert "Goes with this" not in page(client, tent)


def test_a_new_product_is_shown_what_goes_with_its_category(client, products):
    tent, lamp, bag = products
    outdoor = Category.objects.add_root({"name": "Outdoor", "slug": "outdoor"})
    tents = Category.objects.add_child(outdoor, {"name": "Tents", "slug": "tents"})
    new = make_product("new-tent", stock=9, category=tents)
    tent.category = tents
    tent.save()
    for n in range(5):
        buy(f"v{n}", tent, lamp)
        buy(f"o{n}", bag)
    built()
    assert "Often bought with other products in Tents" in page(client, new)


def test_simulated_shoppers_are_said_to_be_simulated(client, products):
    tent, lamp, bag = products
    for n in range(5):
        buy(f"v{n}", tent, lamp)
        buy(f"o{n}", bag)
    Event.objects.update(simulated=True)
    built()
    assert "Often bought with Product tent (by simulated shoppers)" in page(client, tent)


def test_without_a_graph_the_page_has_no_such_shelf(client, products):
    shown = page(client, products[0])
    assert "Product tent" in shown
    assert "Goes with this" not in shown
