"""Moderation: what waits is on top; one action for many."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin
from unfold.decorators import display

from shop.reviews.models import Review
from shop.reviews.services import decide, erase_reviews


@admin.register(Review)
class ReviewAdmin(ModelAdmin):  # type: ignore[misc]
    """A shopkeeper decides whether a review is shown, never what it says."""

    list_display = ("product", "stars", "excerpt", "shown_state", "written_at")
    list_filter = ("state", "stars", "simulated", "written_at")
    search_fields = ("text", "name", "product__sku", "product__name")
    list_select_related = ("product",)
    list_per_page = 50
    actions = ("approve", "reject", "put_back")
    fields = ("product", "stars", "text", "name", "language", "state", "simulated", "written_at", "decided_at")
    readonly_fields = tuple(name for name in fields if name != "state")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description=_("text"))
    def excerpt(self, review: Review) -> str:
        return review.text[:120]

    @display(  # type: ignore[untyped-decorator]
        description=_("state"), ordering="state", label={"pending": "warning", "approved": "success", "rejected": "danger"}
    )
    def shown_state(self, review: Review) -> tuple[str, str]:
        return review.state, review.get_state_display()

    @admin.action(description=_("Approve: show to shoppers"), permissions=["change"])
    def approve(self, request: HttpRequest, queryset: QuerySet[Review]) -> None:
        self._decide(request, queryset, Review.State.APPROVED)

    @admin.action(description=_("Reject: do not show"), permissions=["change"])
    def reject(self, request: HttpRequest, queryset: QuerySet[Review]) -> None:
        self._decide(request, queryset, Review.State.REJECTED)

    @admin.action(description=_("Put back to waiting"), permissions=["change"])
    def put_back(self, request: HttpRequest, queryset: QuerySet[Review]) -> None:
        self._decide(request, queryset, Review.State.PENDING)

    def save_model(self, request: HttpRequest, obj: Review, form: Any, change: bool) -> None:
        decide(Review.objects.filter(pk=obj.pk), obj.state)

    def delete_model(self, request: HttpRequest, obj: Review) -> None:
        erase_reviews(Review.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Review]) -> None:
        erase_reviews(queryset)

    def _decide(self, request: HttpRequest, reviews: QuerySet[Review], state: Any) -> None:
        n = decide(reviews, state)
        text = ngettext("%(n)d review is %(state)s now.", "%(n)d reviews are %(state)s now.", n)
        messages.success(request, text % {"n": n, "state": state.label})
