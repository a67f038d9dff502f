"""What is remembered of a shopper: seen, forgotten one by one or at once, switched off, taken along, erased."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shop import recommendations
from shop.accounts.forms import EraseForm
from shop.accounts.personal_data import erase_person, export_person
from shop.accounts.selectors import uses_history
from shop.accounts.services import set_preference
from shop.storefront.views.settings import next_url
from shop.storefront.visitors import ensure_visitor, forget_visitor, who

PAGE_SIZE = 20


@never_cache
@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """What is remembered, newest first, page by page, with the switches beside it."""
    person = who(request)
    number = request.GET.get("page", "1")
    if not number.isascii() or not number.isdecimal() or len(number) > 6:
        raise Http404
    page = Paginator(range(recommendations.history_size(request)), PAGE_SIZE).get_page(int(number))
    offset = (page.number - 1) * PAGE_SIZE
    context = {
        "page": page,
        "history": recommendations.history_of(request, limit=PAGE_SIZE, offset=offset),
        "uses_history": uses_history(user_id="" if person.user_id is None else str(person.user_id), visitor_id=person.visitor),
    }
    return render(request, "storefront/history.html", context)


@require_POST
def use_history(request: HttpRequest) -> HttpResponse:
    """Switch on or off that what the shopper did shapes what is shown. Off also stops remembering."""
    wanted = request.POST.get("use") == "yes"
    if isinstance(request.user, User):
        set_preference(user=request.user, use_history=wanted)
    else:
        set_preference(visitor=ensure_visitor(request), use_history=wanted)
    messages.success(request, _("Your history is used again.") if wanted else _("Your history is no longer used or written."))
    return redirect("storefront:history")


@require_POST
def delete_history(request: HttpRequest) -> HttpResponse:
    """Forget one thing, or everything."""
    event_id = request.POST.get("event", "")
    if event_id == "all":
        recommendations.forget_everything(request)
        messages.success(request, _("Your history is deleted."))
    elif not event_id or "\x00" in event_id or not recommendations.forget_event(request, event_id):
        raise Http404
    else:
        messages.success(request, _("Forgotten."))
    return redirect(next_url(request, "/account/history"))


@never_cache
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """Everything that the shop and the recommender hold of this shopper, as a file."""
    person = who(request)
    data = {
        "shop": export_person(user=_user_or_none(request), visitor_token=person.visitor),
        "recommendations": recommendations.export_of(request),
    }
    response = JsonResponse(data, json_dumps_params={"ensure_ascii": False, "indent": 1})
    response["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return response


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest) -> HttpResponse:
    """Ask once more, then delete all of it, the account too, and say under which number that was done."""
    user, person = _user_or_none(request), who(request)
    form = EraseForm(user, request.POST or None)
    if request.method != "POST" or (user is not None and not form.is_valid()):
        status = 400 if request.method == "POST" else 200
        return render(request, "storefront/erase.html", {"form": form}, status=status)
    receipt = recommendations.forget_everything(request)
    erase_person(user=user, visitor_token=person.visitor)
    logout(request)
    forget_visitor(request)
    messages.success(request, _("Everything about you is deleted. Receipt: %(receipt)s") % {"receipt": receipt})
    return redirect("storefront:home")


def _user_or_none(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None
