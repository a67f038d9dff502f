"""Prices in words: what a shopper types without a currency is in the one they see, and is said in it."""

import json
import re
from decimal import Decimal
from html import unescape
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext

from fusion.instructions.parser import LexiconParser
from fusion.messages import say
from fusion.types import Vocabulary
from shop.storefront.currency import CURRENCY_COOKIE
from shop.storefront.facts import NAMES
from shop.storefront.money import currency_chosen, round_money

pytestmark = pytest.mark.django_db


@pytest.fixture
def in_euro(client, settings):
    settings.EXCHANGE_RATES = {"USD": 1, "EUR": 2}
    settings.RECOMMENDER = {**settings.RECOMMENDER, "EXCHANGE_RATES": {"USD": 1, "EUR": 2}}
    client.cookies[CURRENCY_COOKIE] = "EUR"
    return client


def html_of(client, **query) -> str:
    response = client.get("/search", query)
    assert response.status_code == 200
    return unescape(response.content.decode())


def chips(html: str) -> list[str]:
    return re.findall(
        r"<span lang=\"[^\"]+\">([^<]+)</span>", html.partition('<ul class="chips"')[2].partition('class="answer-body')[0]
    )


def prices(html: str) -> list[float]:
    return [float(price) for price in re.findall(r'<p class="price">€([\d.]+)</p>', html)]


def test_an_amount_without_a_currency_is_in_the_one_that_is_shown(in_euro, products):
    html = html_of(in_euro, q="lamp under 10")
    assert "up to €10" in chips(html)
    assert len(prices(html)) > 3, "lamps cost 10 to 39 dollars, which is 5 to 20 euros"
    assert max(prices(html)) <= 10


def test_dollars_stay_dollars_and_are_shown_converted(in_euro, products):
    html = html_of(in_euro, q="lamp under $20")
    assert "up to €10" in chips(html)
    assert max(prices(html)) <= 10


def test_a_bound_set_by_hand_in_dollars_is_shown_and_edited_in_euro(in_euro, products):
    html = html_of(in_euro, q="lamp", add="must:price:lte:..2000 USD")
    assert "up to €10" in chips(html)
    form = html.partition('name="key" value="price:lte')[2].partition("</form>")[0]
    assert 'name="high" inputmode="decimal" value="10"' in form
    assert max(prices(html)) <= 10


def test_what_there_is_instead_is_said_in_euro(in_euro, products):
    html = html_of(in_euro, q="lamp under $4")
    message = html.partition('<section class="tight"')[2].partition("</section>")[0]
    assert "under €2" in message
    assert "from €5" in message
    assert "$" not in message
    assert "Not met: price up to €2" in html


@pytest.mark.parametrize(
    ("language", "currency", "said", "bound"),
    [
        ("en", "USD", "$30", "USD:3000"), ("en", "EUR", "€30", "EUR:3000"), ("en", "JPY", "¥4,000", "JPY:4000"),
        ("en", "CNY", "CN¥200", "CNY:20000"), ("zh-hans", "USD", "US$30", "USD:3000"), ("zh-hans", "CNY", "¥200", "CNY:20000"),
        ("zh-hans", "JPY", "JP¥4,000", "JPY:4000"),
    ],
)  # fmt: skip
def test_examples_name_round_amounts_of_the_shoppers_currency_which_are_read_as_such(language, currency, said, bound):
    parser = LexiconParser(exchange_rates=settings.EXCHANGE_RATES)
    parser.fit(Vocabulary({}, "USD"))
    with translation.override(language), currency_chosen(currency):
        text = gettext("a gift for someone who loves plants under %(amount)s") % {"amount": round_money(Decimal(30), "USD")}
    assert said in text
    (price,) = [c for c in parser.parse(text, currency=currency).constraints if c.field == "price"]
    assert f"{price.currency}:{price.high:g}" == bound


def test_no_page_of_the_shop_mixes_two_spellings_of_colour():
    """Prices are in dollars, so a shopper reads American English."""
    read = [*Path("templates").rglob("*.html"), Path("shop/locale/zh_Hans/LC_MESSAGES/django.po")]
    for path in read:
        lines = [line for line in path.read_text().splitlines() if path.suffix == ".html" or line.startswith("msgid")]
        shown = re.sub(r"another_colour|colour-scheme", "", "\n".join(lines))
        assert not re.search("colour", shown, re.IGNORECASE), path
    assert "color" in say("ask_color", "en")
    assert all(name == "Color" for key, name in NAMES.items() if key in ("color", "colour"))


def test_questions_and_answers_call_the_history_what_its_page_is_called():
    told = json.loads(Path("shop/faq/content.json").read_text())
    with translation.override("zh-hans"):
        name = gettext("Your history")
    assert f"“{name}”" in json.dumps(told, ensure_ascii=False)
    assert "您的历史" not in json.dumps(told, ensure_ascii=False)
