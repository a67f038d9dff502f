"""Writing a review of what one bought."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from shop.catalog.selectors import product_by
from shop.reviews.models import MAX_STARS, Review
from shop.reviews.selectors import has_bought, own_review
from shop.reviews.services import delete_review, write_review
from shop.storefront.cards import card_of
from shop.storefront.forms import ReviewForm
from shop.storefront.limits import within_limit
from shop.storefront.visitors import who

WRITTEN_AN_HOUR = 10


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def review(request: HttpRequest, slug: str) -> HttpResponse:
    """The one review that a buyer may write of a product. For anybody else there is no such page."""
    product = product_by(slug) if "\x00" not in slug and len(slug) <= 255 else None
    person = who(request)
    if product is None or not has_bought(product.pk, user_id=person.user_id, visitor_token=person.visitor):
        raise Http404
    if request.method == "POST" and "delete" in request.POST:
        delete_review(product, user_id=person.user_id, visitor_token=person.visitor)
        messages.success(request, _("Your review is deleted."))
        return redirect(product)
    mine = own_review(product.pk, user_id=person.user_id, visitor_token=person.visitor)
    form = ReviewForm(request.POST if request.method == "POST" else None, initial=_initial(request, mine))
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid() and not within_limit(request, "review", WRITTEN_AN_HOUR, who=f"{person.user_id}:{person.visitor}"):
            form.add_error(None, _("Those were many reviews at once. Come back in an hour."))
            status = 429
        elif form.is_valid():
            write_review(
                product,
                user_id=person.user_id,
                visitor_token=person.visitor,
                language=get_language() or "",
                **form.cleaned_data,
            )
            messages.success(request, _("Thank you. Your review is shown once the shop has looked at it."))
            return redirect(f"{product.get_absolute_url()}#reviews")
    context = {"form": form, "card": card_of(product), "mine": mine, "choices": range(1, MAX_STARS + 1)}
    return render(request, "storefront/review.html", context, status=status)


def _initial(request: HttpRequest, mine: Review | None) -> dict[str, object]:
    if mine is not None:
        return {name: getattr(mine, name) for name in ("stars", "text", "name")}
    return {"name": request.user.first_name} if isinstance(request.user, User) else {}
