import re

import pytest
from django.test import Client

from shop.orders.models import CartLine
from shop.wishlist.models import Wish

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def fill(client, *skus: str) -> list[CartLine]:
    for sku in skus:
        client.post("/cart/add", {"sku": sku, "quantity": 2, "r": "R" * 26})
    return list(CartLine.objects.all())


def undo_token(html: str) -> str:
    return re.search(r'name="undo" value="([^"]+)"', html)[1]


def skus() -> list[tuple[str, int]]:
    return list(CartLine.objects.values_list("product__sku", "quantity"))


def test_a_removed_line_comes_back_with_its_quantity_and_in_its_place(client, products):
    first, _ = fill(client, "sku-00", "sku-02")
    html = client.post(f"/cart/lines/{first.pk}", {"remove": "1", "quantity": "2"}, follow=True).content.decode()
    assert "“Red lamp 0” is out of your cart." in html
    assert skus() == [("sku-02", 2)]
    client.post("/cart/undo", {"undo": undo_token(html)})
    assert skus() == [("sku-00", 2), ("sku-02", 2)]
    assert CartLine.objects.first().recommendation_id == "R" * 26


def test_undoing_twice_is_undoing_once_and_the_note_goes(client, products):
    line, *_ = fill(client, "sku-00")
    page = client.post(f"/cart/lines/{line.pk}", {"remove": "1"})
    token = undo_token(client.get(page["Location"]).content.decode())
    for _ in range(2):
        client.post("/cart/undo", {"undo": token})
    assert skus() == [("sku-00", 2)]
    assert "is out of your cart" not in client.get(page["Location"]).content.decode(), "also after going back to the address"


@pytest.mark.parametrize("token", ["", "x", "W10:1:x", "\x00"])
def test_a_token_that_was_not_made_here_restores_nothing(client, products, token):
    answer = client.post("/cart/undo", {"undo": token}, follow=True)
    assert "can no longer be undone" in answer.content.decode()
    assert client.get("/cart", {"undo": token}).status_code == 200
    assert skus() == []


def test_htmx_gets_the_cart_with_undo_and_the_badge(client, products):
    line, _ = fill(client, "sku-00", "sku-02")
    html = client.post(f"/cart/lines/{line.pk}", {"remove": "1"}, headers=HTMX).content.decode()
    assert "<html" not in html
    assert re.search(r'id="cart-count" hx-swap-oob="true">2<', html)
    assert re.search(r'id="said" hx-swap-oob="innerHTML">“Red lamp 0” is out of your cart.', html)
    back = client.post("/cart/undo", {"undo": undo_token(html)}, headers=HTMX).content.decode()
    assert "“Red lamp 0” is in your cart again." in back


def test_saved_for_later_is_on_the_wish_list_and_out_of_the_cart(client, products):
    line, _ = fill(client, "sku-00", "sku-02")
    client.post(f"/cart/lines/{line.pk}", {"later": "1", "quantity": "2"})
    assert skus() == [("sku-02", 2)]
    assert Wish.objects.get().product.sku == "sku-00"


def test_the_cart_says_what_cannot_be_ordered_and_how_many_can(client, products):
    fill(client, "sku-00", "sku-02", "sku-04")
    products[0].stock, products[2].stock, products[4].is_active = 1, 0, False
    for n in (0, 2, 4):
        products[n].save()
    html = client.get("/cart").content.decode()
    assert "Only 1 left; your cart has 2." in html
    assert re.search(r'name="quantity" value="1" data-fit', html)
    assert "Sold out: keep it for later or take it out to go on." in html
    assert "No longer sold: take it out to go on." in html
    assert 'href="/checkout"' not in html


def test_a_price_that_moved_is_said_once_and_counts_from_then_on(client, products):
    fill(client, "sku-00")
    products[0].price_minor = 1250
    products[0].save()
    assert "“Red lamp 0” costs $12.50 now; it was $10.00." in client.get("/cart").content.decode()
    html = client.get("/cart").content.decode()
    assert "it was" not in html
    assert "$25.00" in html


def test_in_another_currency_lines_add_up_and_what_is_paid_stands_beside(client, products, settings):
    settings.EXCHANGE_RATES = {"USD": 1, "EUR": 1.1}
    fill(client, "sku-00", "sku-02")
    client.cookies["currency"] = "EUR"
    html = client.get("/cart").content.decode()
    assert re.findall(r'class="price">€([\d.]+)', html) == ["18.18", "21.82", "40.00"]
    assert "You pay $44.00." in html
    checkout = client.get("/checkout").content.decode()
    assert "$44.00" in checkout
    assert "about €40.00" in checkout


def test_nobody_changes_another_s_line(client, products):
    line, *_ = fill(client, "sku-00")
    for fields in ({"remove": "1"}, {"later": "1"}, {"quantity": "9"}):
        assert Client().post(f"/cart/lines/{line.pk}", fields).status_code == 404
    assert skus() == [("sku-00", 2)]
