"""What a shopper sees when something went wrong."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.utils.translation import get_language


def server_error(request: HttpRequest) -> HttpResponse:
    """The 500 page: no database, no session, no context processors; whatever broke may be one of them."""
    page = loader.get_template("500.html").render({"LANGUAGE_CODE": get_language() or "en"})
    return HttpResponse(page, status=500)
