"""Choices that a browser keeps."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from shop.storefront.context_processors import THEMES

THEME_AGE = 365 * 24 * 60 * 60


def next_url(request: HttpRequest, default: str = "/") -> str:
    """The page to go back to, as the form says, if it is one of ours."""
    given = request.POST.get("next", "")
    return given if url_has_allowed_host_and_scheme(given, {request.get_host()}, request.is_secure()) else default


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Keep "light" or "dark" in a cookie and return to the page."""
    theme = request.POST.get("theme", "")
    if theme not in THEMES:
        return HttpResponseBadRequest(_("A theme is one of: light, dark."))
    response = HttpResponseRedirect(next_url(request))
    response.set_cookie("theme", theme, max_age=THEME_AGE, samesite="Lax")
    return response
