"""Many shoppers at once, on real connections of the real database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connections

from shop.catalog.models import Product
from shop.orders.checkout import check_out
from shop.orders.errors import EmptyCart, OutOfStock
from shop.orders.models import Cart, Order
from shop.orders.services import add_to_cart, cart_for, order_place
from shop.payments.models import Payment
from tests.shop.makers import CONTACT, make_product

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(jobs: Sequence[Callable[[], Any]]) -> list[Any]:
    """Start all jobs at the same moment; what each returned or raised, in their order."""
    barrier, outcomes = Barrier(len(jobs)), [None] * len(jobs)

    def work(place: int, job: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            outcomes[place] = job()
        except Exception as error:
            outcomes[place] = error
        finally:
            connections.close_all()

    threads = [Thread(target=work, args=given) for given in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_twenty_parallel_posts_with_one_key_make_one_order():
    product = make_product(stock=50)
    cart = cart_for(user_id=None, visitor_token="guest")
    add_to_cart(cart, product, 2)
    outcomes = at_once([lambda: order_place(Cart.objects.get(pk=cart.pk), CONTACT, "key")] * 20)
    assert {order.number for order in outcomes} == {Order.objects.get().number}
    assert Product.objects.get(pk=product.pk).stock == 48


def test_twenty_parallel_checkouts_with_one_key_make_one_order_and_one_payment():
    product = make_product(stock=50)
    cart = cart_for(user_id=None, visitor_token="guest")
    add_to_cart(cart, product, 2)
    outcomes = at_once([lambda: check_out(Cart.objects.get(pk=cart.pk), CONTACT, "key")] * 20)
    assert {getattr(order, "number", order) for order in outcomes} == {Order.objects.get().number}
    assert [(p.order_id, p.state) for p in Payment.objects.all()] == [(Order.objects.get().pk, "authorised")]


def test_ten_tabs_of_one_cart_make_one_order_and_reserve_no_money_beside_it():
    product = make_product(stock=50)
    cart = cart_for(user_id=None, visitor_token="guest")
    add_to_cart(cart, product, 2)
    jobs = [lambda n=n: check_out(Cart.objects.get(pk=cart.pk), CONTACT, f"tab {n}") for n in range(10)]
    outcomes = at_once(jobs)
    assert [type(outcome) for outcome in outcomes].count(Order) == 1
    assert [type(outcome) for outcome in outcomes].count(EmptyCart) == 9
    assert Payment.objects.filter(state="authorised").count() == 1
    assert set(Payment.objects.exclude(state="authorised").values_list("state", flat=True)) <= {"released"}


def test_last_unit_goes_to_one_buyer_only():
    product = make_product(stock=1)
    carts = [cart_for(user_id=None, visitor_token=f"guest-{n}") for n in range(8)]
    for cart in carts:
        add_to_cart(cart, product)
    outcomes = at_once([lambda cart=cart: order_place(cart, CONTACT, "key") for cart in carts])
    assert [type(outcome) for outcome in outcomes].count(Order) == 1
    assert [type(outcome) for outcome in outcomes].count(OutOfStock) == 7
    assert (Product.objects.get(pk=product.pk).stock, Order.objects.count()) == (0, 1)


def test_parallel_clicks_make_one_cart_and_lose_no_unit():
    product = make_product(stock=None)
    outcomes = at_once([lambda: add_to_cart(cart_for(user_id=None, visitor_token="guest"), product)] * 10)
    assert [outcome for outcome in outcomes if isinstance(outcome, Exception)] == []
    assert Cart.objects.get().lines.get().quantity == 10
