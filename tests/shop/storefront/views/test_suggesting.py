import re
from html import unescape

import pytest

from recommender.models import Recommendation

pytestmark = pytest.mark.django_db


def rows(client, q: str = "") -> str:
    response = client.get("/search/suggest", {"q": q})
    assert response.status_code == 200
    return response.content.decode()


def test_rows_are_options_in_named_groups(client, products):
    html = rows(client, "red l")
    options = re.findall(r'<a class="suggest-row" role="option" aria-selected="false" tabindex="-1" href="([^"]+)"', html)
    groups = re.findall(r'role="group" aria-label="([^"]+)"', html)
    assert groups == ["Requests", "Products"]
    assert 2 <= len(options) <= 10
    assert f'data-says="{len(options)} suggestions. Arrow keys choose."' in html


def test_what_was_typed_is_marked_and_requests_lead_to_their_answer(client, products):
    html = rows(client, "red l")
    assert "<b>red</b> <b>l</b>amp" in html
    assert 'data-text="red lamp"' in html
    assert client.get("/search?q=red+lamp").status_code == 200


def test_category_and_product_lead_to_their_pages(client, products):
    html = rows(client, "lighting")
    assert products[0].category.get_absolute_url() in html
    assert products[0].get_absolute_url() in rows(client, "red lamp 0")


def test_typed_marks_and_names_are_data(client, products):
    products[0].name = '<img src=x onerror="alert(1)"> red lamp'
    products[0].save()
    html = rows(client, "<img")
    assert "<img src=x" not in html


def test_an_empty_box_shows_own_requests_alone_and_no_cache_keeps_them(client, products):
    client.get("/search", {"q": "red lamp"})
    response = client.get("/search/suggest")
    html = response.content.decode()
    assert 'data-recent="yes"' in html
    assert 'data-text="red lamp"' in html
    assert response["Cache-Control"] == "no-store"
    assert client.get("/search/suggest", {"q": "red"})["Cache-Control"] == "private, max-age=60"


def test_own_requests_are_nobody_elses_and_can_be_forgotten(client, products):
    client.get("/search", {"q": "red lamp"})
    assert "red lamp" not in rows(type(client)())
    assert client.post("/search/forget", headers={"X-Requested-With": "fetch"}).status_code == 204
    assert "red lamp" not in rows(client)
    assert not Recommendation.objects.exclude(visitor_id="").exists()
    assert client.get("/search/forget").status_code == 405


def test_with_the_history_off_no_request_is_shown_again(client, products):
    client.get("/search", {"q": "red lamp"})
    client.post("/account/history/use", {"use": "no"})
    assert "red lamp" not in rows(client)


def test_chinese_page_speaks_chinese(chinese, products):
    html = rows(chinese, "红色")
    assert 'role="group" aria-label="搜索建议"' in html
    assert "条建议" in html


@pytest.mark.parametrize("odd", ["", "\x00", "a" * 5000, "'\"", "\u202e", "%00"])
def test_odd_strings_get_an_answer(client, products, odd):
    assert "data-rows" in rows(client, odd)


def test_every_page_holds_the_box_with_what_its_script_needs(client, products):
    for address in ("/", "/search?q=lamp", "/cart", products[0].get_absolute_url()):
        html = client.get(address).content.decode()
        assert html.count("data-ask") == 1
        listbox = re.search(r'<div role="listbox" id="([^"]+)" aria-label="[^"]+" data-list>', html)[1]
        assert listbox.startswith("suggest-")
        assert 'data-from="/search/suggest"' in html
        assert re.search(r'<button type="button" class="icon-button" data-voice hidden', html)
        assert unescape(html).count('role="combobox"') == 0  # the script says so once it works
