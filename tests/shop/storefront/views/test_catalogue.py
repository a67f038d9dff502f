import json
import re

import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.utils import timezone

from recommender.models import Event, Recommendation
from shop.catalog.models import Category, Product, ProductImage
from tests.shop.makers import photo_bytes

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    cache.clear()


def skus_by_row(html: str) -> list[list[str]]:
    rows = html.split('<section class="shelf-block">')[1:]
    return [re.findall(r'class="card-link" href="([^"?]+)', row) for row in rows]


def test_home_rows_say_why_and_repeat_no_product(client, products):
    html = client.get("/").content.decode()
    rows = skus_by_row(html)
    links = [link for row in rows for link in row]
    assert len(rows) >= 2
    assert len(links) == len(set(links))
    assert html.count('class="why-row"') == len(rows)


def test_home_opens_with_requests_and_what_the_shop_answers_to_them(client, products):
    html = client.get("/").content.decode()
    tiles = re.findall(r'<a class="tile" href="([^"]+)"', html)
    shown = re.findall(r'class="sr">: <span lang="en">([^<]+)<', html)
    assert tiles[0] == "/search?q=something+green+for+a+dark+corner"
    assert len(tiles) == len(set(tiles)) == len(set(shown))
    assert not [name for name in shown if f'<h3 lang="en">{name}</h3>' in html]
    assert not Recommendation.objects.filter(surface="example").exists()


def test_home_in_chinese_opens_with_chinese_requests(chinese, products):
    html = chinese.get("/").content.decode()
    assert "适合暗角落的绿植" in html
    assert "something green" not in html


def test_a_shopper_who_was_here_sees_their_own_rows_first_and_no_opening(client, products):
    for product in products[:4]:
        client.get(product.get_absolute_url())
    html = client.get("/").content.decode()
    assert 'class="tile"' not in html
    assert re.findall(r'<h2 id="shelf-\d+">([^<]+)<', html)[:2] == ["For you", "Looked at lately"]


def test_with_history_off_home_is_as_for_a_stranger(client, products):
    client.get(products[0].get_absolute_url())
    client.post("/account/history/use", {"use": "no"})
    html = client.get("/").content.decode()
    assert 'class="tile"' in html
    assert "For you" not in html
    assert "Looked at lately" not in html


def test_what_more_people_want_this_week_is_trending(client, products):
    for n in range(10, 18):
        for shopper in range(22 - n):
            Event.objects.create(item_id=f"sku-{n}", kind="view", occurred_at=timezone.now(), visitor_id=f"v{shopper}")
    html = client.get("/").content.decode()
    row = html.split(">Trending</h2>")[1].split("</section>")[0]
    shown = [int(n) for n in re.findall(r'<h3 lang="en">(?:\w+ )+(\d+)</h3>', row)]
    assert len(shown) >= 4
    assert shown == sorted(shown)
    assert set(shown) <= set(range(10, 18))


def test_home_of_an_empty_shop_says_so(client, db):
    assert "The shelves are still empty" in client.get("/").content.decode()


def test_what_was_looked_at_shapes_the_home_page(client, products):
    client.get(products[0].get_absolute_url())
    html = client.get("/").content.decode()
    assert "For you" in html
    assert "From what you looked at and bought" in html


def test_a_product_page_shows_what_it_knows_and_reports_one_view(client, products):
    html = client.get(products[1].get_absolute_url()).content.decode()
    for shown in ("Blue chair 1", "$11.00", "Only 3 left", "Acme", "blue", "sku-01", "A blue chair for the living room."):
        assert shown in html
    assert list(Event.objects.values_list("kind", "item_id")) == [("view", "sku-01")]


def test_a_view_remembers_the_answer_that_led_to_it(client, products):
    html = client.get("/search", {"q": "lamp"}).content.decode()
    link = re.search(r'class="card-link" href="([^"]+)"', html)[1].replace("&amp;", "&")
    client.get(link)
    event = Event.objects.get()
    assert event.recommendation_id in link
    assert event.position == 1


@pytest.mark.parametrize("query", ["r=%00&at=x", "at=99999999999", "r=" + "x" * 90, "r=junk&at=-1"])
def test_a_damaged_origin_is_ignored(client, products, query):
    assert client.get(f"{products[0].get_absolute_url()}?{query}").status_code == 200
    assert Event.objects.get().recommendation_id == ""


def test_rows_of_a_product_hold_neither_itself_nor_a_product_twice(client, products):
    rows = skus_by_row(client.get(products[0].get_absolute_url()).content.decode())
    links = [link for row in rows for link in row]
    assert rows
    assert len(links) == len(set(links))
    assert products[0].get_absolute_url() not in links


def test_looks_like_this_compares_photos(client, products):
    html = client.get(products[0].get_absolute_url()).content.decode()
    first = html.split("Looks like this")[1].split("</section>")[0]
    assert re.findall(r'<h3 lang="en">(\w+) ', first)[:4] == ["Red"] * 4


def test_each_photo_is_a_link_to_itself_in_large_and_has_a_thumbnail(client, products):
    second = ContentFile(photo_bytes("blue", (300, 500)), "x.png")
    ProductImage.objects.create(product=products[0], image=second, position=1)
    html = client.get(products[0].get_absolute_url()).content.decode()
    frames = re.findall(r'<li id="photo-(\d)"([^>]*)><a href="(\S+-w1600\.webp)" data-zoom aria-label="Photo \d: look', html)
    assert [(number, "tall" in shape) for number, shape, _ in frames] == [("1", False), ("2", True)]
    assert re.findall(r'<a href="#photo-(\d)"', html) == ["1", "2"]
    assert all(client.get(address).status_code == 200 for _, _, address in frames)


