import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from recommender.models import Event
from shop.orders.models import CartLine
from shop.wishlist.models import Wish

pytestmark = pytest.mark.django_db


def test_the_heart_keeps_a_product_and_goes_back_to_the_page(client, products):
    answer = client.post("/wishlist", {"add": "sku-00", "next": "/search?q=lamp"})
    assert answer["Location"] == "/search?q=lamp"
    assert products[0].name in client.get("/wishlist").content.decode()
    page = client.get(products[0].get_absolute_url()).content.decode()
    assert re.search(r'name="remove" value="sku-00" aria-pressed="true"', page)
    assert re.search(r'id="wish-count">1<', page)
    client.post("/wishlist", {"remove": "sku-00"})
    assert "Nothing on your wish list yet" in client.get("/wishlist").content.decode()


def test_htmx_gets_every_heart_of_the_product_the_count_and_a_sentence(client, products):
    html = client.post("/wishlist", {"add": "sku-00"}, headers={"HX-Request": "true"}).content.decode()
    assert re.search(r'id="wish-sku-00"[^>]*aria-pressed="true"[^>]*hx-swap-oob="true"', html)
    assert re.search(r'id="wish-count" hx-swap-oob="true">1<', html)
    assert "is on your wish list" in html


def test_keeping_is_liking_and_taking_off_takes_the_like_back(client, products):
    client.post("/wishlist", {"add": "sku-00"})
    like = Event.objects.get(kind="like")
    assert (like.item_id, like.surface) == ("sku-00", "wishlist")
    client.post("/wishlist", {"remove": "sku-00"})
    assert not Event.objects.filter(kind="like").exists()


def test_a_member_s_like_goes_with_the_wish_although_it_was_made_as_a_guest(client, products):
    client.post("/wishlist", {"add": "sku-00"})
    client.post("/sign-up", {"name": "Lin", "email": "lin@example.com", "password": "a long enough phrase"})
    assert Wish.objects.get().user == User.objects.get()
    assert Event.objects.get(kind="like").user_id == f"user-{User.objects.get().pk}"
    client.post("/wishlist", {"remove": "sku-00"})
    assert not Event.objects.filter(kind="like").exists()


def test_with_history_off_the_list_works_and_nothing_is_told(client, products):
    client.post("/account/history/use", {"use": "no"})
    client.post("/wishlist", {"add": "sku-00"})
    assert Wish.objects.count() == 1
    assert not Event.objects.filter(kind="like").exists()


def test_moving_to_the_cart_empties_the_list_and_a_refusal_leaves_it(client, products):
    for sku in ("sku-00", "sku-02"):
        client.post("/wishlist", {"add": sku})
    products[2].stock = 0
    products[2].save()
    client.post("/wishlist/cart", {"sku": "sku-00"})
    assert CartLine.objects.get().product == products[0]
    assert "sold out" in client.post("/wishlist/cart", {"sku": "sku-02"}, follow=True).content.decode()
    assert Wish.objects.get().product == products[2]


def test_nobody_else_sees_or_changes_a_list(client, products):
    client.post("/wishlist", {"add": "sku-00"})
    stranger = Client()
    assert products[0].name not in stranger.get("/wishlist").content.decode()
    stranger.post("/wishlist", {"remove": "sku-00"})
    assert Wish.objects.count() == 1


@pytest.mark.parametrize(
    "fields", [{}, {"add": "none"}, {"add": "sku-00", "remove": "sku-00"}, {"add": "\x00"}, {"remove": "none"}]
)
def test_what_is_not_a_product_is_not_found(client, products, fields):
    assert client.post("/wishlist", fields).status_code == 404
    assert client.post("/wishlist/cart", {"sku": fields.get("add", "")[:4]}).status_code == 404
