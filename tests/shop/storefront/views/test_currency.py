import pytest
from django.contrib.auth.models import User

from shop.accounts.models import Preference

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def rates(settings) -> None:
    settings.EXCHANGE_RATES = {"USD": 1, "EUR": 1.25, "JPY": 0.01}
    settings.RECOMMENDER = {**settings.RECOMMENDER, "EXCHANGE_RATES": settings.EXCHANGE_RATES}
    settings.EXCHANGE_RATES_DATE = "2026-11-01"


def test_choosing_a_currency_keeps_the_page_and_its_request(client, products):
    answer = client.post("/currency", {"currency": "EUR", "next": "/search?q=red+lamp&sort=price"})
    assert answer["Location"] == "/search?q=red+lamp&sort=price"
    html = client.get(answer["Location"]).content.decode()
    assert "€8.00" in html, "the cheapest red lamp costs $10.00"
    assert "$10.00" not in html


def test_the_page_says_at_which_rates_prices_are_converted_and_what_is_paid(client, products):
    client.post("/currency", {"currency": "EUR"})
    html = client.get(products[0].get_absolute_url()).content.decode()
    assert "converted at fixed demo rates of Nov. 1, 2026. You pay in US dollars." in html


@pytest.mark.parametrize("code", ["", "SEK", "eur", "EUR\x00"])
def test_a_currency_that_the_shop_has_no_rate_of_is_refused_with_those_it_has(client, products, code):
    answer = client.post("/currency", {"currency": code})
    assert answer.status_code == 400
    assert "A currency is one of: USD, EUR, JPY." in answer.content.decode()


def test_a_stranger_s_cookie_changes_nothing(client, products):
    client.cookies["currency"] = "'><script>"
    assert "$10.00" in client.get(products[0].get_absolute_url()).content.decode()


def test_price_words_without_a_currency_mean_the_chosen_one(client, products):
    """Yen are a cent each here: "under 2000" are 20 dollars."""
    client.post("/currency", {"currency": "JPY"})
    html = client.get("/search", {"q": "red lamp under 2000"}).content.decode()
    assert "¥1,000" in html
    assert "¥2,200" not in html


def test_an_account_keeps_the_currency(client, products):
    user = User.objects.create_user("lin@example.com", password="x")
    client.force_login(user)
    client.post("/currency", {"currency": "EUR"})
    assert Preference.objects.get(user=user).currency == "EUR"
