"""The cart: put in, change, take out, take that back, keep for later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from shop.catalog.models import Product
from shop.catalog.selectors import products_by_sku
from shop.orders.errors import OrderError
from shop.orders.models import Cart, CartLine
from shop.orders.selectors import find_cart, summary_of
from shop.orders.services import accept_prices, add_to_cart, cart_for, remove_line, restore_line, set_quantity
from shop.storefront.cards import Card, card_of
from shop.storefront.context_processors import cart_units
from shop.storefront.forms import AddForm, QuantityForm
from shop.storefront.money import chosen_currency, show_money, shown
from shop.storefront.views.settings import next_url
from shop.storefront.visitors import who
from shop.wishlist.services import MAX_WISHES, WishlistFull, make_wish

_SALT = "shop.removed-line"
UNDO_AGE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Removed:
    """A line that was taken out, as its token says."""

    sku: str
    quantity: int
    recommendation_id: str
    added_at: datetime


@dataclass(frozen=True, slots=True)
class CartRow:
    """A line as the page shows it; ``warning`` is a sentence, ``fits`` the largest quantity that can be ordered, if less."""

    line: CartLine
    card: Card
    unit: str
    total: str
    warning: str = ""
    fits: int | None = None


@never_cache
@require_safe
def cart(request: HttpRequest) -> HttpResponse:
    """What the shopper means to buy. A price that moved is said once and shown from then on."""
    return _cart_page(request, undo=request.GET.get("undo", ""))


def _cart_page(request: HttpRequest, *, undo: str = "", said: str = "", warned: str = "") -> HttpResponse:
    """The page or, for htmx, its body with the badge and a sentence that is read out."""
    target = own_cart(request)
    notes = say_new_prices(target) if target else []
    summary = summary_of(target)
    rows = [_row(line) for line in summary.lines]
    totals = [shown(line.total_minor, line.currency) for line in summary.lines]
    context = {
        "summary": summary,
        "rows": rows,
        "total": show_total(totals),
        "converted": bool(summary.lines) and chosen_currency() != summary.currency,
        "blocked": any(row.warning for row in rows),
        "notes": notes,
        "removed": _removed(undo, summary.lines),
        "undo": undo,
        "said": said,
        "warned": warned,
    }
    if request.headers.get("HX-Request") == "true":
        return render(request, "storefront/partials/cart_body.html", {**context, "part": True, "cart_units": summary.n_units})
    return render(request, "storefront/cart.html", context)


def show_total(amounts: Sequence[tuple[int, str]]) -> str:
    """The sum of amounts that were shown, so that a column of them adds up; "" where they are not all of one currency."""
    currencies = {currency for _, currency in amounts}
    return show_money(sum(minor for minor, _ in amounts), currencies.pop()) if len(currencies) == 1 else ""


def say_new_prices(target: Cart) -> list[str]:
    """Sentences about prices that moved since the shopper saw them; the cart takes the new ones."""
    moved = [
        (line.product.name_in(get_language() or "en"), line.unit_price_minor, line.product.price_minor, line.currency)
        for line in target.lines.select_related("product")
        if line.product.price_minor is not None
        and line.currency == line.product.currency
        and line.product.price_minor != line.unit_price_minor
    ]
    if moved:
        accept_prices(target)
    said = _("“%(name)s” costs %(new)s now; it was %(old)s.")
    return [
        said % {"name": name, "old": show_money(old, currency), "new": show_money(new, currency)}
        for name, old, new, currency in moved
    ]


def _row(line: CartLine) -> CartRow:
    product, card = line.product, card_of(line.product)
    unit, total = show_money(line.unit_price_minor, line.currency), show_money(line.total_minor, line.currency)
    if not product.for_sale:
        return CartRow(line, card, unit, total, _("No longer sold: take it out to go on."))
    if product.stock == 0:
        return CartRow(line, card, unit, total, _("Sold out: keep it for later or take it out to go on."))
    if product.stock is not None and product.stock < line.quantity:
        said = _("Only %(left)d left; your cart has %(n)d.") % {"left": product.stock, "n": line.quantity}
        return CartRow(line, card, unit, total, said, product.stock)
    return CartRow(line, card, unit, total)


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
    said = refusal or _("“%(name)s” is in your cart.") % {"name": _name(product)}
    if request.headers.get("HX-Request") == "true":
        context = {"said": said, "cart_units": cart_units(request), "refused": bool(refusal)}
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
    """Change a line of the shopper's own cart, take it out, or keep its product for later."""
    line = get_object_or_404(CartLine.objects.select_related("cart", "product"), pk=line_id, cart=own_cart(request))
    if "later" in request.POST:
        return _keep_for_later(request, line)
    if "remove" in request.POST:
        token = _token_of(line)
        remove_line(line)
        if request.headers.get("HX-Request") == "true":
            return _cart_page(request, undo=token)
        return redirect(f"{reverse('storefront:cart')}?{urlencode({'undo': token})}")
    form = QuantityForm(request.POST)
    if not form.is_valid():
        return _answer(request, warned=_("A quantity is a whole number from 0 to 99."))
    try:
        set_quantity(line, form.cleaned_data["quantity"])
    except OrderError as error:
        return _answer(request, warned=str(error))
    return _answer(request)


