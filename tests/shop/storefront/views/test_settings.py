import pytest

from shop.accounts.models import Preference

pytestmark = pytest.mark.django_db


def test_the_theme_stays_and_the_page_too(client, products):
    response = client.post("/theme", {"theme": "dark", "next": "/search?q=lamp"})
    assert response["Location"] == "/search?q=lamp"
    assert 'data-theme="dark"' in client.get("/").content.decode()


def test_an_unknown_theme_is_refused_and_a_forged_cookie_ignored(client, products):
    assert client.post("/theme", {"theme": '"><script>'}).status_code == 400
    client.cookies["theme"] = '"><script>'
    assert "data-theme" not in client.get("/").content.decode()


def test_the_language_switch_keeps_the_page(client, products):
    response = client.post("/language/setlang/", {"language": "zh-hans", "next": "/search?q=lamp"})
    assert response["Location"] == "/search?q=lamp"
    assert '<html lang="zh-Hans"' in client.get("/search?q=lamp").content.decode()


def test_the_language_that_a_member_switches_to_is_kept_with_the_account(client, django_user_model):
    member = django_user_model.objects.create_user("ann@example.org", password="a long word")
    client.force_login(member)
    client.post("/language/setlang/", {"language": "zh-hans", "next": "/"})
    assert Preference.objects.get(user=member).language == "zh-hans"
    client.post("/language/setlang/", {"language": "xx", "next": "/"})
    assert Preference.objects.get(user=member).language == "zh-hans"


def test_a_guest_who_switches_the_language_leaves_it_with_the_browser_alone(client, db):
    client.post("/language/setlang/", {"language": "zh-hans", "next": "/"})
    assert client.cookies["django_language"].value == "zh-hans"
    assert not Preference.objects.exists()
