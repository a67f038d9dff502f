"""The door of the box: what to show below it while somebody types, and the shop's own answers."""

from __future__ import annotations

from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST, require_safe

from shop import recommendations
from shop.faq.selectors import all_answers, begun_questions
from shop.storefront.forms import MAX_TEXT
from shop.storefront.suggestions import PageRow, parts_of

MAX_ROWS = 10


@require_safe
def suggest(request: HttpRequest) -> HttpResponse:
    """The rows as HTML; nothing typed gives the shopper's own last requests, which no cache keeps."""
    typed = request.GET.get("q", "").replace("\x00", "")[:MAX_TEXT]
    begun = begun_questions(typed, request.LANGUAGE_CODE)
    answers = [PageRow(found.text, parts_of(found.text, found.ranges), found.answer.url) for found in begun]
    panel = replace(recommendations.suggestions_for(request, typed, MAX_ROWS - len(answers)), answers=answers)
    response = render(request, "storefront/partials/suggestions.html", {"panel": panel})
    response["Cache-Control"] = "private, max-age=60" if typed.strip() else "no-store"
    patch_vary_headers(response, ["Cookie", "Accept-Language"])
    return response


@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    """Every answer of the shop on one page."""
    return render(request, "storefront/help.html", {"answers": all_answers(request.LANGUAGE_CODE)})


@require_POST
def forget(request: HttpRequest) -> HttpResponse:
    """Forget what this shopper asked; the script that sent it shows the box without it."""
    recommendations.forget_recent_requests(request)
    return HttpResponse(status=204) if request.headers.get("X-Requested-With") == "fetch" else redirect("storefront:home")
