"""Pages that say what went wrong, in the shopper's language, and what to do now."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path
from django.utils import translation

from shop import urls
from shop.storefront.views.errors import server_error


def _breaks(error: Exception):
    def view(request: HttpRequest) -> HttpResponse:
        raise error

    return view


class Addresses:
    """The shop's, and some that break."""

    handler500 = urls.handler500
    urlpatterns = (
        *urls.urlpatterns,
        path("damaged", _breaks(SuspiciousOperation("x"))),
        path("not-yours", _breaks(PermissionDenied("x"))),
        path("broken", _breaks(OperationalError("no such table"))),
    )


SAID = {
    ("/damaged", 400): ("This could not be read", "Go back and try again", "无法读取这个请求", "请返回重试"),
    ("/not-yours", 403): ("This is not open to you", "have to be signed in", "您无法查看此页", "需要登录"),
    ("/nowhere", 404): ("This page is not here", "Say what you were looking for", "这里没有这个页面", "请在上方输入"),
    ("/broken", 500): ("Something broke on our side", "try again in a moment", "我们这边出错了", "稍后再试"),
}


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize(("address", "status"), SAID)
def test_every_error_says_what_happened_and_what_to_do(settings, address, status, language):
    settings.ROOT_URLCONF = Addresses
    client = Client(raise_request_exception=False)
    client.cookies["django_language"] = language
    answer = client.get(address)
    html = answer.content.decode()
    happened, to_do = SAID[address, status][:2] if language == "en" else SAID[address, status][2:]
    assert answer.status_code == status
    assert f"<h1>{happened}</h1>" in html
    assert to_do in html
    assert 'href="/"' in html, "a way on"
    assert f'<html lang="{"en" if language == "en" else "zh-Hans"}"' in html


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "said"), [("en", "your browser keeps no cookies"), ("zh-hans", "浏览器未保存 Cookie")])
def test_a_form_without_its_token_says_that_nothing_was_changed(language, said):
    client = Client(enforce_csrf_checks=True)
    client.cookies["django_language"] = language
    answer = client.post("/cart/add", {"sku": "x"})
    assert answer.status_code == 403
    assert said in answer.content.decode()


@pytest.mark.django_db
def test_a_host_that_is_not_the_shop_s_is_refused_and_not_an_error_of_the_shop(settings):
    settings.ALLOWED_HOSTS = ["shop.example"]
    answer = Client(raise_request_exception=False).get("/", HTTP_HOST="evil.example")
    assert answer.status_code == 400
    assert "This could not be read" in answer.content.decode()


def test_the_page_of_a_broken_shop_needs_no_database_and_keeps_theme_and_address():
    request = RequestFactory().get('/search?q="><b>')
    request.COOKIES["theme"] = "dark"
    with translation.override("en"):
        html = server_error(request).content.decode()
    assert 'data-theme="dark"' in html
    assert 'href="/search?q=%22%3E%3Cb%3E"' in html
    assert ">Try again</a>" in html
    assert ">Try again</a>" not in server_error(RequestFactory().post("/cart/add")).content.decode(), "a form is not sent again"


def test_a_shop_whose_static_files_are_not_collected_still_says_that_it_is_broken(settings, tmp_path, caplog):
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
    }
    answer = server_error(RequestFactory().get("/"))
    assert answer.status_code == 500
    assert "我们这边出错了" in answer.content.decode()
    assert "event=error_page_failed" in caplog.text
