import re

import pytest

from shop.orders.models import CartLine, Order
from shop.payments.models import Payment

pytestmark = pytest.mark.django_db
ADDRESS = {"email": "lin@example.com", "name": "Lin", "address": "1 Long Road", "city": "Hangzhou", "country": "CN"}


@pytest.fixture
def fields(client, products) -> dict[str, str]:
    client.post("/cart/add", {"sku": "sku-00"})
    html = client.get("/checkout").content.decode()
    hidden = {name: re.search(rf'name="{name}" value="([^"]*)"', html)[1] for name in ("key", "total")}
    return {**ADDRESS, **hidden, "shipping": "standard:0", "payment": "pays"}


def test_the_page_says_plainly_that_the_payment_is_a_demo(client, fields):
    html = client.get("/checkout").content.decode()
    assert "Demo payment: no card is asked for, no money moves, nothing is shipped." in html
    assert "Place the demo order" in html


def test_the_chosen_delivery_is_part_of_the_total_and_of_the_order(client, fields):
    assert "$19.90" in client.get("/checkout").content.decode(), "each way's total is on the page"
    page = client.post("/checkout", {**fields, "shipping": "express:990"}, follow=True).content.decode()
    order = Order.objects.get()
    assert (order.shipping_method, order.total_minor) == ("express", 1990)
    assert "Express" in page
    assert "$19.90" in page


def test_a_declined_payment_leaves_the_cart_and_what_was_typed_and_can_be_tried_again(client, fields):
    refused = client.post("/checkout", {**fields, "payment": "declined", "shipping": "express:990"})
    html = refused.content.decode()
    assert refused.status_code == 402
    assert "The payment was declined. Nothing was charged and your cart is as it was" in html
    assert 'value="1 Long Road"' in html
    assert re.search(r'value="express:990" checked', html)
    assert CartLine.objects.count() == 1
    assert client.post("/checkout", {**fields, "key": re.search(r'name="key" value="([^"]*)"', html)[1]}).status_code == 302
    assert Payment.objects.get(order=Order.objects.get()).amount_minor == 1000


def test_going_back_and_sending_the_old_page_again_shows_the_order_that_is_there(client, fields):
    first = client.post("/checkout", fields)
    client.post("/cart/add", {"sku": "sku-02"})
    assert client.post("/checkout", fields)["Location"] == first["Location"]
    assert (Order.objects.count(), CartLine.objects.count()) == (1, 1)


def test_two_tabs_of_one_cart_make_one_order(client, fields):
    other = re.search(r'name="key" value="([^"]*)"', client.get("/checkout").content.decode())[1]
    client.post("/checkout", fields)
    assert client.post("/checkout", {**fields, "key": other})["Location"] == "/cart"
    assert (Order.objects.count(), Payment.objects.count()) == (1, 1)


def test_a_price_of_delivery_that_moved_is_asked_about_again(client, fields, settings):
    settings.SHOP_SHIPPING = {"standard": "4.00"}
    answer = client.post("/checkout", fields)
    assert answer.status_code == 400
    assert "their prices changed" in answer.content.decode()
    assert not Order.objects.exists()


def test_a_shop_without_delivery_prices_asks_for_none(client, fields, settings):
    settings.SHOP_SHIPPING = {}
    assert 'name="shipping"' not in client.get("/checkout").content.decode()
    client.post("/checkout", {**fields, "shipping": ""})
    assert Order.objects.get().total_minor == 1000


@pytest.mark.parametrize("given", [{"payment": "gold"}, {"shipping": "x"}, {"total": "-1"}, {"key": ""}, {"country": "ZZ"}])
def test_what_was_not_offered_is_refused(client, fields, given):
    assert client.post("/checkout", {**fields, **given}).status_code == 400
    assert not Order.objects.exists()


def test_the_order_is_charged_in_the_shop_s_currency_whatever_is_shown(client, fields, settings):
    settings.EXCHANGE_RATES = {"USD": 1, "EUR": 1.1}
    client.cookies["currency"] = "EUR"
    client.post("/checkout", fields)
    order = Order.objects.get()
    assert (order.currency, order.total_minor, order.payments.get().currency) == ("USD", 1000, "USD")
