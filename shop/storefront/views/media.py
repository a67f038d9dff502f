"""Product photos, served by the shop itself where no web server stands in front of it."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe
from django.views.static import serve

PUBLIC = ("products/", "CACHE/images/products/")
YEAR = 365 * 24 * 60 * 60


@require_safe
def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """A product's photo or one of its renditions; nothing else under MEDIA_ROOT is public, least of all shoppers' photos.

    Names are random and never reused, so a browser may keep a photo for a year.
    """
    if not path.startswith(PUBLIC) or "\x00" in path or ".." in path:
        raise Http404
    response = serve(request, path, document_root=str(settings.MEDIA_ROOT))
    response["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    return response
