import pytest

from shop.orders.services import add_to_cart, cart_for, order_place
from shop.storefront.selectors import MIN_BUYERS, popular_products
from tests.shop.makers import CONTACT, make_product

pytestmark = pytest.mark.django_db


def buy(visitor: str, *products) -> object:
    cart = cart_for(user_id=None, visitor_token=visitor)
    for product in products:
        add_to_cart(cart, product)
    return order_place(cart, CONTACT, f"{visitor}-{'-'.join(p.sku for p in products)}")


def test_popular_means_many_buyers_rather_than_many_units():
    tent, lamp = make_product("tent", stock=999), make_product("lamp", stock=999)
    for n in range(MIN_BUYERS):
        buy(f"v{n}", tent)
    cart = cart_for(user_id=None, visitor_token="hoarder")
    add_to_cart(cart, lamp, 90)
    order_place(cart, CONTACT, "many")
    assert popular_products() == [tent]
    assert popular_products(exclude=["tent"]) == []
