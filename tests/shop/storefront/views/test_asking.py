import io
import re
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from recommender.models import Recommendation, UploadedPhoto
from tests.shop.makers import photo_bytes

pytestmark = pytest.mark.django_db


def page(client, address="/search", **query):
    response = client.get(address, query)
    assert response.status_code == 200, response.content
    return response.content.decode()


def names(html: str) -> list[str]:
    return re.findall(r'<h3 lang="[^"]+">([^<]+)</h3>', html)


def links(html: str, css_class: str) -> list[str]:
    return [unescape(link) for link in re.findall(rf'<a class="{css_class}" href="([^"]+)"', html)]


def upload(client, data: bytes, q: str = "", name: str = "photo.png"):
    return client.post("/search/photo", {"q": q, "file": SimpleUploadedFile(name, data)})


def test_words_bring_the_products_that_have_them(client, products):
    html = page(client, q="lamp")
    assert names(html)
    assert all("lamp" in name for name in names(html)[:10])


def test_a_card_says_why_it_is_here_and_a_tap_says_how_much_each_reason_counts(client, products):
    cards = re.findall(r"<details class=why.*?<summary>(.*?)</summary>(.*?)</details>", page(client, q="lamp"), re.S)
    assert cards
    for closed, opened in cards:
        assert "%" not in closed, "a share beside the reason reads as how well the product matches"
        assert "Why it is here" in opened
        assert "not how well it matches" in opened
        shares = [int(share) for share in re.findall(r"<meter [^>]*value=(\d+)>", opened)]
        told = [share or "100" for share in re.findall(r"</meter>(?:(\d+)%|all) of its score", opened)]
        assert [str(share) for share in shares] == told
        assert 95 <= sum(shares) <= 101


def test_every_chip_can_be_taken_off_and_put_back(client, products):
    html = page(client, q="red lamp under $15")
    chips = links(html, "x")
    assert len(chips) >= 2
    priced = next(link for link in chips if "price" in parse_qs(urlsplit(link).query)["drop"][0])
    without = page(client, priced)
    assert 'value="red lamp under $15"' in without
    back = links(without, "chip dropped")
    assert len(back) == 1
    assert page(client, back[0]).count('class="x"') == html.count('class="x"')


def test_taking_the_price_off_brings_dearer_products(client, products):
    html = page(client, q="lamp under $12")
    priced = next(link for link in links(html, "x") if "price" in parse_qs(urlsplit(link).query)["drop"][0])
    assert len(names(page(client, priced))) > len(names(html))


def test_load_more_is_a_real_address_and_repeats_nothing(client, products):
    seen, html = [], page(client, q="living room")
    for _ in range(5):
        seen += names(html)
        following = links(html, "button")
        following = [link for link in following if "offset=" in link]
        if not following:
            break
        html = page(client, following[0])
    assert len(seen) == len(set(seen)) == 30


def test_htmx_gets_the_next_cards_alone_and_the_back_button_a_whole_page(client, products):
    html = page(client, q="living room")
    following = next(link for link in links(html, "button") if "offset=" in link)
    part = client.get(following, headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert "HX-Request" in part["Vary"]
    restored = client.get(following, headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert "<html" in restored.content.decode()


def test_sort_by_price_sorts_and_keeps_the_request(client, products):
    html = page(client, q="lamp", sort="price")
    prices = [float(price) for price in re.findall(r'<p class="price">\$([\d.]+)</p>', html)]
    assert prices == sorted(prices)
    assert 'value="lamp"' in html
    assert 'sort=price" aria-current="true"' in html


def test_a_photo_is_kept_and_answered_at_an_address_of_its_own(client, products):
    response = upload(client, photo_bytes("red", size=(64, 60)))
    assert response.status_code == 302
    html = page(client, response["Location"])
    assert "Like your photo" in html
    assert all(name.startswith("Red") for name in names(html)[:5])
    photo = client.get(re.search(r'src="(/search/photo/[^"]+)"', html)[1])
    assert photo["Content-Type"] == "image/jpeg"
    assert photo["X-Content-Type-Options"] == "nosniff"


def test_words_and_photo_go_together(client, products):
    response = upload(client, photo_bytes("blue"), q="chair")
    assert parse_qs(urlsplit(response["Location"]).query)["q"] == ["chair"]


def test_another_shopper_sees_neither_the_photo_nor_the_answer(client, products):
    address = upload(client, photo_bytes("red"))["Location"]
    photo_id = parse_qs(urlsplit(address).query)["photo"][0]
    page(client, address)
    stranger = Client()
    assert stranger.get(f"/search/photo/{photo_id}").status_code == 404
    assert stranger.get("/search", {"r": Recommendation.objects.latest("created_at").pk, "q": "x"}).status_code == 404


def test_deleting_a_photo_deletes_it_now(client, products):
    photo_id = parse_qs(urlsplit(upload(client, photo_bytes("red"))["Location"]).query)["photo"][0]
    assert client.post(f"/search/photo/{photo_id}/delete").status_code == 302
    assert not UploadedPhoto.objects.exists()
    assert client.post(f"/search/photo/{photo_id}/delete").status_code == 404


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "The photo is empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "Choose a JPEG, PNG"),
        (photo_bytes("red", size=(300, 300))[:150], "cannot be read"),
    ],
    ids=["empty", "svg", "cut off"],
)
def test_what_is_not_a_photo_is_refused_with_what_to_do(client, products, data, says):
    response = upload(client, data, q="lamp")
    assert response.status_code == 400
    html = response.content.decode()
    assert says in html
    assert 'value="lamp"' in html


