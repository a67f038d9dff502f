"""Guests are known by a random token in a cookie, made when there is first something to remember."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from shop.accounts.cookies import VISITOR_COOKIE, VISITOR_COOKIE_AGE
from shop.accounts.models import Visitor
from shop.accounts.services import known_visitor, new_visitor

_KEPT = "_storefront_visitor"
_FRESH = "_storefront_fresh_visitor"
_FORGET = "_storefront_forget_visitor"


@dataclass(frozen=True, slots=True)
class Who:
    """Who looks at the page. ``user_id`` None: a guest. ``visitor`` "": nothing was written for this guest yet."""

    user_id: int | None
    visitor: str


def visitor_of(request: HttpRequest) -> Visitor | None:
    """The guest behind the cookie; a token that this shop never gave out is nobody's. One query a request at most."""
    if not hasattr(request, _KEPT):
        token = request.COOKIES.get(VISITOR_COOKIE, "")
        setattr(request, _KEPT, known_visitor(token) if token.isascii() and token.isprintable() else None)
    found: Visitor | None = getattr(request, _KEPT)
    return found


def ensure_visitor(request: HttpRequest) -> Visitor:
    """The guest, made now if there is none; the middleware below sends the cookie."""
    visitor = visitor_of(request)
    if visitor is None:
        visitor = new_visitor()
        setattr(request, _KEPT, visitor)
        setattr(request, _FRESH, True)
    return visitor


def forget_visitor(request: HttpRequest) -> None:
    """At sign-out: the next person at this browser is someone else."""
    setattr(request, _FORGET, True)


def who(request: HttpRequest, *, remember: bool = False) -> Who:
    """Who asks; ``remember`` makes a guest known, because something is about to be written."""
    user = getattr(request, "user", None)  # none on the error page of a request that was refused before it got one
    user_id = user.pk if user and user.is_authenticated else None
    visitor = ensure_visitor(request) if remember else visitor_of(request)
    return Who(user_id, visitor.token if visitor else "")


def visitor_cookie(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: send the cookie of a guest who became known in this request, or take it back."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if getattr(request, _FORGET, False):
            response.delete_cookie(VISITOR_COOKIE, samesite="Lax")
        elif getattr(request, _FRESH, False):
            response.set_cookie(
                VISITOR_COOKIE,
                getattr(request, _KEPT).token,
                max_age=VISITOR_COOKIE_AGE,
                httponly=True,
                samesite="Lax",
                secure=settings.SESSION_COOKIE_SECURE,
            )
        return response

    return middleware
