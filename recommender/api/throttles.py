"""Bounded cost: each endpoint has a limit for a shopper and a wider one for an address, since visitor tokens are free.

Rates come from ``REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]`` ({"recommendations": "300/min"}), else from DEFAULT_RATES.
Counts live in Django's default cache; give several processes a shared one for exact limits.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.core.cache import cache
from django.utils.crypto import salted_hmac
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

DEFAULT_RATES = {
    "recommendations": "300/min",
    "recommendations_address": "3000/min",
    "products": "1200/min",
    "products_address": "6000/min",
    "suggest": "1200/min",
    "suggest_address": "6000/min",
    "events": "300/min",
    "events_address": "3000/min",
    "uploads": "60/min",
    "uploads_address": "600/min",
    "visitors_address": "600/min",
    "me": "30/min",
    "me_address": "300/min",
    "admin": "120/min",
    "admin_address": "600/min",
}
_WINDOWS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True)
class Usage:
    """Where a caller stands in the current window. ``reset`` is in seconds."""

    scope: str
    limit: int
    window: int
    remaining: int
    reset: int


def rate_of(scope: str) -> tuple[int, int] | None:
    """(requests, seconds) of a scope; None means unlimited."""
    given = (api_settings.DEFAULT_THROTTLE_RATES or {}).get(scope, DEFAULT_RATES.get(scope))
    if not given:
        return None
    amount, period = str(given).split("/")
    return int(amount), _WINDOWS[period[0]]


class _Throttle(BaseThrottle):
    """A counter for each fixed window: one atomic increment a request, whatever the limit."""

    suffix = ""

    def __init__(self) -> None:
        self.usage: Usage | None = None

    def ident(self, request: Request, view: APIView) -> str:
        raise NotImplementedError

    def allow_request(self, request: Request, view: APIView) -> bool:
        scope = f"{getattr(view, 'throttle_scope', '')}{self.suffix}"
        rate, ident = rate_of(scope), self.ident(request, view)
        if rate is None or not ident:
            return True
        limit, window = rate
        now = time.time()
        key = f"attune:throttle:{scope}:{_nameless(ident)}:{int(now // window)}"
        cache.add(key, 0, timeout=window + 1)
        try:
            used = cache.incr(key)
        except ValueError:  # evicted between the two calls
            used = 1
        reset = max(1, int(window - now % window) + 1)
        self.usage = Usage(scope, limit, window, max(0, limit - used), reset)
        view.usages = [*getattr(view, "usages", ()), self.usage]  # type: ignore[attr-defined]
        return bool(used <= limit)

    def wait(self) -> float | None:
        return self.usage.reset if self.usage else None


def _nameless(ident: str) -> str:
    """A cache must not know who came: the key holds a digest that only this installation can make."""
    return salted_hmac("recommender.throttle", ident, algorithm="sha256").hexdigest()[:32]


class ShopperThrottle(_Throttle):
    """For each user or visitor; someone without any id is bound by their address alone."""

    def ident(self, request: Request, view: APIView) -> str:
        shopper = getattr(view, "shopper", None)
        if shopper is None:
            return ""
        return f"u{shopper.user_id}" if shopper.user_id else shopper.visitor_id


class AddressThrottle(_Throttle):
    """For each network address. Behind a proxy, set ``REST_FRAMEWORK["NUM_PROXIES"]``."""

    suffix = "_address"

    def ident(self, request: Request, view: APIView) -> str:
        return str(self.get_ident(request))
