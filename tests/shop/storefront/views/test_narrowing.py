"""The answer page: facets, chips changed in their place, what htmx gets. All are plain GETs: it works without JavaScript."""

import re
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client

from recommender.models import Recommendation
from tests.shop.storefront.views.test_refining import hrefs, names, page, prices, step

pytestmark = pytest.mark.django_db

FIELD = re.compile(r"<(?:input|option)[^>]*>")


def attributes(tag: str) -> dict[str, str]:
    found = {name: unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', tag)}
    return {**found, "checked": "yes" if re.search(r"\bchecked\b", tag) else ""}


def form_with(html: str, marker: str) -> str:
    return next(form for form in re.findall(r"<form.*?</form>", html, re.S) if marker in form)


def filled(form: str) -> list[tuple[str, str]]:
    """What a browser would send of a form that nobody touched; a select sends nothing."""
    tags = [attributes(tag) for tag in re.findall(r"<input[^>]*>", form)]
    return [
        (t["name"], t.get("value", ""))
        for t in tags
        if "name" in t and (t.get("type") not in ("checkbox", "radio") or t["checked"])
    ]


def choices(html: str) -> dict[str, tuple[str, int]]:
    """Label -> (name and value as sent, count) of every facet."""
    form = form_with(html, 'value="filter"')
    found = re.findall(
        r'<label class="pick[^"]*"><input[^>]*name="(\w+)" value="([^"]*)"[^>]*><span[^>]*>([^<]+)</span><span class="n">(\d+)',
        form,
    )
    return {unescape(label): (f"{name}={unescape(value)}", int(n)) for name, value, label, n in found}


def choose(client: Client, html: str, *labels: str, off: tuple[str, ...] = (), **typed: str) -> str:
    form = form_with(html, 'value="filter"')
    known = choices(html)
    fields = [pair for pair in filled(form) if "=".join(pair) not in {known[label][0] for label in off}]
    for label in labels:
        name, _equals, value = known[label][0].partition("=")
        fields = [pair for pair in fields if name != "price" or pair[0] != "price"]
        fields.append((name, value))
    fields = [pair for pair in fields if pair[0] not in typed] + list(typed.items())
    response = client.get(f"/search/refine?{urlencode(fields)}")
    assert response.status_code == 302, response.content
    return response["Location"]


def edit(client: Client, html: str, key: str, **changed: object) -> str:
    """Send the little form of a chip; ``changed``: field -> value or values."""
    form = form_with(html, f'name="key" value="{key}"') if key else form_with(html, "<optgroup")
    fields = [pair for pair in filled(form) if pair[0] not in changed]
    fields += [(name, value) for name, given in changed.items() for value in (given if isinstance(given, list) else [given])]
    response = client.get(f"/search/refine?{urlencode(fields)}", follow=True)
    assert response.status_code == 200, response.content
    return response.content.decode()


def total(html: str) -> int:
    return int(re.search(r'id="count"[^>]*>\D*(\d+)', html)[1])


def test_every_count_is_what_choosing_that_value_gives(client, products):
    html = page(client, q="living room")
    known = choices(html)
    assert {"Lighting", "Seats", "Red", "Blue"} <= set(known)
    for label, (_sent, n) in known.items():
        assert (label, total(page(client, choose(client, html, label)))) == (label, n)


def test_facets_never_drop_the_request_and_the_address_holds_them(client, products):
    html = page(client, q="lamp", sort="price")
    address = choose(client, html, "Red")
    query = parse_qs(urlsplit(address).query)
    assert (query["q"], query["sort"], query["f"]) == (["lamp"], ["price"], ["color:in:red"])
    narrowed = page(client, address)
    assert all(name.startswith("Red") for name in names(narrowed))
    assert "Color: red" in narrowed  # told on top, as a chip


def test_values_of_one_facet_are_alternatives_and_can_be_taken_off_again(client, products):
    html = page(client, q="living room")
    both = page(client, choose(client, page(client, choose(client, html, "Red")), "Blue"))
    assert total(both) == choices(html)["Red"][1] + choices(html)["Blue"][1]
    blue = page(client, choose(client, both, off=("Red",)))
    assert total(blue) == choices(html)["Blue"][1]
    assert "Undo the last step" in blue


def test_a_chip_of_the_words_is_a_choice_of_its_facet(client, products):
    html = page(client, q="red lamp")
    both = choose(client, html, "Blue")
    query = parse_qs(urlsplit(both).query)
    assert query["add"] == ["must:color:in:red|blue"]
    assert query["drop"] == ["color:in:red"]
    shown = names(page(client, both))
    assert {name.split()[0] for name in shown} == {"Red", "Blue"}
    assert "drop=color" in choose(client, html, off=("Red",))
    own = re.findall(r'name="v" value="red" checked><span[^>]*>([^<]+)<', html)
    assert own == ["Red"], "as its neighbours are written"


def test_a_narrower_category_takes_the_place_of_the_wider_one_and_back(client, products):
    html = page(client, choose(client, page(client, q="living room"), "Lighting"))
    assert total(html) == 15
    wider = {label: n for label, (_sent, n) in choices(html).items()}
    assert (wider["Lighting"], wider["Seats"]) == (15, 15)


def test_prices_can_be_chosen_typed_and_taken_off(client, products):
    html = page(client, q="lamp")
    label = next(label for label in choices(html) if label.startswith("Up to $"))
    chosen = page(client, choose(client, html, label))
    bound = float(label.removeprefix("Up to $"))
    assert max(prices(chosen)) <= bound
    typed = page(client, choose(client, chosen, low="12.50", high="20"))
    assert prices(typed)
    assert all(12.5 <= price <= 20 for price in prices(typed))
    assert "$12.50–$20" in typed
    assert total(page(client, choose(client, typed, low="", high="", price=""))) == total(html)


def test_crossed_prices_are_refused_with_a_sentence(client, products):
    html = page(client, q="lamp")
    refused = page(client, choose(client, html, low="30", high="10"))
    assert "The lowest price is above the highest." in refused
    assert total(refused) == total(html)


def test_a_price_chip_is_changed_in_its_place(client, products):
    html = page(client, q="lamp under $15")
    changed = edit(client, html, "price:lte:..1500 USD", high="30")
    assert "up to $30" in changed
    assert max(prices(changed)) <= 30
    assert "Undo the last step" in changed


@pytest.mark.parametrize(("how", "says"), [("want", "preferably"), ("not", "not blue"), ("must", "Color: blue")])
def test_a_chip_is_given_another_value_and_another_strength(client, products, how, says):
    html = edit(client, page(client, q="red lamp"), "color:in:red", v="blue", how=how)
    assert says in html
    assert 'value="red lamp"' in html
    blue = [name for name in names(html) if name.startswith("Blue")]
    assert (len(blue) == len(names(html)), bool(blue)) == {"want": (False, True), "not": (False, False), "must": (True, True)}[
        how
    ]


def test_a_must_becomes_a_wish_without_losing_its_words(client, products):
    html = edit(client, page(client, q="red lamp"), "color:in:red", v="red", how="want")
    assert 'class="chip want"' in html
    assert names(html)[0].startswith("Red")
    assert not all(name.startswith("Red") for name in names(html))


def test_a_chip_is_added_by_hand(client, products):
    html = edit(client, page(client, q="lamp"), "", v="color:in:green", how="must")
    assert all(name.startswith("Green") for name in names(html))
    refused = edit(client, page(client, q="lamp"), "", v="color:in:green", how="not")
    assert not any(name.startswith("Green") for name in names(refused))


def test_chips_and_facets_speak_chinese_and_the_shops_money(chinese, products):
    html = page(chinese, q="15美元以下的红色台灯")
    assert "US$15以内" in html
    assert "颜色：红色" in html
    assert {"红色", "蓝色", "绿色"} <= set(choices(html))
    assert 'placeholder="US$' in html


@pytest.mark.parametrize(
    "query",
    ["f=color", "f=price:lte:..x", "f=%00", "f=" + "x" * 500, "add=must:color:in:red&f=nonsense:in:"],
)
def test_damaged_filters_are_refused(client, products, query):
    assert client.get(f"/search?q=lamp&{query}").status_code in (400, 404)


@pytest.mark.parametrize("query", ["low=abc", "low=-1", "high=1e999", "how=maybe", "v=%00", "key=color", "price=x:y"])
def test_damaged_steps_with_a_chip_are_refused(client, products, query):
    page(client, q="lamp")
    answer = Recommendation.objects.latest("created_at").pk
    response = client.get(f"/search/refine?q=lamp&r={answer}&action=filter&{query}")
    assert response.status_code in (302, 404)
    edited = client.get(f"/search/refine?q=lamp&r={answer}&action=edit&key=color:in:red&{query}")
    assert edited.status_code in (302, 404)


def test_htmx_gets_the_answer_alone_with_its_title_and_what_changed(client, products):
    html = page(client, q="lamp")
    address = choose(client, html, "Red")
    response = client.get(address, headers={"HX-Request": "true"})
    part = response.content.decode()
    assert "<html" not in part
    assert part.lstrip().startswith("<title>lamp")
    assert re.search(r'id="answer" data-says="\d+ products. Added: Color: red"', part)
    assert "HX-Request" in response["Vary"]
    restored = client.get(address, headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert "<html" in restored.content.decode()


def test_a_later_page_keeps_its_facets_where_no_script_runs(client, products):
    html = page(client, q="living room")
    second = page(client, next(link for link in hrefs(html, "offset=")))
    assert choices(second) == choices(html)


def test_taking_a_filter_off_can_be_undone(client, products):
    html = page(client, choose(client, page(client, q="lamp"), "Red"))
    off = next(link for link in hrefs(html, "/search?") if "f=" not in link and "from=" in link)
    bare = page(client, off)
    undone = page(client, hrefs(bare, "action=undo")[0])
    assert names(undone) == names(html)


def test_a_step_from_a_card_keeps_the_filters(client, products):
    html = page(client, choose(client, page(client, q="lamp", sort="-price"), "Red"))
    cheaper = step(client, html, "cheaper")
    assert parse_qs(urlsplit(cheaper).query)["f"] == ["color:in:red"]
    assert all(name.startswith("Red") for name in names(page(client, cheaper)))


def test_a_full_page_of_cards_stays_light(client, products):
    assert len(page(client, q="living room").encode()) <= 60 * 1024
