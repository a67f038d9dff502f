"""Orders: a shopper's own, one in full, one found again by a guest, and one once more."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shop.orders.models import Order
from shop.orders.reordering import Reorder, reorder
from shop.orders.selectors import guest_order, orders_of
from shop.orders.services import cart_for
from shop.storefront.cards import Card, card_of
from shop.storefront.forms import FindOrderForm
from shop.storefront.limits import within_limit
from shop.storefront.money import format_money
from shop.storefront.order_links import opens, order_link
from shop.storefront.visitors import who

PAGE_SIZE = 10
NEW_FOR = timedelta(minutes=10)
TRIES_AN_HOUR = 20


@never_cache
@require_safe
def orders(request: HttpRequest) -> HttpResponse:
    """The shopper's own orders, newest first, page by page."""
    person = who(request)
    number = request.GET.get("page", "1")
    if not number.isascii() or not number.isdecimal() or len(number) > 6:
        raise Http404
    found = orders_of(user_id=person.user_id, visitor_token=person.visitor)
    page = Paginator(found, PAGE_SIZE).get_page(int(number))
    return render(request, "storefront/orders.html", {"orders": [(order, _cards_of(order)) for order in page], "page": page})


@never_cache
@require_safe
def order(request: HttpRequest, number: str) -> HttpResponse:
    """One order of the shopper's own, or of whoever holds its link; anyone else's does not exist."""
    found = _visible(request, number)
    context = {
        "order": found,
        "lines": _cards_of(found),
        "is_new": timezone.now() - found.placed_at < NEW_FOR,
        "steps": _steps(found),
        "payment": found.payments.first(),
        "key": request.GET.get("key", ""),
        "link": request.build_absolute_uri(order_link(found)) if found.user_id is None else "",
    }
    response = render(request, "storefront/order.html", context)
    response["Referrer-Policy"] = "same-origin"  # the address may hold the key
    return response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """A guest's order by its number and e-mail. Which of the two was wrong is not said, and tries are counted."""
    form = FindOrderForm(request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return render(request, "storefront/find_order.html", {"form": form})
    if not within_limit(request, "find-order", TRIES_AN_HOUR):
        form.add_error(None, _("Too many tries. Come back in an hour."))
        return render(request, "storefront/find_order.html", {"form": form}, status=429)
    if form.is_valid():
        found = guest_order(form.cleaned_data["number"], form.cleaned_data["email"])
        if found:
            return redirect(order_link(found))
        form.add_error(None, _("There is no guest order with this number and e-mail address. Look at both again."))
    return render(request, "storefront/find_order.html", {"form": form}, status=400)


@require_POST
def order_again(request: HttpRequest, number: str) -> HttpResponse:
    """Put an order's lines into the cart and say what is not sold any more, or not at that price."""
    found = _visible(request, number)
    person = who(request, remember=True)
    done = reorder(found, cart_for(user_id=person.user_id, visitor_token=person.visitor))
    _tell(request, done)
    return redirect("storefront:cart")


def _tell(request: HttpRequest, done: Reorder) -> None:
    if done.n_added:
        said = ngettext("%(n)d item is in your cart again.", "%(n)d items are in your cart again.", done.n_added)
        messages.success(request, said % {"n": done.n_added})
    for name in done.gone:
        messages.warning(request, _("“%(name)s” cannot be bought right now and was left out.") % {"name": name})
    for short in done.shortened:
        said = _("Only %(added)d of %(wanted)d “%(name)s” could be added.")
        messages.warning(request, said % {"name": short.name, "added": short.added, "wanted": short.wanted})
    for change in done.repriced:
        said = _("“%(name)s” costs %(new)s now; it was %(old)s.")
        old, new = (format_money(minor, change.currency) for minor in (change.old_minor, change.new_minor))
        messages.info(request, said % {"name": change.name, "old": old, "new": new})


def _visible(request: HttpRequest, number: str) -> Order:
    if "\x00" in number or len(number) > 24:
        raise Http404
    person = who(request)
    found = orders_of(user_id=person.user_id, visitor_token=person.visitor).filter(number=number).first()
    key = request.GET.get("key", "") or request.POST.get("key", "")
    if found is None and key and opens(key, number):
        found = guest_order(number)
    if found is None:
        raise Http404
    return found


def _steps(found: Order) -> list[tuple[str, str]]:
    """(name, "done", "now" or "") of each status that this order goes through."""
    status = Order.Status
    if found.status == status.CANCELLED:
        return [(str(status.PLACED.label), "done"), (str(status.CANCELLED.label), "now")]
    path = [status.PLACED, status.SHIPPED, status.DELIVERED]
    place = path.index(status(found.status))
    return [(str(step.label), "done" if n < place else "now" if n == place else "") for n, step in enumerate(path)]


def _cards_of(found: Order) -> list[tuple[object, Card | None]]:
    return [(line, card_of(line.product) if line.product else None) for line in found.lines.all()]
