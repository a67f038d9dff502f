"""Cart, checkout and orders: as a guest or as a member."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shop.catalog.models import Product
from shop.catalog.selectors import products_by_sku
from shop.orders.errors import OrderError
from shop.orders.models import Cart, CartLine, Order
from shop.orders.selectors import find_cart, orders_of, summary_of
from shop.orders.services import add_to_cart, cart_for, order_place, remove_line, set_quantity
from shop.storefront.cards import card_of
from shop.storefront.context_processors import cart_units
from shop.storefront.forms import DEFAULT_COUNTRY, AddForm, CheckoutForm, QuantityForm
from shop.storefront.views.settings import next_url
from shop.storefront.visitors import who

ORDERS_SHOWN = 50
NEW_FOR = timedelta(minutes=10)


@never_cache
@require_safe
def cart(request: HttpRequest) -> HttpResponse:
    """What the shopper means to buy."""
    summary = summary_of(_cart(request))
    lines = [(line, card_of(line.product)) for line in summary.lines]
    return render(request, "storefront/cart.html", {"summary": summary, "lines": lines})


@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Put a product into the cart. htmx gets the new badge and a sentence, a browser without it the cart page."""
    form = AddForm(request.POST)
    if not form.is_valid():
        raise Http404
    product = products_by_sku([form.cleaned_data["sku"]]).get(form.cleaned_data["sku"])
    if product is None:
        raise Http404
    refusal = _try_add(request, product, form.cleaned_data["quantity"] or 1, form.cleaned_data["r"])
    said = refusal or _("“%(name)s” is in your cart.") % {"name": product.name_in(get_language() or "en")}
    if request.headers.get("HX-Request") == "true":
        context = {"said": said, "cart_units": cart_units(request)}
        return render(request, "storefront/partials/added.html", context)
    messages.add_message(request, messages.WARNING if refusal else messages.SUCCESS, said)
    return redirect(next_url(request) if refusal else "storefront:cart")


def _try_add(request: HttpRequest, product: Product, quantity: int, recommendation_id: str) -> str:
    """Why the product could not be added, "" when it was."""
    person = who(request, remember=True)
    try:
        target = cart_for(user_id=person.user_id, visitor_token=person.visitor)
        add_to_cart(target, product, quantity, recommendation_id=recommendation_id[:26])
    except OrderError as error:
        return str(error)
    return ""


@require_POST
def change_line(request: HttpRequest, line_id: int) -> HttpResponse:
    """Change or remove a line of the shopper's own cart."""
    line = get_object_or_404(CartLine.objects.select_related("cart", "product"), pk=line_id, cart=_cart(request))
    name = line.product.name_in(get_language() or "en")
    try:
        if "remove" in request.POST:
            remove_line(line)
            messages.success(request, _("“%(name)s” is out of your cart.") % {"name": name})
            return redirect("storefront:cart")
        form = QuantityForm(request.POST)
        if not form.is_valid():
            messages.warning(request, _("A quantity is a whole number from 0 to 99."))
        else:
            set_quantity(line, form.cleaned_data["quantity"])
    except OrderError as error:
        messages.warning(request, str(error))
    return redirect("storefront:cart")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def checkout(request: HttpRequest) -> HttpResponse:
    """One page: where to, what, and a payment that is plainly a demo. Sending it twice makes one order."""
    target = _cart(request)
    if request.method == "POST":
        form = CheckoutForm(request.POST)
        if target is None:
            raise Http404
        if form.is_valid():
            return _place(request, target, form)
    else:
        form = CheckoutForm(initial=_initial(request))
    summary = summary_of(target)
    if not summary.lines:
        messages.info(request, _("Your cart is empty. Put something in it first."))
        return redirect("storefront:cart")
    form.fields["total"].initial = summary.total_minor
    return _checkout_page(request, form, target)


def _place(request: HttpRequest, target: Cart, form: CheckoutForm) -> HttpResponse:
    try:
        placed = order_place(
            target,
            form.contact,
            form.cleaned_data["key"],
            expected_total_minor=form.cleaned_data["total"],
            language=get_language() or "",
        )
    except OrderError as error:
        form.add_error(None, str(error))
        return _checkout_page(request, form, target, status=409)
    return redirect("storefront:order", number=placed.number)


def _checkout_page(request: HttpRequest, form: CheckoutForm, target: Cart | None, status: int = 200) -> HttpResponse:
    summary = summary_of(target)
    if not summary.lines:
        return redirect("storefront:cart")
    if form.is_bound:
        # The page shows today's total, so that is what the next click agrees to.
        data = cast(QueryDict, form.data).copy()
        data["total"] = str(summary.total_minor)
        form.data = data
    lines = [(line, card_of(line.product)) for line in summary.lines]
    code = status if status != 200 else (400 if form.is_bound else 200)
    return render(request, "storefront/checkout.html", {"form": form, "summary": summary, "lines": lines}, status=code)


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


@never_cache
@require_safe
def orders(request: HttpRequest) -> HttpResponse:
    """The shopper's own orders, newest first."""
    person = who(request)
    found = orders_of(user_id=person.user_id, visitor_token=person.visitor)[:ORDERS_SHOWN]
    return render(request, "storefront/orders.html", {"orders": [(order, _order_cards(order)) for order in found]})


@never_cache
@require_safe
def order(request: HttpRequest, number: str) -> HttpResponse:
    """One order of the shopper's own; anyone else's does not exist."""
    if "\x00" in number:
        raise Http404
    person = who(request)
    found = orders_of(user_id=person.user_id, visitor_token=person.visitor).filter(number=number).first()
    if found is None:
        raise Http404
    is_new = timezone.now() - found.placed_at < NEW_FOR
    return render(request, "storefront/order.html", {"order": found, "lines": _order_cards(found), "is_new": is_new})


def _order_cards(found: Order) -> list[tuple[object, object]]:
    return [(line, card_of(line.product) if line.product else None) for line in found.lines.all()]


def _cart(request: HttpRequest) -> Cart | None:
    person = who(request)
    return find_cart(user_id=person.user_id, visitor_token=person.visitor)
