import re

import pytest
from django.test import Client

from shop.orders.models import CartLine, Order
from tests.shop.makers import make_product

pytestmark = pytest.mark.django_db
ADDRESS = {"email": "lin@example.com", "name": "Lin", "address": "1 Long Road", "city": "Hangzhou", "country": "CN"}


def hidden(html: str, name: str) -> str:
    return re.search(rf'name="{name}" value="([^"]*)"', html)[1]


def checkout_fields(client) -> dict[str, str]:
    html = client.get("/checkout").content.decode()
    return {**ADDRESS, "key": hidden(html, "key"), "total": hidden(html, "total")}


def test_a_guest_buys_without_javascript_or_account(client, products):
    home = client.get("/").content.decode()
    product_url = re.search(r'<a class="card-link" href="([^"]+)"', home)[1]
    product = client.get(product_url).content.decode()
    sku = hidden(product, "sku")
    assert client.post("/cart/add", {"sku": sku, "quantity": 2}).headers["Location"] == "/cart"
    assert f"{2}" in client.get("/cart").content.decode()
    response = client.post("/checkout", checkout_fields(client), follow=True)
    order = Order.objects.get()
    assert response.redirect_chain == [(f"/orders/{order.number}", 302)]
    assert "Thank you" in response.content.decode()
    assert order.lines.get().sku == sku
    assert order.number in client.get("/orders").content.decode()
    assert "Your cart is empty" in client.get("/cart").content.decode()


def test_sending_the_checkout_twice_makes_one_order(client, products):
    client.post("/cart/add", {"sku": "sku-00"})
    fields = checkout_fields(client)
    first, second = (client.post("/checkout", fields) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert Order.objects.count() == 1


def test_a_missing_address_is_asked_for_and_nothing_is_ordered(client, products):
    client.post("/cart/add", {"sku": "sku-00"})
    response = client.post("/checkout", {**checkout_fields(client), "address": ""})
    assert response.status_code == 400
    assert "This field is required." in response.content.decode()
    assert not Order.objects.exists()


def test_a_changed_price_is_shown_before_it_is_agreed_to(client, products):
    client.post("/cart/add", {"sku": "sku-00"})
    fields = checkout_fields(client)
    products[0].price_minor = 7777
    products[0].save()
    response = client.post("/checkout", fields)
    html = response.content.decode()
    assert response.status_code == 409
    assert "$77.77" in html
    assert client.post("/checkout", {**fields, "total": hidden(html, "total")}).status_code == 302
    assert Order.objects.get().total_minor == 7777


def test_more_than_is_left_is_refused_with_how_many_are(client, products):
    response = client.post("/cart/add", {"sku": "sku-01", "quantity": 4}, follow=True)
    assert "Only 3 of" in response.content.decode()
    assert not CartLine.objects.exists()


def test_htmx_gets_a_sentence_and_the_new_badge(client, products):
    html = client.post("/cart/add", {"sku": "sku-00", "quantity": 3}, headers={"HX-Request": "true"}).content.decode()
    assert "is in your cart" in html
    assert 'href="/cart"' in html
    assert re.search(r'id="cart-count" hx-swap-oob="true">3<', html)
    refused = client.post("/cart/add", {"sku": "sku-00", "quantity": 99}, headers={"HX-Request": "true"}).content.decode()
    assert 'href="/cart"' not in refused, "nothing came into the cart"


def test_quantities_change_and_lines_go(client, products):
    client.post("/cart/add", {"sku": "sku-00"})
    line = CartLine.objects.get()
    client.post(f"/cart/lines/{line.pk}", {"quantity": 5})
    assert CartLine.objects.get().quantity == 5
    assert "whole number" in client.post(f"/cart/lines/{line.pk}", {"quantity": "many"}, follow=True).content.decode()
    client.post(f"/cart/lines/{line.pk}", {"remove": "1", "quantity": 5})
    assert not CartLine.objects.exists()


def test_nobody_else_sees_or_changes_a_cart_or_an_order(client, products):
    client.post("/cart/add", {"sku": "sku-00"})
    line = CartLine.objects.get()
    stranger = Client()
    assert stranger.post(f"/cart/lines/{line.pk}", {"quantity": 9}).status_code == 404
    client.post("/checkout", checkout_fields(client))
    number = Order.objects.get().number
    assert stranger.get(f"/orders/{number}").status_code == 404
    stranger.post("/cart/add", {"sku": "sku-02"})
    assert stranger.get(f"/orders/{number}").status_code == 404
    assert client.get(f"/orders/{number}").status_code == 200


@pytest.mark.parametrize(
    "fields", [{"sku": "none"}, {}, {"sku": "sku-00", "quantity": "x"}, {"sku": "sku\x00"}, {"sku": "sku-00", "r": "%"}]
)
def test_adding_what_does_not_exist_is_not_found(client, products, fields):
    assert client.post("/cart/add", fields).status_code == 404


def test_checkout_of_an_empty_cart_goes_back_to_the_cart(client, products):
    assert client.get("/checkout")["Location"] == "/cart"
    assert client.post("/checkout", ADDRESS).status_code == 404


def test_two_currencies_do_not_share_a_cart(client, products):
    make_product("euro", currency="EUR")
    client.post("/cart/add", {"sku": "sku-00"})
    assert "Order what is in your cart first" in client.post("/cart/add", {"sku": "euro"}, follow=True).content.decode()


def test_an_order_lists_countries_in_the_language_of_the_page(chinese, products):
    chinese.post("/cart/add", {"sku": "sku-00"})
    assert '<option value="CN">中国</option>' in chinese.get("/checkout").content.decode()
