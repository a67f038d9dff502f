import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from recommender.models import Event, Recommendation
from shop.orders.models import CartLine, Order
from shop.reviews.models import Review
from shop.storefront.views import privacy
from shop.wishlist.models import Wish
from tests.shop.storefront.views.test_orders import buy

pytestmark = pytest.mark.django_db
NEW = {"name": "Lin", "email": "Lin@Example.com", "password": "a long enough phrase"}


def test_signing_up_brings_the_guest_s_cart_and_history_along(client, products):
    client.get(products[0].get_absolute_url())
    client.post("/cart/add", {"sku": "sku-02"})
    assert client.post("/sign-up", NEW)["Location"] == "/account"
    user = User.objects.get()
    assert CartLine.objects.get().cart.user == user
    assert set(Event.objects.values_list("user_id", flat=True)) == {f"user-{user.pk}"}
    html = client.get("/account").content.decode()
    assert "Hello, Lin" in html
    assert "Looked at" in html


def test_signing_in_loses_no_line_of_cart_wish_list_orders_history_or_reviews(client, products):
    client.post("/sign-up", NEW)
    client.post("/cart/add", {"sku": "sku-00", "quantity": 2})
    client.post("/wishlist", {"add": "sku-04"})
    client.post("/sign-out")
    client.get(products[6].get_absolute_url())
    buy(client, "sku-08")
    client.post(f"{products[8].get_absolute_url()}/review", {"stars": "5"})
    for sku in ("sku-00", "sku-02"):
        client.post("/cart/add", {"sku": sku})
    for sku in ("sku-04", "sku-06"):
        client.post("/wishlist", {"add": sku})
    client.post("/sign-in", {"username": NEW["email"], "password": NEW["password"]})
    assert dict(CartLine.objects.values_list("product__sku", "quantity")) == {"sku-00": 3, "sku-02": 1}
    assert set(Wish.objects.values_list("product__sku", flat=True)) == {"sku-04", "sku-06"}
    user = User.objects.get()
    assert {CartLine.objects.first().cart.user, Order.objects.get().user, Review.objects.get().user} == {user}
    assert set(Event.objects.values_list("user_id", flat=True)) == {f"user-{user.pk}"}
    assert Event.objects.filter(kind="view", item_id="sku-06").exists(), "what was seen lately is seen by the member"


def test_settings_are_kept_by_the_account_and_come_back_at_sign_in(client, products, settings):
    settings.EXCHANGE_RATES = {"USD": 1, "EUR": 1.1}
    client.post("/sign-up", NEW)
    client.post("/account/settings", {"language": "zh-hans", "currency": "EUR"})
    other = Client()
    other.post("/sign-in", {"username": NEW["email"], "password": NEW["password"]})
    html = other.get("/account/history").content.decode()
    assert "已关闭" in html
    assert "€" in other.get(products[0].get_absolute_url()).content.decode()


@pytest.mark.parametrize("fields", [{}, {"language": "fr", "currency": "USD"}, {"language": "en", "currency": "XXX"}])
def test_settings_that_do_not_exist_are_refused(client, products, fields):
    assert client.post("/account/settings", fields).status_code == 400


def test_a_long_history_is_read_page_by_page(client, products, monkeypatch):
    monkeypatch.setattr(privacy, "PAGE_SIZE", 3)
    for product in products[:5]:
        client.get(product.get_absolute_url())
    pages = [client.get(f"/account/history?page={n}").content.decode() for n in (1, 2)]
    found = [re.findall(r'name="event" value="([0-9A-Z]+)"', html) for html in pages]
    assert [len(events) for events in found] == [3, 2]
    assert len({*found[0], *found[1]}) == 5
    assert client.get("/account/history?page=x").status_code == 404


def test_what_is_remembered_of_a_product_no_longer_sold_can_be_seen_and_forgotten(client, products):
    client.get(products[0].get_absolute_url())
    products[0].is_active = False
    products[0].save()
    html = client.get("/account/history").content.decode()
    assert "A product that is no longer sold" in html
    client.post("/account/history/delete", {"event": re.search(r'name="event" value="([0-9A-Z]+)"', html)[1]})
    assert not Event.objects.exists()


def test_one_can_sign_in_and_out_again(client, products):
    client.post("/sign-up", NEW)
    client.post("/sign-out")
    assert "You are a guest" in client.get("/account").content.decode()
    wrong = client.post("/sign-in", {"username": "lin@example.com", "password": "no"})
    assert wrong.status_code == 400
    assert client.post("/sign-in", {"username": "LIN@example.com", "password": NEW["password"]}).status_code == 302
    assert "Hello, Lin" in client.get("/account").content.decode()


def test_signing_out_leaves_nothing_to_the_next_person(client, products):
    client.get(products[0].get_absolute_url())
    client.post("/sign-up", NEW)
    client.post("/sign-out")
    assert client.cookies["visitor"].value == ""
    assert "Nothing yet" in client.get("/account").content.decode()


@pytest.mark.parametrize("address", ["//evil.example", "https://evil.example/", "javascript:alert(1)"])
def test_signing_in_never_leaves_the_shop(client, products, address):
    assert client.post("/sign-up", {**NEW, "next": address})["Location"] == "/account"


