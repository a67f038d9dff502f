"""The account area's first page, and the doors in and out of it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import login, logout
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shop import recommendations
from shop.accounts.forms import SignInForm, SignUpForm
from shop.accounts.selectors import preference_of, uses_history
from shop.orders.selectors import orders_of
from shop.storefront.cards import card_of
from shop.storefront.preferences import keep_choices
from shop.storefront.views.settings import next_url
from shop.storefront.visitors import forget_visitor, who
from shop.wishlist.selectors import wishes_of

N_SHOWN = 4


@never_cache
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """The account or, for a guest, this browser: the last order, the wish list, what is remembered, and where to change it."""
    person = who(request)
    own: dict[str, Any] = {"user_id": person.user_id, "visitor_token": person.visitor}
    last = orders_of(**own).first()
    context = {
        "order": last,
        "lines": [card_of(line.product) for line in last.lines.all() if line.product][:N_SHOWN] if last else [],
        "n_orders": orders_of(**own).count(),
        "wishes": [card_of(wish.product) for wish in wishes_of(**own)[:N_SHOWN]],
        "history": recommendations.history_of(request, limit=N_SHOWN),
        "uses_history": uses_history(user_id="" if person.user_id is None else str(person.user_id), visitor_id=person.visitor),
    }
    return render(request, "storefront/account.html", context)


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in; the guest's cart, wish list, orders and history come along."""
    form = SignInForm(request, data=request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _enter(request, form.get_user())
    return _form_page(request, "storefront/sign_in.html", form)


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    """Make an account and go on with the guest's cart."""
    form = SignUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _enter(request, form.save())
    return _form_page(request, "storefront/sign_up.html", form)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out, and let the next person at this browser be someone else."""
    logout(request)
    forget_visitor(request)
    messages.success(request, _("You are signed out."))
    return redirect("storefront:home")


def _enter(request: HttpRequest, user: User) -> HttpResponse:
    visitor = who(request).visitor
    login(request, user)
    recommendations.keep_history(visitor, user.pk)
    response = redirect(next_url(request, "/account"))
    keep_choices(response, preference_of(user_id=str(user.pk)))
    return response


def _form_page(request: HttpRequest, template: str, form: object) -> HttpResponse:
    going_to = request.POST.get("next") or request.GET.get("next", "")
    return render(request, template, {"form": form, "next": going_to}, status=400 if request.method == "POST" else 200)
