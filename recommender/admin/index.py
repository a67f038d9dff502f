"""What an operator sees: how much is embedded, what failed and why, what waits, and what was answered."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin
from unfold.decorators import action

from recommender import models, selectors
from recommender.services import indexing, leases, ledger
from recommender.services.planning import FORCE, RETRY


class ReadOnlyAdmin(ModelAdmin):  # type: ignore[misc]
    """Rows that the plugin writes and people read."""

    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class IndexAdmin(ReadOnlyAdmin):
    """A list with the state of the index above it."""

    list_before_template = "recommender/admin/coverage.html"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response: HttpResponse = super().changelist_view(request, {**(extra_context or {}), "coverage": selectors.coverage()})
        return response

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """May start work: the right to change this kind of row, which nobody can edit by hand."""
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")

    def _marked(self, request: HttpRequest, count: int) -> None:
        text = ngettext(
            "%(count)d item is marked; the worker takes it up.", "%(count)d items are marked; the worker takes them up.", count
        )
        self.message_user(request, text % {"count": count}, messages.SUCCESS)


@admin.register(models.IndexedItem)
class IndexedItemAdmin(IndexAdmin):
    list_display = ("item_id", "title", "colours", "n_photos", "relations", "removed", "revision", "indexed_at")
    list_filter = ("removed",)
    search_fields = ("item_id",)
    ordering = ("-revision", "item_id")
    actions = ("embed_again",)
    actions_list = ("compare_all",)

    @admin.display(description=_("title"))
    def title(self, row: models.IndexedItem) -> str:
        return str(row.facts.get("title", ""))

    @admin.display(description=_("measured colours"))
    def colours(self, row: models.IndexedItem) -> str:
        return ", ".join(row.derived.get("color", []))

    @admin.display(description=_("relations"))
    def relations(self, row: models.IndexedItem) -> str:
        """The way to the product's picture."""
        if row.removed:
            return ""
        return format_html('<a href="{}">{}</a>', reverse("admin:recommender_product_graph", args=[row.pk]), _now("show"))

    @admin.action(description=_("Embed again"), permissions=["operate"])
    def embed_again(self, request: HttpRequest, rows: QuerySet[models.IndexedItem]) -> None:
        self._marked(request, indexing.mark_stale(rows.values_list("item_id", flat=True), FORCE))

    @action(description=_("Compare with the catalogue"), permissions=["operate"], url_path="compare", icon="sync")  # type: ignore[untyped-decorator]
    def compare_all(self, request: HttpRequest) -> HttpResponse:
        from recommender.tasks import reconcile

        try:
            reconcile.apply_async(retry=False)
            self.message_user(request, _("The worker compares every item now; see the jobs."), messages.SUCCESS)
        except Exception as error:
            self.message_user(
                request,
                _("The queue cannot be reached (%(error)s). Run manage.py reconcile.") % {"error": error},
                messages.ERROR,
            )
        return HttpResponseRedirect(reverse("admin:recommender_indexeditem_changelist"))


@admin.register(models.ItemFailure)
class ItemFailureAdmin(IndexAdmin):
    list_display = ("item_id", "block", "reason", "permanent", "attempts", "failed_at")
    list_filter = ("block", "permanent")
    search_fields = ("item_id", "reason")
    ordering = ("-failed_at",)
    actions = ("retry",)

    @admin.action(description=_("Retry"), permissions=["operate"])
    def retry(self, request: HttpRequest, rows: QuerySet[models.ItemFailure]) -> None:
        self._marked(request, indexing.mark_stale(rows.values_list("item_id", flat=True), RETRY))


@admin.register(models.StaleItem)
class StaleItemAdmin(IndexAdmin):
    list_display = ("item_id", "reason", "created_at", "attempts", "owner", "claimed_until")
    list_filter = ("reason",)
    search_fields = ("item_id",)
    ordering = ("id",)
    actions = ("release",)

    @admin.action(description=_("Take back from a worker that hangs"), permissions=["operate"])
    def release(self, request: HttpRequest, rows: QuerySet[models.StaleItem]) -> None:
        claims = rows.exclude(claim="").values_list("claim", flat=True).distinct()
        for claim in list(claims):
            leases.release(leases.Lease(claim, {}))
        self.message_user(request, _("Released; another worker takes them up."), messages.SUCCESS)


@admin.register(models.Job)
class JobAdmin(IndexAdmin):
    list_display = ("kind", "state", "progress", "failed", "message", "started_at", "finished_at", "heartbeat_at")
    list_filter = ("kind", "state")

    @admin.display(description=_("progress"))
    def progress(self, job: models.Job) -> str:
        return f"{job.done} / {job.total}" if job.total else "-"


@admin.register(models.Worker)
class WorkerAdmin(IndexAdmin):
    list_display = ("name", "alive", "models_loaded", "started_at", "seen_at")
    ordering = ("-seen_at",)

    @admin.display(description=_("alive"), boolean=True)
    def alive(self, worker: models.Worker) -> bool:
        return ledger.is_alive(worker)


@admin.register(models.Recommendation)
class RecommendationAdmin(ReadOnlyAdmin):
    list_display = ("id", "created_at", "surface", "asked", "state", "total", "degraded")
    list_filter = ("state", "surface", "simulated")
    search_fields = ("id",)
    date_hierarchy = "created_at"

    @admin.display(description=_("request"))
    def asked(self, row: models.Recommendation) -> str:
        return str(row.request.get("text", ""))[:80]


@admin.register(models.Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "kind", "item_id", "quantity", "surface", "answer")
    list_filter = ("kind", "surface", "simulated")
    search_fields = ("item_id", "event_id")
    ordering = ("-received_at",)

    @admin.display(description=_("recommendation"))
    def answer(self, event: models.Event) -> str:
        if not event.recommendation_id:
            return ""
        address = reverse("admin:recommender_recommendation_change", args=[event.recommendation_id])
        return format_html('<a href="{}">{}</a>', address, event.recommendation_id)


@admin.register(models.UploadedPhoto)
class UploadedPhotoAdmin(ReadOnlyAdmin):
    list_display: ClassVar[tuple[str, ...]] = ("id", "width", "height", "created_at", "expires_at")
    ordering = ("-created_at",)
