import pytest

from shop.orders.services import add_to_cart, cart_for, order_place, set_status
from shop.storefront.selectors import MIN_BUYERS, bought_with, popular_products
from tests.shop.makers import CONTACT, make_product

pytestmark = pytest.mark.django_db


def buy(visitor: str, *products) -> object:
    cart = cart_for(user_id=None, visitor_token=visitor)
    for product in products:
        add_to_cart(cart, product)
    return order_place(cart, CONTACT, f"{visitor}-{'-'.join(p.sku for p in products)}")


def test_a_pair_counts_from_five_different_buyers_on():
    tent, lamp, bag = (make_product(sku, stock=99) for sku in ("tent", "lamp", "bag"))
    for n in range(MIN_BUYERS):
        buy(f"v{n}", tent, lamp)
    for _ in range(3):
        buy("v0", tent, bag)
        buy("v1", bag)
    assert bought_with(tent) == [lamp]
    assert bought_with(bag) == []


def test_cancelled_orders_and_hidden_products_do_not_count():
    tent, lamp, bag = (make_product(sku, stock=99) for sku in ("tent", "lamp", "bag"))
    orders = [buy(f"v{n}", tent, lamp, bag) for n in range(MIN_BUYERS)]
    bag.is_active = False
    bag.save()
    assert bought_with(tent) == [lamp]
    set_status(orders[0], "cancelled")
    assert bought_with(tent) == []


def test_popular_means_many_buyers_rather_than_many_units():
    tent, lamp = make_product("tent", stock=999), make_product("lamp", stock=999)
    for n in range(MIN_BUYERS):
        buy(f"v{n}", tent)
    cart = cart_for(user_id=None, visitor_token="hoarder")
    add_to_cart(cart, lamp, 90)
    order_place(cart, CONTACT, "many")
    assert popular_products() == [tent]
    assert popular_products(exclude=["tent"]) == []
