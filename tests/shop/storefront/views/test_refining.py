"""The answer page: ways out when nothing fits, and steps from a card. All of it is links, so it works without JavaScript."""

import re
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client

from recommender.models import Recommendation
from shop.catalog.models import Product

pytestmark = pytest.mark.django_db


def page(client: Client, address: str = "/search", **query: str) -> str:
    response = client.get(address, query, follow=True)
    assert response.status_code == 200, response.content
    return response.content.decode()


def names(html: str) -> list[str]:
    return re.findall(r'<h3 lang="[^"]+">([^<]+)</h3>', html)


def prices(html: str) -> list[float]:
    return [float(price) for price in re.findall(r'<p class="price">\D*([\d.]+)</p>', html)]


def hrefs(html: str, holding: str) -> list[str]:
    return [link for link in map(unescape, re.findall(r'href="([^"]+)"', html)) if holding in link]


def step(client: Client, html: str, action: str, card: int = 0) -> str:
    """Press a button of a card; the address that it leads to."""
    form = re.search(r'<form id="step" action="([^"]+)">(.*?)</form>', html, re.S)
    fields = [(unescape(n), unescape(v)) for n, v in re.findall(r'name="([^"]+)" value="([^"]*)"', form[2])]
    skus = [unescape(sku) for sku in re.findall(r'form=step name=card value="([^"]+)"', html)]
    response = client.get(f"{form[1]}?{urlencode([*fields, ('step', f'{action} {skus[card]}')])}")
    assert response.status_code == 302, response.content
    return response["Location"]


def ways(html: str) -> list[tuple[str, str]]:
    return [(unescape(h), label) for h, label in re.findall(r'<a class="chip" href="([^"]+)"[^>]*><span>([^<]+)</span>', html)]


def test_nothing_fits_offers_ways_out_that_one_tap_takes(client, products):
    html = page(client, q="red lamp under $5")
    assert "No red lamp under $5: " in html
    found = ways(html)
    assert found
    address, label = found[0]
    assert label.startswith("red lamp from $")
    taken = page(client, address)
    assert "Not met:" not in taken
    assert all(name.startswith("Red lamp") for name in names(taken))
    assert "Undo the last step" in taken
    assert names(page(client, hrefs(taken, "action=undo")[0])) == names(html)


def test_nothing_fits_is_said_in_chinese(chinese, products):
    html = page(chinese, q="5美元以内的红色台灯")
    assert "没有US$5以内的红色台灯：" in html
    assert ways(html)[0][1].endswith("起的红色台灯")


def test_cheaper_than_this_is_cheaper_and_keeps_the_rest(client, products):
    html = page(client, q="red lamp", sort="-price")
    dearest = prices(html)[0]
    cheaper = page(client, step(client, html, "cheaper"))
    assert prices(cheaper)
    assert max(prices(cheaper)) < dearest
    assert prices(cheaper) == sorted(prices(cheaper), reverse=True)
    assert all(name.startswith("Red lamp") for name in names(cheaper))


def test_steps_add_up_in_the_address_and_undo_goes_back(client, products):
    first = page(client, q="lamp")
    cheaper = step(client, first, "cheaper", 3)
    second = page(client, cheaper)
    other = step(client, second, "another_colour")
    query = parse_qs(urlsplit(other).query)
    assert query["q"] == ["lamp"]
    assert len(query["add"]) == 2
    assert len(query["like"]) == 1
    third = page(client, other)
    colour = names(second)[0].split()[0]
    assert not any(name.startswith(colour) for name in names(third))
    back = client.get(hrefs(third, "action=undo")[0])["Location"]
    assert parse_qs(urlsplit(back).query).get("add") == parse_qs(urlsplit(cheaper).query)["add"]
    assert names(page(client, back)) == names(second)


def test_a_seed_is_a_chip_that_can_be_taken_off(chinese, products):
    html = page(chinese, q="台灯")
    liked = page(chinese, step(chinese, html, "more_like"))
    assert "像 " in liked
    off = next(link for link in hrefs(liked, "/search?") if "q=" in link and "like=" not in link and "add" not in link)
    assert names(page(chinese, off)) == names(html)


