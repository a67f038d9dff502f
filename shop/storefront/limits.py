"""How often an address may try something: a counter for each hour in Django's cache, under a name that tells nothing."""

from __future__ import annotations

import time

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

HOUR = 60 * 60


def within_limit(request: HttpRequest, what: str, most: int, *, who: str = "") -> bool:
    """Count one more try of ``who``, by default of the network address; False from the ``most + 1``-th of an hour on."""
    ident = who or _address(request)
    digest = salted_hmac("shop.limits", f"{what}:{ident}", algorithm="sha256").hexdigest()[:32]
    key = f"shop:limit:{digest}:{int(time.time() // HOUR)}"
    cache.add(key, 0, timeout=HOUR + 1)
    try:
        return bool(cache.incr(key) <= most)
    except ValueError:  # evicted between the two calls
        return True


def _address(request: HttpRequest) -> str:
    """The caller's address; behind NUM_PROXIES proxies of ours, the one that the outermost of them saw."""
    proxies = int(settings.REST_FRAMEWORK.get("NUM_PROXIES") or 0)
    forwarded: list[str] = [
        part.strip() for part in str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",") if part.strip()
    ]
    if proxies and forwarded:
        return forwarded[-min(proxies, len(forwarded))]
    return str(request.META.get("REMOTE_ADDR", ""))
