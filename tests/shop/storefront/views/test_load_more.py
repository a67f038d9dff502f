"""Twenty pages of one answer over the real view: nothing repeats and nothing is left out, whatever happens meanwhile."""

import re
from html import unescape

import pytest

from recommender.encoders import set_encoders
from recommender.engine import reset_engine
from recommender.models import Recommendation
from recommender.services.indexing import drain, mark_stale
from shop.catalog.models import Category, Product
from tests.encoders import HashedWords

pytestmark = pytest.mark.django_db

PAGES, SIZE = 20, 18


@pytest.fixture
def many(db, settings):
    """Twenty pages of lamps that all fit about equally well."""
    settings.RECOMMENDER = {**settings.RECOMMENDER, "WARM_UP": False, "MEASURE_COLOURS": False}
    encoders = [HashedWords()]
    set_encoders(encoders)
    reset_engine()
    node = Category.objects.add_root({"name": "Lighting"})
    rows = [
        Product(sku=f"lamp-{n}", slug=f"lamp-{n}", name=f"Desk lamp {n}", price_minor=1000 + n % 7, stock=5, category=node)
        for n in range(PAGES * SIZE)
    ]
    Product.objects.bulk_create(rows)
    mark_stale([row.sku for row in rows])
    drain(encoders=encoders)
    yield rows
    set_encoders(None)
    reset_engine()


def skus(html: str) -> list[str]:
    return re.findall(r'href="/products/(lamp-\d+)\?', html)


def following(html: str) -> str | None:
    found = re.search(r'<li class="more"><a class="button" href="([^"]+)"', html)
    return unescape(found[1]) if found else None


def test_twenty_pages_repeat_nothing_and_leave_nothing_out(client, many):
    html = client.get("/search", {"q": "desk lamp"}).content.decode()
    stored = Recommendation.objects.latest("created_at")
    pages = [skus(html)]
    while address := following(html):
        if len(pages) == 5:  # a newcomer that fits best, and a price that changes, move nothing
            Product.objects.create(sku="new", slug="new", name="Desk lamp desk lamp", price_minor=1, stock=9)
            Product.objects.filter(sku=pages[0][0]).update(price_minor=99_000)
            mark_stale(["new", pages[0][0]])
            drain()
        response = client.get(address, headers={"HX-Request": "true"})
        assert "<html" not in response.content.decode()
        html = response.content.decode()
        pages.append(skus(html))
    assert [len(page) for page in pages] == [SIZE] * PAGES
    shown = [sku for page in pages for sku in page]
    assert shown == [str(item_id) for item_id, _score in stored.ranking]
    assert sorted(shown) == sorted(row.sku for row in many)
    assert Recommendation.objects.filter(surface="search").count() == 1


def test_what_is_sold_out_meanwhile_is_left_out_and_nothing_else(client, many):
    html = client.get("/search", {"q": "desk lamp"}).content.decode()
    stored = [str(item_id) for item_id, _score in Recommendation.objects.latest("created_at").ranking]
    first = skus(html)
    gone = {stored[30], stored[100], stored[101]}
    Product.objects.filter(sku__in=gone).update(stock=0)
    shown = list(first)
    while address := following(html):
        html = client.get(address, headers={"HX-Request": "true"}).content.decode()
        shown += skus(html)
    assert shown == [sku for sku in stored if sku not in gone]