def test_a_form_without_a_photo_answers_the_words(client, products):
    assert client.post("/search/photo", {"q": "lamp"})["Location"] == "/search?q=lamp"


@pytest.mark.parametrize(
    "query",
    [
        "q=x&offset=abc",
        "q=x&offset=-1",
        "q=x&r=junk%00",
        "r=junk",
        "q=x&sort=bogus",
        "q=x&drop=%00",
        "photo=..%2F..%2Fetc",
        "q=%00",
    ],
)
def test_damaged_addresses_are_not_found_rather_than_errors(client, products, query):
    assert client.get(f"/search?{query}").status_code in (400, 404)


def test_too_long_a_request_is_refused_with_both_numbers(client, products):
    response = client.get("/search", {"q": "x" * 501})
    assert response.status_code == 400
    assert "501 characters; at most 500" in response.content.decode()


def test_what_a_shopper_types_is_text_and_never_markup(client, products):
    html = page(client, q="<script>alert(1)</script>\"'><img src=x>")
    assert "<script>alert" not in html
    assert "<img src=x" not in html


def test_an_answer_from_long_ago_is_asked_again(client, products):
    page(client, q="lamp")
    row = Recommendation.objects.latest("created_at")
    Recommendation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    response = client.get("/search", {"q": "lamp", "r": row.pk, "offset": 24})
    assert response["Location"] == "/search?q=lamp"
    part = client.get("/search", {"q": "lamp", "r": row.pk, "offset": 24}, headers={"HX-Request": "true"})
    assert part["HX-Redirect"] == "/search?q=lamp"


def test_too_tight_a_request_says_what_was_let_go(client, products):
    html = page(client, q="lamp under $1")
    assert "Not met:" in html
    assert names(html)


def test_chinese_words_find_products_in_chinese(chinese, products):
    html = page(chinese, q="台灯")
    assert names(html)
    assert all("台灯" in name for name in names(html)[:5])


def test_a_search_alone_makes_the_visitor_known_and_the_home_page_does_not(client, products):
    client.get("/")
    assert "visitor" not in client.cookies
    page(client, q="lamp")
    cookie = client.cookies["visitor"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == 365 * 24 * 60 * 60


def test_a_part_of_the_photo_is_in_the_address_and_shown_cut_out(client, products):
    photo = SimpleUploadedFile("photo.png", photo_bytes("red", size=(100, 80)))
    response = client.post("/search/photo", {"q": "lamp", "file": photo, "box": ".1,.25,.6,1"})
    assert parse_qs(urlsplit(response["Location"]).query)["box"] == ["0.1,0.25,0.6,1"]
    html = page(client, response["Location"])
    shown = client.get(unescape(re.search(r'src="(/search/photo/[^"]+box=[^"]+)"', html)[1]))
    assert Image.open(io.BytesIO(shown.content)).size == (50, 60)
    assert Recommendation.objects.latest("created_at").request["box"] == [0.1, 0.25, 0.6, 1.0]


def test_the_part_can_be_changed_without_javascript_and_without_the_photo_again(client, products):
    first = page(client, upload(client, photo_bytes("red"), q="lamp")["Location"])
    photo_id = re.search(r'name="photo" value="([^"]+)"', first)[1]
    assert 'name="left"' in first
    html = page(client, q="lamp", photo=photo_id, left="20", top="0", width="50", height="90")
    assert f"/search/photo/{photo_id}?box=0.2,0,0.7,0.9" in html
    whole = page(client, q="lamp", photo=photo_id, left="0", top="0", width="100", height="100")
    assert "?box=" not in whole
    assert UploadedPhoto.objects.count() == 1


def test_steps_from_an_answer_keep_the_part(client, products):
    html = page(client, upload(client, photo_bytes("red", size=(90, 70)), q="lamp")["Location"])
    photo_id = re.search(r'name="photo" value="([^"]+)"', html)[1]
    html = page(client, q="red lamp", photo=photo_id, box="0,0,0.5,1")
    assert all(parse_qs(urlsplit(link).query)["box"] == ["0,0,0.5,1"] for link in links(html, "x") if "photo=" in link)
    assert not [link for link in links(html, "x") if "photo=" not in link and "box=" in link]


@pytest.mark.parametrize("box", ["1,1,0,0", "0,0,1", "a,b,c,d", "0,0,2,1", "-1,0,1,1", "0,0,nan,1", "," * 9, "0.5,0,0.5,1"])
def test_a_damaged_part_is_not_found(client, products, box):
    assert client.get("/search", {"q": "lamp", "box": box}).status_code == 404
    assert client.get("/search/photo/abc", {"box": box}).status_code == 404


@pytest.mark.parametrize("shares", [{"left": "x"}, {"left": "100", "width": "100"}, {"width": "0"}])
def test_damaged_shares_are_not_found(client, products, shares):
    given = {"q": "lamp", "left": "0", "top": "0", "width": "100", "height": "100", **shares}
    assert client.get("/search", given).status_code == 404
