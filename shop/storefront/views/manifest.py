"""The web manifest: the shop's name, icon and colours, for a phone's home screen."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe


@require_safe
def manifest(request: HttpRequest) -> JsonResponse:
    """Made here and not a file: it speaks the shopper's language and names icons as static files are named."""
    icons = [
        {"src": static(f"storefront/icon-{side}.png"), "sizes": f"{side}x{side}", "type": "image/png"} for side in (192, 512)
    ]
    data = {
        "name": "Attune",
        "short_name": "Attune",
        "description": _(
            "Say what you want, in English or Chinese, in words or with a photo. Every product says why it is here."
        ),
        "lang": "zh-Hans" if (get_language() or "").startswith("zh") else "en",
        "start_url": reverse("storefront:home"),
        "display": "minimal-ui",
        "background_color": "#ffffff",
        "theme_color": "#ffffff",
        "icons": icons,
    }
    return JsonResponse(data, content_type="application/manifest+json", json_dumps_params={"ensure_ascii": False})
