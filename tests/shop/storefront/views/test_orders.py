import re

import pytest
from django.core.cache import cache
from django.test import Client

from shop.orders.fulfilment import set_status
from shop.orders.models import CartLine, Order
from shop.storefront.order_links import order_link
from shop.storefront.views import orders

pytestmark = pytest.mark.django_db
ADDRESS = {"email": "Lin@example.com", "name": "Lin", "address": "1 Long Road", "city": "Hangzhou", "country": "CN"}
NEW = {"name": "Lin", "email": "lin@example.com", "password": "a long enough phrase"}


@pytest.fixture(autouse=True)
def counters() -> None:
    cache.clear()


def buy(client: Client, *skus: str, quantity: int = 1) -> Order:
    for sku in skus:
        client.post("/cart/add", {"sku": sku, "quantity": quantity})
    html = client.get("/checkout").content.decode()
    fields = {name: re.search(rf'name="{name}" value="([^"]*)"', html)[1] for name in ("key", "total")}
    client.post("/checkout", {**ADDRESS, **fields})
    return Order.objects.first()


def test_a_guest_finds_an_order_by_number_and_e_mail_on_another_device(client, products):
    order = buy(client, "sku-00")
    other = Client()
    found = other.post("/orders/find", {"number": f" {order.number.lower()} ", "email": "lin@EXAMPLE.com"})
    html = other.get(found["Location"]).content.decode()
    assert "1 Long Road" in html
    assert order.number in html
    assert other.get(f"/orders/{order.number}").status_code == 404, "the number alone opens nothing"


def test_nothing_tells_which_of_number_and_e_mail_was_wrong(client, products):
    order = buy(client, "sku-00")
    other = Client()
    wrong = [("000000-AAAAAAAA", "lin@example.com"), (order.number, "other@example.com"), ("\x00", "lin@example.com")]
    pages = [other.post("/orders/find", {"number": number, "email": email}) for number, email in wrong]
    assert [page.status_code for page in pages] == [400] * 3
    said = [re.findall(r'role="alert">(.*?)<', page.content.decode()) for page in pages[:2]]
    assert said[0] == said[1] == ["There is no guest order with this number and e-mail address. Look at both again."]


def test_guessing_is_counted(client, products, monkeypatch):
    monkeypatch.setattr(orders, "TRIES_AN_HOUR", 2)
    tries = [client.post("/orders/find", {"number": "x", "email": "a@b.cn"}).status_code for _ in range(3)]
    assert tries == [400, 400, 429]


@pytest.mark.parametrize("key", ["", "x", "1:2", "\x00"])
def test_a_link_that_was_not_made_here_opens_nothing(client, products, key):
    order = buy(client, "sku-00")
    other = buy(client, "sku-02")
    good = order_link(order).partition("key=")[2]
    stranger = Client()
    assert stranger.get(f"/orders/{order.number}", {"key": key}).status_code == 404
    assert stranger.get(f"/orders/{other.number}", {"key": good}).status_code == 404, "a key opens its own order alone"
    assert stranger.get(order_link(order)).status_code == 200


def test_an_order_of_an_account_is_not_found_by_number_and_e_mail(client, products):
    client.post("/sign-up", NEW)
    order = buy(client, "sku-00")
    stranger = Client()
    assert stranger.post("/orders/find", {"number": order.number, "email": order.email}).status_code == 400
    assert stranger.get(order_link(order)).status_code == 404
    assert stranger.post(f"/orders/{order.number}/again").status_code == 404


def test_an_erased_order_is_not_found_any_more(client, products):
    order = buy(client, "sku-00")
    link = order_link(order)
    client.post("/account/erase")
    assert Client().get(link).status_code == 404


def test_signing_up_keeps_the_orders_of_this_browser(client, products):
    order = buy(client, "sku-00")
    client.post("/sign-up", NEW)
    assert order.number in client.get("/orders").content.decode()
    assert Client().get(order_link(order)).status_code == 404, "it is the account's now"


def test_an_order_says_how_far_it_is(client, products):
    order = buy(client, "sku-00")
    steps = re.compile(r'<li class="(\w*)"[^>]*>(?:<svg.*?</svg>)?<span>(\w+)</span>')
    assert steps.findall(client.get(f"/orders/{order.number}").content.decode()) == [
        ("now", "Placed"), ("", "Shipped"), ("", "Delivered"),
    ]  # fmt: skip
    set_status(order, "shipped")
    html = client.get(f"/orders/{order.number}").content.decode()
    assert steps.findall(html) == [("done", "Placed"), ("now", "Shipped"), ("", "Delivered")]
    assert "$10.00 · paid" in html


def test_ordering_again_fills_the_cart_and_says_what_changed(client, products):
    order = buy(client, "sku-00", "sku-02", "sku-04", "sku-06", quantity=3)
    products[0].price_minor = 1500
    products[2].is_active = False
    products[4].stock = 2
    for n in (0, 2, 4):
        products[n].save()
    html = client.post(f"/orders/{order.number}/again", follow=True).content.decode()
    assert dict(CartLine.objects.values_list("product__sku", "quantity")) == {"sku-00": 3, "sku-04": 2, "sku-06": 3}
    assert "8 items are in your cart again." in html
    assert "“Green lamp 2” cannot be bought right now and was left out." in html
    assert "Only 2 of 3 “Blue lamp 4” could be added." in html
    assert "“Red lamp 0” costs $15.00 now; it was $10.00." in html


def test_nobody_orders_another_s_order_again(client, products):
    order = buy(client, "sku-00")
    assert Client().post(f"/orders/{order.number}/again").status_code == 404
    key = order_link(order).partition("key=")[2]
    assert Client().post(f"/orders/{order.number}/again", {"key": key})["Location"] == "/cart"


def test_orders_are_listed_page_by_page(client, products, monkeypatch):
    monkeypatch.setattr(orders, "PAGE_SIZE", 2)
    numbers = [buy(client, sku).number for sku in ("sku-00", "sku-02", "sku-04")]
    first, second = (client.get(f"/orders?page={n}").content.decode() for n in (1, 2))
    assert [number in first for number in numbers] == [False, True, True]
    assert [number in second for number in numbers] == [True, False, False]
    assert client.get("/orders?page=x").status_code == 404
