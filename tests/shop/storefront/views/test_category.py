"""A category's page: sorted and narrowed in its own address, by plain links and a plain form."""

import re
from html import unescape
from urllib.parse import urlencode

import pytest

from recommender.engine import reset_engine
from recommender.models import Recommendation
from recommender.services.indexing import drain, mark_stale
from shop.catalog.models import Category, Product
from shop.storefront.views import catalogue
from tests.shop.makers import make_product
from tests.shop.storefront.views.test_narrowing import choices, filled, form_with

pytestmark = pytest.mark.django_db
SEATS = "/categories/seats"


@pytest.fixture(autouse=True)
def seats(products):
    assert Category.objects.get(name="Seats").get_absolute_url() == SEATS
    Product.objects.filter(sku="sku-03").update(rating=4.5)
    Product.objects.filter(sku="sku-01").update(stock=0)
    mark_stale(["sku-03", "sku-01"])
    drain()


def names(html: str) -> list[str]:
    return [unescape(name) for name in re.findall(r'<h3 lang="[^"]+">([^<]+)</h3>', html)]


def send(client, url: str, *labels: str, **typed: str):
    html = client.get(url).content.decode()
    form = form_with(html, 'value="filter"')
    known = choices(html)
    picked = [tuple(known[label][0].split("=", 1)) for label in labels]
    taken = {name for name, _value in picked if name == "price"} | set(typed)
    fields = [pair for pair in filled(form) if pair[0] not in taken] + picked + list(typed.items())
    action = re.search(r'action="([^"]+)"', form)[1]
    assert action == SEATS
    return client.get(f"{action}?{urlencode(fields)}")


def test_it_holds_everything_newest_first_also_what_is_sold_out(client):
    html = client.get(SEATS).content.decode()
    shown = names(html)
    assert len(shown) == Product.objects.filter(category__name="Seats").count()
    assert "Out of stock" in html
    newest = Product.objects.filter(category__name="Seats").order_by("-created_at", "-id")
    assert shown[0] == newest[0].name
    assert not Recommendation.objects.exists()


def test_it_is_sorted_by_price_and_rating_in_its_own_address(client):
    html = client.get(SEATS).content.decode()
    orders = html.split('class="sorts"')[1].split("</details>")[0]
    assert {label: url for url, label in re.findall(r'<li><a href="([^"]+)"[^>]*>([^<]+)</a></li>', orders)} == {
        "Newest": SEATS,
        "Price: low first": f"{SEATS}?sort=price",
        "Price: high first": f"{SEATS}?sort=-price",
        "Best rated": f"{SEATS}?sort=rating",
    }
    cheapest = [p.name for p in Product.objects.filter(category__name="Seats").order_by("price_minor")]
    assert names(client.get(f"{SEATS}?sort=price").content.decode()) == cheapest
    assert names(client.get(f"{SEATS}?sort=-price").content.decode()) == cheapest[::-1]
    best = client.get("/categories/home?sort=rating").content.decode()
    assert names(best)[0] == Product.objects.get(sku="sku-03").name


def test_a_filter_counts_what_it_leaves_and_its_address_can_be_kept(client):
    html = client.get(SEATS).content.decode()
    n = choices(html)["Red"][1]
    response = send(client, f"{SEATS}?sort=price", "Red")
    assert response.status_code == 302
    assert response["Location"] == f"{SEATS}?sort=price&f=color%3Ain%3Ared"
    narrowed = client.get(response["Location"]).content.decode()
    assert len(names(narrowed)) == n
    assert all(name.startswith("Red chair") for name in names(narrowed))
    assert f'href="{SEATS}?sort=price"' in narrowed  # clear all
    assert 'name="f" value="category' not in html


def test_a_typed_price_narrows_and_one_that_nothing_fits_says_so(client):
    response = send(client, SEATS, low="12", high="15")
    prices = client.get(response["Location"]).content.decode()
    assert 0 < len(names(prices)) < 15
    none = client.get(send(client, SEATS, low="9000")["Location"]).content.decode()
    assert names(none) == []
    assert "Nothing here fits all of this." in none


def test_bounds_that_cross_are_refused_in_words(client):
    response = send(client, SEATS, low="50", high="10")
    assert response["Location"] == SEATS
    assert "The lowest price is above the highest." in client.get(SEATS).content.decode()


def test_pages_have_addresses_and_htmx_gets_the_cards_alone(client, monkeypatch):
    monkeypatch.setattr(catalogue, "PAGE_SIZE", 4)
    seen: list[str] = []
    url = f"{SEATS}?sort=price"
    while url:
        html = client.get(url, headers={"HX-Request": "true"} if seen else {}).content.decode()
        assert ("<html" in html) == (not seen)
        seen += names(html)
        more = re.search(r'<li class="more"><a class="button" href="([^"]+)"', html)
        url = unescape(more[1]) if more else ""
    everything = [p.name for p in Product.objects.filter(category__name="Seats").order_by("price_minor")]
    assert seen == everything
    assert "<html" in client.get(f"{SEATS}?page=2", headers={"HX-Request": "true", "HX-Boosted": "true"}).content.decode()
    assert names(client.get(f"{SEATS}?sort=price&page=999").content.decode()) == everything[-(len(everything) % 4 or 4) :]


def test_a_product_that_nobody_indexed_yet_is_there_too(client):
    make_product("sku-new", name="Brand new seat", category=Category.objects.get(name="Seats"), price_minor=500)
    assert names(client.get(SEATS).content.decode())[0] == "Brand new seat"


def test_without_an_index_the_category_is_shown_and_says_what_it_cannot_do(client):
    from recommender.models import IndexedItem

    IndexedItem.objects.all().delete()
    reset_engine()
    html = client.get(f"{SEATS}?sort=price").content.decode()
    assert "Sorting and filters are not available just now." in html
    assert len(names(html)) == Product.objects.filter(category__name="Seats").count()
    assert "data-filters" not in html


@pytest.mark.parametrize("query", ["f=xx", "sort=random", "page=0", "page=x", "page=9999999999", "f=%00"])
def test_a_damaged_address_is_not_found(client, query):
    assert client.get(f"{SEATS}?{query}").status_code == 404


def test_in_chinese_labels_and_orders_are_chinese(chinese):
    orders = chinese.get(SEATS).content.decode().split('class="sorts"')[1].split("</details>")[0]
    assert re.findall(r"<a [^>]*>([^<]+)</a>", orders)[:3] == ["最新", "价格从低到高", "价格从高到低"]
