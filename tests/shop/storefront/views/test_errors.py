from django.test import RequestFactory
from django.utils import translation

from shop.storefront.views.errors import server_error


def test_the_error_page_needs_no_database_and_speaks_both_languages():
    with translation.override("en"):
        response = server_error(RequestFactory().get("/"))
    assert response.status_code == 500
    assert "Something broke on our side" in response.content.decode()
    with translation.override("zh-hans"):
        assert "我们这边出错了" in server_error(RequestFactory().get("/")).content.decode()