def test_machines_read_the_product_in_its_structured_data(client, products):
    Product.objects.filter(sku="sku-01").update(name="Chair </script><b>&", slug="chair")
    html = client.get("/products/chair").content.decode()
    data, path = (json.loads(text) for text in re.findall(r'<script type="application/ld\+json">(.*?)</script>', html))
    assert (data["name"], data["sku"], data["brand"]["name"]) == ("Chair </script><b>&", "sku-01", "Acme")
    assert data["url"] == "http://testserver/products/chair"
    assert data["offers"] | {"url": ""} == {
        "@type": "Offer", "url": "", "price": "11.00", "priceCurrency": "USD", "availability": "https://schema.org/InStock",
    }  # fmt: skip
    assert [step["name"] for step in path["itemListElement"]] == ["Home", "Seats"]
    assert '<meta property="og:image" content="http://testserver/media/products/' in html
    assert '<link rel="canonical" href="http://testserver/products/chair">' in html


def test_attributes_are_in_the_page_s_language_as_far_as_anybody_knows_the_words(chinese, products):
    attributes = {
        "color": ["red"],
        "screen size": ["13 inch"],
        "ram": ["8GB"],
        "plant type": ["Indoor", "Outdoor"],
        "fit": ["slim"],
    }
    Product.objects.filter(sku="sku-00").update(attributes=attributes)
    facts = chinese.get(products[0].get_absolute_url()).content.decode().split('<dl class="facts">')[1]
    read = [re.sub(r"<[^>]+>", "", fact) for fact in re.findall(r"<dt.*?</dd>", facts)]
    for shown in ("颜色红色", "屏幕尺寸13 英寸", "内存8GB", "适合摆放室内、室外", "Fitslim"):
        assert shown in read
    assert '<dt lang="en">Fit</dt><dd><span lang="en">slim</span>' in facts


def test_what_was_looked_at_before_is_offered_again_and_never_twice(client, products):
    for product in products[4:7]:
        client.get(product.get_absolute_url())
    rows = skus_by_row(client.get(products[0].get_absolute_url()).content.decode())
    links = [link for row in rows for link in row]
    assert len(links) == len(set(links))
    assert products[0].get_absolute_url() not in links
    assert {product.get_absolute_url() for product in products[4:7]} <= set(links)


def test_the_manifest_names_icons_that_are_there(client, db, settings):
    data = client.get("/site.webmanifest").json()
    assert [icon["sizes"] for icon in data["icons"]] == ["192x192", "512x512"]
    for icon in data["icons"]:
        assert (settings.BASE_DIR / "shop" / "static" / icon["src"].removeprefix("/static/")).exists()


def test_a_sku_in_the_address_leads_to_the_product(client, products):
    assert client.get("/products/sku-00")["Location"] == products[0].get_absolute_url()


@pytest.mark.parametrize(
    "address", ["/products/none", "/products/%00", "/products/" + "x" * 300, "/categories/none", "/categories/%00"]
)
def test_what_does_not_exist_is_not_found_in_the_shop_s_own_words(client, products, address):
    response = client.get(address)
    assert response.status_code == 404
    assert "This page is not here" in response.content.decode()


def test_a_hidden_product_has_no_page(client, products):
    Product.objects.filter(sku="sku-00").update(is_active=False)
    assert client.get(products[0].get_absolute_url()).status_code == 404


def test_a_sold_out_product_cannot_be_added(client, products):
    Product.objects.filter(sku="sku-00").update(stock=0)
    html = client.get(products[0].get_absolute_url()).content.decode()
    assert "Out of stock" in html
    assert "Add to cart" not in html


def test_category_pages_hold_every_product_below_once(client, products):
    address = Category.objects.get(name="Home").get_absolute_url()
    pages = [client.get(address, {"page": n}).content.decode() for n in (1, 2)]
    links = [link for html in pages for link in re.findall(r'class="card-link" href="([^"]+)"', html)]
    assert len(links) == len(set(links)) == 30
    assert client.get(address, {"page": "abc"}).status_code == 404


def test_photos_reserve_their_place_and_the_first_row_is_not_lazy(client, products):
    address = Category.objects.get(name="Home").get_absolute_url()
    images = re.findall(r"<img src=[^>]+>", client.get(address).content.decode())
    assert all(re.search(r'width="\d+" height="\d+"', image) for image in images)
    assert [('loading="lazy"' in image) for image in images[:5]] == [False] * 4 + [True]
    assert ['fetchpriority="high"' in image for image in images] == [True] + [False] * (len(images) - 1)


def test_photos_come_as_avif_with_webp_behind_it(client, products):
    address = Category.objects.get(name="Home").get_absolute_url()
    pictures = re.findall(r"<picture>.*?</picture>", client.get(address).content.decode())
    assert len(pictures) == 24
    for picture in pictures:
        assert re.search(r'<source type="image/avif" srcset="\S+\.avif \d+w[^"]*" sizes="[^"]+"><img src="\S+\.webp"', picture)


def test_the_menu_of_departments_works_without_javascript_and_in_the_page_s_language(client, products):
    Category.objects.filter(name="Lighting").update(translations={"zh": "灯具"})
    menu = client.get("/cart").content.decode().split('<details class="menu"')[1].split("</details>")[0]
    assert re.findall(r'class="top" href="[^"]+" lang="en">(\w+)<', menu) == ["Home"]
    assert ">Lighting</a>" in menu
    client.cookies["django_language"] = "zh-hans"
    assert '<a href="/categories/lighting" lang="zh-Hans">灯具</a>' in client.get("/cart").content.decode()
