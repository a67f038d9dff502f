import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from recommender.models import Recommendation

pytestmark = pytest.mark.django_db


def skus_in(address: str) -> list[str]:
    return parse_qs(urlsplit(address).query)["sku"]


def test_the_address_holds_the_comparison_in_its_order(client, products):
    html = client.get("/compare?sku=sku-02&sku=sku-00").content.decode()
    assert html.index("Green lamp 2") < html.index("Red lamp 0")
    assert "$12.00" in html
    assert re.search(r'<tr class="differs"><th scope="row">Color', html)
    assert not re.search(r'<tr class="differs"><th scope="row">Brand', html), "both are of Acme"


def test_only_what_differs_is_shown_on_request(client, products):
    html = client.get("/compare?sku=sku-02&sku=sku-00&only=differences").content.decode()
    assert '<th scope="row">Color' in html
    assert '<th scope="row">Brand' not in html
    assert '<th scope="row">Price' in html, "price and stock are always there"


def test_adding_goes_on_from_the_comparison_looked_at_last(client, products):
    assert skus_in(client.get("/compare/add?sku=sku-00")["Location"]) == ["sku-00"]
    client.get("/compare?sku=sku-00&sku=sku-01")
    assert skus_in(client.get("/compare/add?sku=sku-05")["Location"]) == ["sku-00", "sku-01", "sku-05"]
    assert skus_in(client.get("/compare/add?sku=sku-00")["Location"]) == ["sku-01", "sku-00"]


def test_a_fifth_takes_the_place_of_the_first_and_the_page_says_so(client, products):
    client.get("/compare?sku=sku-00&sku=sku-01&sku=sku-02&sku=sku-03")
    answer = client.get("/compare/add?sku=sku-04", follow=True)
    assert skus_in(answer.redirect_chain[0][0]) == ["sku-01", "sku-02", "sku-03", "sku-04"]
    assert "the first one made room" in answer.content.decode()


def test_one_is_removed_by_a_link(client, products):
    html = client.get("/compare?sku=sku-00&sku=sku-01").content.decode()
    assert re.findall(r'class="text-button" href="([^"]+)"', html) == ["/compare?sku=sku-01", "/compare?sku=sku-00"]


def test_one_product_alone_offers_what_was_looked_at(client, products):
    client.get(products[5].get_absolute_url())
    html = client.get("/compare?sku=sku-00").content.decode()
    assert "One more, and there is something to compare" in html
    assert 'href="/compare?sku=sku-00&amp;sku=sku-05"' in html


@pytest.mark.parametrize("query", ["", "?sku=", "?sku=none&sku=%00", "?only=differences", "?sku=" + "x" * 300])
def test_an_address_of_nothing_is_an_empty_page_and_not_an_error(client, products, query):
    answer = client.get("/compare" + query)
    assert answer.status_code == 200
    assert "Nothing to compare yet" in answer.content.decode()


@pytest.mark.parametrize("sku", ["", "none", "%00"])
def test_what_is_not_a_product_cannot_be_added(client, products, sku):
    assert client.get(f"/compare/add?sku={sku}").status_code == 404


def test_a_damaged_cookie_is_an_empty_comparison(client, products):
    client.cookies["compare"] = "sku=%ff&&&=;\x01"
    assert skus_in(client.get("/compare/add?sku=sku-00")["Location"]) == ["sku-00"]


def best_in(html: str) -> tuple[str, str]:
    """What the page says of the best, and the product above it; ("", "") where it says nothing."""
    said = re.search(r'<b class="best">.*?<span>([^<]*)</span></b> <a [^>]*>([^<]*)</a>', html)
    marked = re.findall(r'<span lang="[^"]*">([^<]*)</span></a>\s*<p class="best">', html)
    assert marked == ([said[2]] if said else [])
    return (said[1], said[2]) if said else ("", "")


def ranked(client) -> list[str]:
    """Skus of the last answer, best first."""
    return [sku for sku, _score in Recommendation.objects.order_by("-id")[0].ranking]


def test_the_product_that_the_last_answer_ranked_highest_is_marked_with_its_reason(client, products):
    names = {product.sku: product.name for product in products}
    client.get("/search?q=green lamp")
    order = ranked(client)
    worse, best = order[3], order[1]
    html = client.get(f"/compare?sku={worse}&sku={best}").content.decode()
    assert best_in(html) == ("Fits “green lamp” best", names[best])
    assert re.search(r'<p class="best-said">.*<span class="muted small">[^<]{4,}</span></p>', html)
    client.cookies["django_language"] = "zh-hans"
    assert best_in(client.get(f"/compare?sku={worse}&sku={best}").content.decode())[0] == "最符合“green lamp”"


def test_nothing_is_marked_without_a_request_or_with_one_that_ranked_by_price(client, products):
    pair = "/compare?sku=sku-02&sku=sku-08"
    client.get("/search?q=green lamp")
    assert best_in(client.get(pair).content.decode()) != ("", "")
    assert best_in(Client().get(pair).content.decode()) == ("", ""), "somebody else's request"
    only_one = client.get(f"/compare?sku={ranked(client)[0]}&sku=none").content.decode()
    assert best_in(only_one) == ("", "")
    client.get("/search?q=green lamp&sort=price")
    assert best_in(client.get(pair).content.decode()) == ("", ""), "cheapest first is not best first"


def test_with_the_history_off_a_request_marks_nothing(client, products):
    client.get("/search?q=green lamp")
    client.post("/account/history/use", {"use": "no"})
    assert best_in(client.get("/compare?sku=sku-02&sku=sku-08").content.decode()) == ("", "")