def test_edits_survive_the_next_page_and_another_language(client, products):
    address = step(client, page(client, q="living room", sort="-price"), "cheaper")
    html = page(client, address)
    following = hrefs(html, "offset=")
    assert all("add=" in link for link in following)
    assert f'name="next" value="{address}"' in unescape(html).replace("&amp;", "&")
    client.cookies["django_language"] = "zh-hans"
    chinese = page(client, address)
    assert sorted(prices(chinese)) == sorted(prices(html))
    assert re.search(r"US\$[\d.]+以内", chinese)


def test_best_match_takes_an_order_in_the_words_off(client, products):
    html = page(client, q="cheapest lamp")
    assert "cheapest first" in html
    best = next(link for link in hrefs(html, "drop=sort") if link)
    assert "cheapest first" in page(client, best)  # as a chip to be put back
    assert 'sort=price" aria-current="true"' not in page(client, best)


def test_a_step_that_is_not_possible_says_why_and_stays(client, products):
    Product.objects.filter(sku="sku-00").update(price_minor=None)
    answer = Recommendation.objects.latest("created_at").pk if page(client, q="lamp") else ""
    html = page(client, "/search/refine", q="lamp", r=answer, action="cheaper", sku="sku-00")
    assert "has no price to compare with" in html
    assert names(html)


@pytest.mark.parametrize(
    "query",
    ["action=cheaper&sku=sku-00", "r=junk&action=cheaper", "r={r}&action=explode&sku=sku-00", "r={r}&action=cheaper%00",
     "r={r}&q=x"],
)  # fmt: skip
def test_damaged_steps_are_not_found(client, products, query):
    page(client, q="lamp")
    answer = Recommendation.objects.latest("created_at").pk
    assert client.get(f"/search/refine?{query.format(r=answer)}").status_code == 404


@pytest.mark.parametrize(
    "query", ["add=must:color", "add=maybe:color:in:red", "add=must:price:lte:..x", "add=%00", "from=../x"]
)
def test_damaged_chips_are_refused(client, products, query):
    assert client.get(f"/search?q=lamp&{query}").status_code in (400, 404)


def test_another_shoppers_answer_is_no_parent_and_no_place_to_step_from(client, products):
    page(client, q="lamp")
    answer = Recommendation.objects.latest("created_at").pk
    stranger = Client()
    assert stranger.get(f"/search/refine?q=lamp&r={answer}&action=cheaper&sku=sku-00").status_code == 404
    assert stranger.get(f"/search?q=lamp&from={answer}").status_code == 200
    assert Recommendation.objects.latest("created_at").parent_id is None


def test_the_menu_of_a_card_is_a_page_of_its_own_where_no_script_runs(client, products):
    html = page(client, q="lamp", sort="-price")
    form = re.search(r'<form id="step" action="([^"]+)">(.*?)</form>', html, re.S)
    fields = [(unescape(n), unescape(v)) for n, v in re.findall(r'name="([^"]+)" value="([^"]*)"', form[2])]
    sku = re.search(r'form=step name=card value="([^"]+)"', html)[1]
    menu = page(client, f"/search/refine?{urlencode([*fields, ('card', sku)])}")
    assert "Back to the results" in menu
    again = re.search(r'<form id="step"[^>]*>(.*?)</form>', menu, re.S)[1]
    kept = [(unescape(n), unescape(v)) for n, v in re.findall(r'name="([^"]+)" value="([^"]*)"', again)]
    pressed = re.search(rf'name="step" value="(cheaper {sku})"', menu)[1]
    cheaper = page(client, f"/search/refine?{urlencode([*kept, ('step', pressed)])}")
    assert max(prices(cheaper)) < prices(html)[0]
    assert client.get(f"/search/refine?{urlencode([*fields, ('card', 'no-such')])}").status_code == 404
