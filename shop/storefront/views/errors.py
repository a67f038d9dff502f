"""What a shopper sees when something went wrong."""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.utils.translation import get_language

from shop.storefront.context_processors import THEMES

logger = logging.getLogger(__name__)

# When even the template or the list of static files is what broke.
BARE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Attune</title><h1>Something broke on our side</h1><p>Try again in a moment. <a href="/">Back to the shop</a></p>
<div lang="zh-Hans"><h1>我们这边出错了</h1><p>请稍后再试。<a href="/">返回商店</a></p></div></html>"""


def server_error(request: HttpRequest) -> HttpResponse:
    """The 500 page: no database, no session, no context processors; whatever broke may be one of them."""
    theme = request.COOKIES.get("theme", "")
    values = {
        "LANGUAGE_CODE": get_language() or "en",
        "theme": theme if theme in THEMES else "",
        "again": request.get_full_path() if request.method == "GET" else "",
    }
    try:
        page = loader.get_template("500.html").render(values)
    except Exception as error:
        logger.error("event=error_page_failed error=%r", error)
        page = BARE
    return HttpResponse(page, status=500)
