"""Product photos, served by the shop itself where no web server stands in front of it."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe
from django.views.static import serve

from shop.catalog.renditions import FOLDER, rendition_named

PUBLIC = ("products/", FOLDER)
YEAR = 365 * 24 * 60 * 60


@require_safe
def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """A product's photo or one of its renditions; nothing else under MEDIA_ROOT is public, least of all shoppers' photos.

    A rendition that nobody asked for yet is made now. Names are random and never reused, so a browser may keep a photo for
    a year.
    """
    if not path.startswith(PUBLIC) or "\x00" in path or ".." in path:
        raise Http404
    if path.startswith(FOLDER):
        rendition = rendition_named(path)
        if rendition is None or not rendition.make():
            raise Http404
    response = serve(request, path, document_root=str(settings.MEDIA_ROOT))
    if path.startswith(FOLDER):
        response["Content-Type"] = f"image/{path.rpartition('.')[2]}"  # not every system's list of types knows AVIF
    response["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    return response
