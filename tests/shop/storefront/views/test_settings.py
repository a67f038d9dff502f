import pytest

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
