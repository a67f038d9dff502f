"""The door of the box: what to show below it while somebody types."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST, require_safe

from shop import recommendations
from shop.storefront.forms import MAX_TEXT


@require_safe
def suggest(request: HttpRequest) -> HttpResponse:
    """The rows as HTML; nothing typed gives the shopper's own last requests, which no cache keeps."""
    typed = request.GET.get("q", "").replace("\x00", "")[:MAX_TEXT]
    panel = recommendations.suggestions_for(request, typed)
    response = render(request, "storefront/partials/suggestions.html", {"panel": panel})
    response["Cache-Control"] = "private, max-age=60" if typed.strip() else "no-store"
    patch_vary_headers(response, ["Cookie", "Accept-Language"])
    return response


@require_POST
def forget(request: HttpRequest) -> HttpResponse:
    """Forget what this shopper asked; the script that sent it shows the box without it."""
    recommendations.forget_recent_requests(request)
    return HttpResponse(status=204) if request.headers.get("X-Requested-With") == "fetch" else redirect("storefront:home")
