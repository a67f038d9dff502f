import re

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client

from shop.orders.models import Order, OrderLine
from shop.reviews.models import MAX_TEXT, Review
from shop.storefront.views import reviews

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client, products) -> str:
    """The address of a product that this browser bought."""
    cache.clear()
    client.get(products[0].get_absolute_url())
    order = Order.objects.create(
        visitor_token=client.cookies["visitor"].value, owner="visitor:x", subtotal_minor=1, total_minor=1
    )
    OrderLine.objects.create(order=order, product=products[0], sku="sku-00", name="Lamp", quantity=1, unit_price_minor=1)
    return products[0].get_absolute_url()


def test_a_buyer_writes_and_the_shop_looks_at_it_before_others_see_it(client, page):
    client.post(f"{page}/review", {"stars": "4", "text": "Bright enough to read.", "name": "Lin"})
    assert "Your review waits for the shop’s look." in client.get(page).content.decode()
    stranger = Client()
    assert "Bright enough" not in stranger.get(page).content.decode()
    Review.objects.update(state="approved")
    html = stranger.get(page).content.decode()
    assert "Bright enough to read." in html
    assert "bought here" in html
    assert 'aria-label="4 of 5 stars"' in html
    assert "1 review by a buyer" in html
    assert "Write a review" not in html


def test_no_review_no_stars(client, products):
    html = client.get(products[0].get_absolute_url()).content.decode()
    assert "stars" not in html.replace("reviews.css", "")


def test_who_did_not_buy_finds_no_page_to_write_on(client, page):
    stranger = Client()
    assert stranger.get(f"{page}/review").status_code == 404
    assert stranger.post(f"{page}/review", {"stars": "1"}).status_code == 404
    assert not Review.objects.exists()
    assert client.get("/products/none/review").status_code == 404


def test_words_are_shown_as_words(client, page):
    client.post(f"{page}/review", {"stars": "1", "text": "<script>alert(1)</script>\n\nsecond", "name": "<b>x</b>"})
    Review.objects.update(state="approved")
    html = client.get(page).content.decode()
    assert "<script>alert(1)" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<b>x</b>" not in html


@pytest.mark.parametrize(
    "fields", [{}, {"stars": "0"}, {"stars": "6"}, {"stars": "x"}, {"stars": "3", "text": "x" * (MAX_TEXT + 1)}]
)
def test_what_does_not_fit_is_said_and_nothing_is_written(client, page, fields):
    assert client.post(f"{page}/review", fields).status_code == 400
    assert not Review.objects.exists()


def test_a_flood_is_stopped(client, page, monkeypatch):
    monkeypatch.setattr(reviews, "WRITTEN_AN_HOUR", 2)
    codes = [client.post(f"{page}/review", {"stars": "3"}).status_code for _ in range(3)]
    assert codes == [302, 302, 429]


def test_one_s_own_review_can_be_changed_and_deleted(client, page):
    client.post(f"{page}/review", {"stars": "4", "text": "Fine."})
    assert re.search(r'value="4" checked', client.get(f"{page}/review").content.decode())
    client.post(f"{page}/review", {"stars": "2"})
    assert Review.objects.get().stars == 2
    client.post(f"{page}/review", {"delete": "1"})
    assert not Review.objects.exists()


def test_a_simulated_review_says_that_it_is_one(client, products):
    Review.objects.create(product=products[0], stars=5, state="approved", simulated=True)
    html = client.get(products[0].get_absolute_url()).content.decode()
    assert "· simulated" in html
    assert "bought here" not in html


def test_erasing_takes_the_reviews_along_and_the_download_holds_them(client, page):
    client.post(f"{page}/review", {"stars": "4", "text": "Fine."})
    assert client.get("/account/export").json()["shop"]["reviews"][0]["text"] == "Fine."
    client.post("/account/erase")
    assert not Review.objects.exists()


def test_a_shopkeeper_decides_on_many_at_once(client, products):
    client.force_login(User.objects.create_superuser("boss"))
    made = [Review.objects.create(product=products[n], visitor_token=f"g{n}", stars=3, text="Fine.") for n in range(3)]
    address = "/admin/reviews/review/"
    assert client.get(address).status_code == 200
    client.post(address, {"action": "approve", "_selected_action": [review.pk for review in made[:2]]})
    assert sorted(Review.objects.values_list("state", flat=True)) == ["approved", "approved", "pending"]
