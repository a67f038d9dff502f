"""The checkout: one page for guests and members. However often it is sent, one order and one payment come of it."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from shop.orders.checkout import check_out
from shop.orders.errors import OrderError
from shop.orders.models import Cart
from shop.orders.selectors import CartSummary, orders_of, summary_of
from shop.orders.shipping import ShippingMethod, shipping_methods, shipping_name
from shop.payments.errors import PaymentError
from shop.payments.services import payment_method
from shop.storefront.cards import card_of
from shop.storefront.checkout_form import DEFAULT_COUNTRY, CheckoutForm
from shop.storefront.money import chosen_currency, format_money, show_money
from shop.storefront.views.cart import own_cart, say_new_prices
from shop.storefront.visitors import who

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One way to send the parcel with the total that comes of it; ``about`` is that total in the chosen currency or ""."""

    value: str
    name: str
    price: str
    total: str
    about: str


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def checkout(request: HttpRequest) -> HttpResponse:
    """One page: where to, how, and how it is paid."""
    target = own_cart(request)
    if request.method == "POST":
        if target is None:
            raise Http404
        form = _form(summary_of(target), request.POST)
        if form.is_valid():
            return _place(request, target, form)
        return _page(request, form, target, 400)
    for note in say_new_prices(target) if target else ():
        messages.info(request, note)
    summary = summary_of(target)
    if not summary.lines:
        messages.info(request, _("Your cart is empty. Put something in it first."))
        return redirect("storefront:cart")
    return _page(request, _form(summary, initial=_initial(request)), target, 200)


def _place(request: HttpRequest, target: Cart, form: CheckoutForm) -> HttpResponse:
    try:
        placed = check_out(
            target,
            form.contact,
            form.cleaned_data["key"],
            payment_choice=form.cleaned_data["payment"],
            shipping=form.delivery,
            expected_total_minor=form.expected_total_minor,
            language=get_language() or "",
        )
    except (OrderError, PaymentError) as error:
        logger.info("event=checkout_refused code=%s", error.code)
        form.add_error(None, str(error))
        return _page(request, form, target, 402 if isinstance(error, PaymentError) else 409)
    return redirect("storefront:order", number=placed.number)


def _page(request: HttpRequest, form: CheckoutForm, target: Cart | None, status: int) -> HttpResponse:
    summary = summary_of(target)
    if not summary.lines:
        return redirect("storefront:cart")
    if form.is_bound:
        # The page shows today's total, so that is what the next click agrees to.
        data = cast(QueryDict, form.data).copy()
        data["total"] = str(summary.total_minor)
        form.data = data
    else:
        form.fields["total"].initial = summary.total_minor
    deliveries = _deliveries(summary)
    context = {
        "form": form,
        "summary": summary,
        "lines": [(line, card_of(line.product)) for line in summary.lines],
        "deliveries": deliveries,
        "delivery": _chosen(form["shipping"].value(), [delivery.value for delivery in deliveries]),
        "payment": payment_method(),
        "paying": _chosen(form["payment"].value(), [option.code for option in payment_method().options()]),
    }
    return render(request, "storefront/checkout.html", context, status=status)


def _form(summary: CartSummary, data: QueryDict | None = None, initial: dict[str, object] | None = None) -> CheckoutForm:
    deliveries, options = shipping_methods(summary.currency), payment_method().options()
    return CheckoutForm(data, initial=initial, deliveries=deliveries, options=options)


def _deliveries(summary: CartSummary) -> list[Delivery]:
    """Every way to send the cart; where the shop has none, the one line that totals it all."""
    offered = shipping_methods(summary.currency) or [ShippingMethod("", 0)]
    return [
        Delivery(
            method.value,
            shipping_name(method.code) if method.code else "",
            format_money(method.price_minor, summary.currency) if method.price_minor else _("free"),
            format_money(summary.total_minor + method.price_minor, summary.currency),
            show_money(summary.total_minor + method.price_minor, summary.currency)
            if chosen_currency() != summary.currency
            else "",
        )
        for method in offered
    ]


def _chosen(given: object, values: Sequence[str]) -> str:
    return str(given) if given in values else (values[0] if values else "")


def _initial(request: HttpRequest) -> dict[str, object]:
    """What is known of the shopper: the account, or the address of the order before."""
    person = who(request)
    known: dict[str, object] = {"key": secrets.token_urlsafe(18), "country": DEFAULT_COUNTRY}
    last = orders_of(user_id=person.user_id, visitor_token=person.visitor).first()
    if last is not None:
        names = ("email", "name", "address", "city", "country", "postcode", "phone")
        return known | {name: getattr(last, name) for name in names}
    if request.user.is_authenticated:
        known |= {"email": request.user.email, "name": request.user.get_full_name()}
    return known