@require_POST
def undo(request: HttpRequest) -> HttpResponse:
    """Put a line back that was just taken out, with its quantity and in its place. Twice is once."""
    removed = _read_token(request.POST.get("undo", ""))
    product = products_by_sku([removed.sku]).get(removed.sku) if removed else None
    if removed is None or product is None:
        return _answer(request, warned=_("This can no longer be undone. Add the product again instead."))
    person = who(request, remember=True)
    try:
        restore_line(
            cart_for(user_id=person.user_id, visitor_token=person.visitor),
            product,
            removed.quantity,
            added_at=removed.added_at,
            recommendation_id=removed.recommendation_id,
        )
    except OrderError as error:
        return _answer(request, warned=str(error))
    return _answer(request, said=_("“%(name)s” is in your cart again.") % {"name": _name(product)})


def _keep_for_later(request: HttpRequest, line: CartLine) -> HttpResponse:
    person = who(request, remember=True)
    try:
        make_wish(
            line.product,
            user_id=person.user_id,
            visitor_token=person.visitor,
            recommendation_id=line.recommendation_id,
        )
    except WishlistFull:
        said = _("Your wish list holds %(n)d products, which is as many as fit. Take one off first.") % {"n": MAX_WISHES}
        return _answer(request, warned=said)
    remove_line(line)
    return _answer(request, said=_("“%(name)s” is on your wish list.") % {"name": _name(line.product)})


def _answer(request: HttpRequest, *, said: str = "", warned: str = "") -> HttpResponse:
    if request.headers.get("HX-Request") == "true":
        return _cart_page(request, said=said, warned=warned)
    if said or warned:
        messages.add_message(request, messages.WARNING if warned else messages.SUCCESS, warned or said)
    return redirect("storefront:cart")


def _token_of(line: CartLine) -> str:
    """What a removed line was, signed: the address may hold it, and nobody else can write one."""
    given = [line.product.sku, line.quantity, line.recommendation_id, line.added_at.isoformat()]
    return signing.dumps(given, salt=_SALT)


def _read_token(token: str) -> Removed | None:
    """None for a token that was not made here or is too old."""
    try:
        sku, quantity, recommendation_id, added_at = signing.loads(token, salt=_SALT, max_age=UNDO_AGE)
    except signing.BadSignature:
        return None
    return Removed(sku, quantity, recommendation_id, datetime.fromisoformat(added_at))


def _removed(token: str, lines: Sequence[CartLine]) -> str:
    """The name of what was just taken out, "" when it is in the cart again or cannot come back."""
    removed = _read_token(token)
    if removed is None or any(line.product.sku == removed.sku for line in lines):
        return ""
    product = products_by_sku([removed.sku]).get(removed.sku)
    return _name(product) if product else ""


def own_cart(request: HttpRequest) -> Cart | None:
    """The shopper's cart, if there is one."""
    person = who(request)
    return find_cart(user_id=person.user_id, visitor_token=person.visitor)


def _name(product: Product) -> str:
    return product.name_in(get_language() or "en")