def test_signing_in_goes_on_where_the_shopper_was(client, products):
    assert client.post("/sign-up", {**NEW, "next": "/checkout"})["Location"] == "/checkout"


def test_things_are_forgotten_one_by_one_or_all_at_once(client, products):
    for product in products[:3]:
        client.get(product.get_absolute_url())
    html = client.get("/account/history").content.decode()
    event = re.search(r'name="event" value="([0-9A-Z]+)"', html)[1]
    stranger = Client()
    assert stranger.post("/account/history/delete", {"event": event}).status_code == 404
    assert client.post("/account/history/delete", {"event": event}).status_code == 302
    assert Event.objects.count() == 2
    client.post("/account/history/delete", {"event": "all"})
    assert not Event.objects.exists()


@pytest.mark.parametrize("event", ["", "\x00", "none"])
def test_forgetting_what_is_not_there_is_not_found(client, products, event):
    assert client.post("/account/history/delete", {"event": event}).status_code == 404


@pytest.mark.parametrize("member", [False, True])
def test_history_switched_off_is_neither_written_nor_used(client, products, member):
    if member:
        client.post("/sign-up", NEW)
    client.get(products[0].get_absolute_url())
    client.post("/account/history/use", {"use": "no"})
    assert "It is off" in client.get("/account").content.decode()
    client.get(products[1].get_absolute_url())
    mine = Event.objects.exclude(user_id="", visitor_id="")
    assert list(mine.values_list("item_id", flat=True)) == ["sku-00"]
    assert "For you" not in client.get("/").content.decode()
    client.post("/account/history/use", {"use": "yes"})
    assert "For you" in client.get("/").content.decode()


def test_the_download_holds_account_orders_and_history_of_this_shopper_alone(client, products):
    Client().get(products[1].get_absolute_url())
    client.get(products[0].get_absolute_url())
    client.post("/sign-up", NEW)
    client.post("/cart/add", {"sku": "sku-02"})
    order = Order.objects.create(user=User.objects.get(), email="lin@example.com", name="Lin", subtotal_minor=1, total_minor=1)
    answer = client.get("/account/export")
    assert answer["Content-Disposition"] == 'attachment; filename="my-data.json"'
    found = answer.json()
    assert found["shop"]["account"]["email"] == "lin@example.com"
    assert found["shop"]["orders"][0]["number"] == order.number
    assert found["shop"]["cart"][0]["sku"] == "sku-02"
    assert {event["item_id"] for event in found["recommendations"]["events"]} == {products[0].sku, "sku-02"}


def test_erasing_asks_for_the_password_and_leaves_orders_without_a_name(client, products, caplog):
    client.get(products[0].get_absolute_url())
    client.post("/sign-up", NEW)
    user = User.objects.get()
    client.post("/cart/add", {"sku": "sku-02"})
    order = Order.objects.create(user=user, email="lin@example.com", name="Lin", city="H", subtotal_minor=7, total_minor=7)
    assert client.post("/account/erase", {"password": "wrong"}).status_code == 400
    assert User.objects.exists()
    page = client.post("/account/erase", {"password": NEW["password"]}, follow=True)
    assert re.search(r"Receipt: [0-9A-Z]{26}", page.content.decode())
    assert not User.objects.exists()
    assert not Event.objects.exists()
    assert not Recommendation.objects.exists()
    assert not CartLine.objects.exists()
    order.refresh_from_db()
    assert (order.user, order.email, order.name, order.city, order.total_minor) == (None, "", "", "", 7)
    assert str(user.pk) not in order.owner.split(":")
    assert "You are a guest" in client.get("/account").content.decode()
    assert "lin@example.com" not in caplog.text


def test_a_guest_erases_this_browser_only(client, products):
    other = Client()
    for browser in (client, other):
        browser.get(products[0].get_absolute_url())
    assert "password" not in client.get("/account/erase").content.decode().lower()
    assert client.post("/account/erase").status_code == 302
    assert Event.objects.count() == 1
    assert "Looked at" in other.get("/account").content.decode()


def test_with_history_off_the_pages_are_a_new_visitor_s_byte_for_byte(client, products):
    """But for what names the page itself or the visit: ids of answers, signed tokens, the visitor and nonces."""
    for product in products[:3]:
        client.get(product.get_absolute_url())
    client.post("/account/history/use", {"use": "no"}, follow=True)
    stranger = Client()
    stranger.get("/")
    for address in ("/", "/search?q=red+lamp", "/search?q=lamp+under+20&limit=5", products[5].get_absolute_url()):
        assert _bare(client.get(address)) == _bare(stranger.get(address)), address


def _bare(response) -> bytes:
    assert response.status_code == 200
    own = rb'(name="csrfmiddlewaretoken" value|nonce|data-[a-z-]*(?:id|token)|content|value)="[0-9A-Za-z_.:-]{22,}"'
    return re.sub(rb"01[0-9A-HJKMNP-TV-Z]{24}", b"ID", re.sub(own, rb'\1=""', response.content))
