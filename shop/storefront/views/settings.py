"""Choices that a browser keeps, and the account's page of them."""

from __future__ import annotations

from django.conf import settings as conf
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from django.views.i18n import set_language as keep_language

from shop.accounts.selectors import uses_history
from shop.accounts.services import set_preference
from shop.storefront.context_processors import THEMES
from shop.storefront.currency import keep_currency
from shop.storefront.forms import SettingsForm
from shop.storefront.money import chosen_currency, shop_currencies
from shop.storefront.preferences import keep_choices
from shop.storefront.visitors import ensure_visitor, who

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


@require_POST
def set_language(request: HttpRequest) -> HttpResponseBase:
    """Read the shop in another language and return to the page; a member's account keeps the choice."""
    code = request.POST.get("language", "")
    if isinstance(request.user, User) and code in dict(conf.LANGUAGES):
        set_preference(user=request.user, language=code)
    return keep_language(request)


@require_POST
def set_currency(request: HttpRequest) -> HttpResponse:
    """Read prices in another currency and return to the page; a member's account keeps the choice."""
    code = request.POST.get("currency", "")
    if code not in shop_currencies():
        return HttpResponseBadRequest(_("A currency is one of: %(codes)s.") % {"codes": ", ".join(shop_currencies())})
    if isinstance(request.user, User):
        set_preference(user=request.user, currency=code)
    response = HttpResponseRedirect(next_url(request))
    keep_currency(response, code)
    return response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    """Language, currency and whether the history is used: kept with the account or, for a guest, with this browser."""
    person = who(request)
    now = {
        "language": translation.get_language(),
        "currency": chosen_currency(),
        "use_history": uses_history(user_id="" if person.user_id is None else str(person.user_id), visitor_id=person.visitor),
    }
    form = SettingsForm(request.POST if request.method == "POST" else None, initial=now)
    if request.method != "POST" or not form.is_valid():
        return render(request, "storefront/settings.html", {"form": form}, status=400 if form.is_bound else 200)
    if isinstance(request.user, User):
        chosen = set_preference(user=request.user, **form.cleaned_data)
    else:
        chosen = set_preference(visitor=ensure_visitor(request), **form.cleaned_data)
    with translation.override(chosen.language):
        messages.success(request, _("Your settings are saved."))
    response = redirect("storefront:settings")
    keep_choices(response, chosen)
    return response
