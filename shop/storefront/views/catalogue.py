"""Home, category and product."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from shop import recommendations
from shop.catalog.models import Category, Product
from shop.catalog.selectors import ancestors_of, product_by
from shop.catalog.signals import item_viewed
from shop.storefront import shelves
from shop.storefront.asking import Asked, Step
from shop.storefront.cards import Card, Shelf, card_of, name_language, price_text, stock_note
from shop.storefront.errors import RequestRefused
from shop.storefront.facts import facts_of
from shop.storefront.forms import ID_PATTERN, MAX_OFFSET, CategoryForm
from shop.storefront.pictures import picture_of
from shop.storefront.selectors import in_order
from shop.storefront.shelves import MIN_CARDS
from shop.storefront.structured import crumbs_data, product_data
from shop.storefront.views.asking import wants_part
from shop.storefront.visitors import who

PAGE_SIZE = 24


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """One box with what it can do, then rows that say why they are there; no product twice."""
    return render(request, "storefront/home.html", {"home": shelves.home(request)})


@require_safe
def category(request: HttpRequest, slug: str) -> HttpResponse:
    """Everything in a category and below it, page by page, or what the filters in the address leave of it."""
    node = get_object_or_404(Category, slug=_clean(slug))
    form = CategoryForm(request.GET)
    if not form.is_valid():
        raise Http404
    asked, part = form.asked_in(node.slug), wants_part(request) and "HX-Boosted" not in request.headers
    if form.cleaned_data["action"]:
        return _narrowed(request, asked, form.step_taken)
    try:
        page = recommendations.category_page(request, node, asked, form.cleaned_data["page"] or 1, PAGE_SIZE)
    except RequestRefused as error:
        raise Http404 from error
    context = {
        "category": node,
        "ancestors": Category.objects.get_ancestors(node),
        "children": Category.objects.get_children(node),
        "asked": asked,
        "page": page,
        "next_url": asked.place_url(page.number + 1) if page.has_next else "",
        "before_url": asked.place_url(page.number - 1) if page.number > 1 else "",
    }
    response = render(request, "storefront/partials/more.html" if part else "storefront/category.html", context)
    patch_vary_headers(response, ["HX-Request", "HX-Boosted"])
    return response


def _narrowed(request: HttpRequest, asked: Asked, step: Step) -> HttpResponse:
    try:
        return redirect(recommendations.narrow_category(request, asked, step).url)
    except RequestRefused as error:
        messages.warning(request, str(error))
        return redirect(asked.url)


@require_safe
def product(request: HttpRequest, slug: str) -> HttpResponse:
    """One product, with what looks like it, goes with it and is like it; no product in two rows."""
    found = product_by(_clean(slug))
    if found is None:
        raise Http404
    if slug != found.slug:
        return redirect(found, permanent=True)
    origin = _origin(request)
    if request.method == "GET":
        _report_view(request, found, *origin)
    language = get_language() or "en"
    name = found.name_in(language)
    description = found.description_in(language)
    pictures = [picture for image in found.images.all() if (picture := picture_of(image, name, "w"))]
    above = ancestors_of(found)
    photos = [image.image.url for image in found.images.all()]
    related = _related(request, found)  # before the facts: it brings the plugin's words up to date
    context = {
        "product": found,
        "name": name,
        "name_language": name_language(found),
        "description": description,
        "pictures": pictures,
        "facts": facts_of(found),
        "price": price_text(found),
        "stock": stock_note(found),
        "ancestors": above,
        "preview": request.build_absolute_uri(photos[0]) if photos else "",
        "structured": product_data(request, found, name, description, photos),
        "structured_path": crumbs_data(request, [(node.name_in(language), node) for node in above]),
        "shelves": related,
        "recommendation_id": origin[0],
    }
    return render(request, "storefront/product.html", context)


def _related(request: HttpRequest, found: Product) -> list[Shelf]:
    with_it, why = recommendations.goes_with(request, found.sku)
    taken = {found.sku, *(card.sku for card in with_it)}
    look = _row(request, found, "look", taken) if found.images.all() else []
    like = _row(request, found, "both", taken | {card.sku for card in look})
    rows = [
        (_("Looks like this"), _("Compared by photo."), look),
        (_("Goes with this"), why, with_it),
        (_("More like this"), _("Compared by photo, description and category."), like),
    ]
    taken |= {card.sku for _title, _why, cards in rows for card in cards}
    seen = [sku for sku in dict.fromkeys(recommendations.seen_lately(request)) if sku not in taken]
    rows.append(
        (_("Looked at lately"), _("To go on where you were. Only you see this."), [card_of(p) for p in in_order(seen[:8])])
    )
    return [Shelf(title, why, cards) for title, why, cards in rows if cards]


def _row(request: HttpRequest, found: Product, by: str, taken: Collection[str]) -> list[Card]:
    """What is like a product; nothing where it is too little for a row, and then left to the next one."""
    cards = recommendations.similar_to(request, found.sku, by, exclude=taken)
    return cards if len(cards) >= MIN_CARDS else []


def _report_view(request: HttpRequest, found: Product, recommendation_id: str, position: int | None) -> None:
    person = who(request, remember=True)
    item_viewed.send(
        sender=Product,
        product=found,
        user_id="" if person.user_id is None else str(person.user_id),
        visitor_id=person.visitor,
        session_id="",
        recommendation_id=recommendation_id,
        position=position,
        surface="product",
        language=get_language() or "",
    )


def _origin(request: HttpRequest) -> tuple[str, int | None]:
    """Which answer led here and at which place, ("", None) when none or when the address is damaged."""
    given, place = request.GET.get("r", ""), request.GET.get("at", "")
    if not ID_PATTERN.regex.match(given) or len(given) > 26:  # type: ignore[union-attr]
        return "", None
    known = place.isascii() and place.isdecimal() and len(place) < 7 and int(place) <= MAX_OFFSET
    return given, int(place) if known else None


def _clean(slug: str) -> str:
    """A slug that a database may be asked for; PostgreSQL refuses NUL."""
    if "\x00" in slug or len(slug) > 255:
        raise Http404
    return slug
