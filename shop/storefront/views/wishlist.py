"""What a shopper keeps for later."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from shop.catalog.models import Product
from shop.catalog.selectors import products_by_sku
from shop.orders.errors import OrderError
from shop.orders.services import add_to_cart, cart_for
from shop.storefront.cards import card_of
from shop.storefront.forms import WishForm
from shop.storefront.views.settings import next_url
from shop.storefront.visitors import who
from shop.wishlist.selectors import wishes_of
from shop.wishlist.services import MAX_WISHES, WishlistFull, drop_wish, make_wish


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def wishlist(request: HttpRequest) -> HttpResponse:
    """The list, or one product more or fewer on it."""
    if request.method == "POST":
        return _change(request)
    person = who(request)
    wishes = wishes_of(user_id=person.user_id, visitor_token=person.visitor)
    return render(request, "storefront/wishlist.html", {"wishes": [(wish, card_of(wish.product)) for wish in wishes]})


@require_POST
def to_cart(request: HttpRequest) -> HttpResponse:
    """Move a product from the list into the cart; where that is refused it stays on the list."""
    product = _product(request.POST.get("sku", ""))
    person = who(request, remember=True)
    try:
        add_to_cart(cart_for(user_id=person.user_id, visitor_token=person.visitor), product)
    except OrderError as error:
        messages.warning(request, str(error))
    else:
        drop_wish(product, user_id=person.user_id, visitor_token=person.visitor)
        messages.success(request, _("“%(name)s” is in your cart.") % {"name": _name(product)})
    return redirect("storefront:wishlist")


def _change(request: HttpRequest) -> HttpResponse:
    """Put on or take off, as the button says. htmx gets the button back, a browser without it its page."""
    form = WishForm(request.POST)
    if not form.is_valid():
        raise Http404
    wanted = bool(form.cleaned_data["add"])
    product = _product(form.cleaned_data["add"] or form.cleaned_data["remove"])
    refusal = _make(request, product, form.cleaned_data["r"]) if wanted else _drop(request, product)
    said = refusal or (_("“%(name)s” is on your wish list.") if wanted else _("“%(name)s” is off your wish list.")) % {
        "name": _name(product)
    }
    if request.headers.get("HX-Request") == "true":
        return render(request, "storefront/partials/wished.html", {"sku": product.sku, "name": _name(product), "said": said})
    messages.add_message(request, messages.WARNING if refusal else messages.SUCCESS, said)
    return redirect(next_url(request, "/wishlist"))


def _make(request: HttpRequest, product: Product, recommendation_id: str) -> str:
    person = who(request, remember=True)
    try:
        make_wish(product, user_id=person.user_id, visitor_token=person.visitor, recommendation_id=recommendation_id[:26])
    except WishlistFull:
        return _("Your wish list holds %(n)d products, which is as many as fit. Take one off first.") % {"n": MAX_WISHES}
    return ""


def _drop(request: HttpRequest, product: Product) -> str:
    person = who(request)
    drop_wish(product, user_id=person.user_id, visitor_token=person.visitor)
    return ""


def _product(sku: str) -> Product:
    found = products_by_sku([sku]).get(sku) if sku and "\x00" not in sku else None
    if found is None:
        raise Http404
    return found


def _name(product: Product) -> str:
    return product.name_in(get_language() or "en")
