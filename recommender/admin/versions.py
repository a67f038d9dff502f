"""What was learnt: which version is in force, what each was measured at, what it would change, and the switches."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import get_language
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from recommender import models
from recommender.admin.deciding import DecidingAdmin, name_of
from recommender.admin.index import ReadOnlyAdmin
from recommender.admin.version_forms import ComparisonForm, ControlForm, ExposureForm, PromotionForm, ReasonForm
from recommender.conf import get_settings
from recommender.control import current_control, exclusion_of
from recommender.engine import get_engine
from recommender.services import comparison, control, switching, versions
from recommender.services.evidence import gain_of
from recommender.services.exposure import exposure

Kind, State = models.ModelVersion.Kind, models.ModelVersion.State
CHANGES_SHOWN = 10
GROUPS_SHOWN = 20
EXPOSED = {"brand": _("Brands"), "category": _("Categories"), "novelty": _("New and old products")}


def learning_state() -> dict[str, Any]:
    """What is in force and what people allow, for the head of a page."""
    allowed = current_control()
    return {
        "as_of": timezone.now(),
        "in_force": [(kind, kind.label, versions.live(kind), versions.fallback(kind)) for kind in Kind],
        "control": allowed,
        "experiment": models.Experiment.objects.filter(state="running").select_related("candidate").first(),
        "explored": f"{100 * allowed.exploration:g} %",
        "excluded": sorted(exclusion_of(allowed).roles),
    }


@admin.register(models.ModelVersion)
class ModelVersionAdmin(DecidingAdmin):
    list_display = ("number", "kind", "name", "state_label", "gain", "learnt_from", "made_up", "created_at")
    list_display_links = ("number", "name")
    list_filter = ("kind", "state", "simulated")
    search_fields = ("name", "note")
    list_before_template = "recommender/admin/learning_state.html"
    actions_list = ("compare", "exposed", "allow")

    def get_queryset(self, request: HttpRequest) -> QuerySet[models.ModelVersion]:
        rows: QuerySet[models.ModelVersion] = super().get_queryset(request)
        return rows.defer("data")

    @admin.display(description=_("number"), ordering="pk")
    def number(self, row: models.ModelVersion) -> int:
        return row.pk

    @display(description=_("state"), label={"live": "success", "candidate": "info", "rejected": "danger"}, ordering="state")  # type: ignore[untyped-decorator]
    def state_label(self, row: models.ModelVersion) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @admin.display(description=_("gain, with its interval"))
    def gain(self, row: models.ModelVersion) -> str:
        found = gain_of(row.metrics)
        return f"{found.value:+.4f} [{found.low:+.4f}, {found.high:+.4f}]" if found else "–"

    @admin.display(description=_("simulated"), boolean=True, ordering="simulated")
    def made_up(self, row: models.ModelVersion) -> bool:
        return row.simulated

    @admin.display(description=_("learnt from"))
    def learnt_from(self, row: models.ModelVersion) -> str:
        return str(row.parent_id or _now("the defaults"))

    def get_urls(self) -> list[URLPattern]:
        pages = {
            "promote": (self.promote, "<int:pk>/promote/"),
            "reject": (self.reject, "<int:pk>/reject/"),
            "rollback": (self.roll_back, "rollback/<str:kind>/"),
        }
        own = [
            path(route, self.admin_site.admin_view(view), name=f"recommender_modelversion_{name}")
            for name, (view, route) in pages.items()
        ]
        urls: list[URLPattern] = super().get_urls()
        return [*own, *urls]

    # -- read ------------------------------------------------------------------------------------------------------

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {**(extra_context or {}), "state": learning_state(), "may_operate": self.has_operate_permission(request)}
        response: HttpResponse = super().changelist_view(request, context)
        return response

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Everything about one version; nobody edits it by hand."""
        row = self._row(object_id)
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        return self.page(
            request,
            "model_version",
            str(row),
            row=row,
            gain=gain_of(row.metrics),
            metrics=[(name, comparison.said(value)) for name, value in comparison.flat(row.metrics)],
            about=[(name, comparison.said(value)) for name, value in comparison.flat(row.about)],
            refusals=[] if row.state == State.LIVE else switching.refusals(row),
            changes=models.ModelChange.objects.filter(version=row).select_related("previous"),
            live=versions.live(row.kind),
            as_of=timezone.now(),
        )

    @action(description=_("Compare two versions"), permissions=["view"], url_path="compare", icon="compare_arrows")  # type: ignore[untyped-decorator]
    def compare(self, request: HttpRequest) -> HttpResponse:
        asked_for = request.GET.get("kind", "")
        kind = Kind(asked_for) if asked_for in Kind.values else Kind.FUSION
        form = ComparisonForm(kind, request.GET if "left" in request.GET else None, initial=self._first_choice(kind))
        context: dict[str, Any] = {"form": form, "kind": kind, "kinds": Kind.choices}
        if form.is_bound and form.is_valid():
            left, right = (models.ModelVersion.objects.filter(pk=form.cleaned_data[side]).first() for side in ("left", "right"))
            may_see = request.user.has_perm("recommender.view_recommendation")
            asked = [form.cleaned_data["text"]] if form.cleaned_data["text"] else []
            asked += comparison.recent_requests() if may_see else []
            if not asked:
                self.message_user(request, _("Write a request: there is none of shoppers that you may see."), messages.INFO)
            language = (get_language() or "en").split("-")[0]
            found = comparison.compare(kind, left, right, list(dict.fromkeys(asked)) or ["*"], language)
            context["found"] = found
            context["metrics"] = [(m.name, comparison.said(m.left), comparison.said(m.right)) for m in found.metrics]
        return self.page(request, "compare_versions", _("Compare two versions"), **context)

    def _first_choice(self, kind: str) -> dict[str, int]:
        live = versions.live(kind)
        others = models.ModelVersion.objects.filter(kind=kind).exclude(state__in=(State.REJECTED, State.LIVE))
        return {"left": live.pk if live else 0, "right": others.values_list("pk", flat=True).first() or 0}

    @action(description=_("Who is shown"), permissions=["view"], url_path="exposure", icon="visibility")  # type: ignore[untyped-decorator]
    def exposed(self, request: HttpRequest) -> HttpResponse:
        """Exposure of brands, categories and new items, of all answers or of one policy's."""
        if not request.user.has_perm("recommender.view_recommendation"):
            raise PermissionDenied
        form = ExposureForm(request.GET if "days" in request.GET else {"days": 30})
        found = None
        if form.is_valid():
            given = form.cleaned_data
            found = exposure(given["days"], policy=given["policy"], simulated=given["simulated"])
        groups = [(EXPOSED[name], rows[:GROUPS_SHOWN]) for name, rows in found.groups.items()] if found else []
        return self.page(request, "exposure", _("Who is shown"), form=form, found=found, groups=groups)

    @action(description=_("What learning may do"), permissions=["view"], url_path="control", icon="tune")  # type: ignore[untyped-decorator]
    def allow(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:recommender_learningcontrol_changelist"))

    # -- change ----------------------------------------------------------------------------------------------------

    def promote(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self._row(pk)
        refusals = switching.refusals(row)

        def change(form: Form) -> str:
            given = form.cleaned_data
            switching.promote(row, name_of(request), given["reason"], force=given.get("force", False))
            return _now("%(version)s is in force; every process serves it with its next request.") % {"version": row}

        soft = bool(refusals) and not any(refusal.firm for refusal in refusals)
        form = (PromotionForm if soft else ReasonForm)(request.POST or None)
        said = _now("It takes the place of what is in force with the next request of every process. One action takes it back.")
        return self.decide(request, _now("Promote %(version)s") % {"version": row}, said, form, change, row, refusals)

    def reject(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self._row(pk)

        def change(form: Form) -> str:
            versions.reject(row, name_of(request), form.cleaned_data["reason"])
            return _now("%(version)s is rejected.") % {"version": row}

        said = _now("A rejected version can never be put in force, and no rollback goes back to it.")
        return self.decide(
            request, _now("Reject %(version)s") % {"version": row}, said, ReasonForm(request.POST or None), change, row
        )

    def roll_back(self, request: HttpRequest, kind: str) -> HttpResponse:
        if kind not in Kind.values:
            raise Http404
        live, back = versions.live(kind), versions.fallback(kind)

        def change(form: Form) -> str:
            done = switching.roll_back(kind, name_of(request), form.cleaned_data["reason"])
            return _now("%(version)s in force again, with the next request of every process.") % {
                "version": done.version or _now("the defaults")
            }

        said = _now("%(now)s goes out of force; %(then)s comes back.") % {
            "now": live or _now("the defaults"),
            "then": back or _now("the defaults"),
        }
        title = _now("Roll back %(kind)s") % {"kind": Kind(kind).label}
        return self.decide(request, title, said, ReasonForm(request.POST or None), change, live)

    def _row(self, pk: int | str) -> models.ModelVersion:
        row = models.ModelVersion.objects.filter(pk=int(pk)).first() if str(pk).isdecimal() and len(str(pk)) < 19 else None
        if row is None:
            raise Http404
        return row


@admin.register(models.ModelChange)
class ModelChangeAdmin(ReadOnlyAdmin):
    list_display = ("at", "action", "kind", "version_link", "before", "by", "reason")
    list_filter = ("action", "kind")
    search_fields = ("reason", "by")
    date_hierarchy = "at"
    list_select_related = ("version", "previous")

    @admin.display(description=_("version"))
    def version_link(self, row: models.ModelChange) -> str:
        if row.version is None:
            return _now("the defaults") if row.kind else "–"
        address = reverse("admin:recommender_modelversion_change", args=[row.version.pk])
        return format_html('<a href="{}">{}</a>', address, row.version)

    @admin.display(description=_("before"))
    def before(self, row: models.ModelChange) -> str:
        if row.action in (models.ModelChange.Action.PROMOTE, models.ModelChange.Action.ROLLBACK):
            return str(row.previous or _now("the defaults"))
        return ", ".join(str(value) for value in row.evidence.get("before", {}).values()) or "–"


@admin.register(models.LearningControl)
class LearningControlAdmin(DecidingAdmin):
    """One page instead of a list: what people allow, and a form to change it."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = ControlForm.of(current_control(), request.POST or None)
        if request.method == "POST":
            if not self.has_operate_permission(request):
                raise PermissionDenied
            if form.is_valid() and self._changed(request, form):
                return HttpResponseRedirect(request.path)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("What learning may do"),
            "form": form,
            "state": learning_state(),
            "by_settings": get_settings().EXCLUDE_ATTRIBUTES,
            "known": _known_attributes(),
            "row": models.LearningControl.objects.filter(pk=1).first(),
            "changes": models.ModelChange.objects.select_related("version")[:CHANGES_SHOWN],
            "may_operate": self.has_operate_permission(request),
        }
        return TemplateResponse(request, "recommender/admin/learning_control.html", context)

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:recommender_learningcontrol_changelist"))

    def _changed(self, request: HttpRequest, form: ControlForm) -> bool:
        """Apply what differs, all or nothing. False: it was refused, and the form says why."""
        given, by = form.cleaned_data, name_of(request)
        try:
            with transaction.atomic():
                done = [
                    (control.freeze if given["frozen"] else control.unfreeze)(by, given["reason"]),
                    control.cap_exploration(given["exploration_cap"], by, given["reason"]),
                    control.exclude_attributes(given["excluded"], by, given["reason"]),
                ]
        except ValueError as error:
            form.add_error(None, str(error))
            return False
        said = _("Saved; every process follows with its next request.") if any(done) else _("Nothing was changed: it was so.")
        self.message_user(request, said, messages.SUCCESS if any(done) else messages.INFO)
        return True


def _known_attributes() -> list[str]:
    """What this catalogue calls its attributes, as serving knows them now."""
    engine = get_engine()
    engine.refresh()
    return sorted(set(engine.collection.columns.vocabulary().values) - set(control.NO_ATTRIBUTES))
