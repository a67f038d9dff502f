"""A/B splits of learnt weights: what runs, what it says, and the buttons to start and stop one."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from fusion.policy.experiments import Verdict
from fusion.policy.split import CANDIDATE, LIVE
from recommender import models
from recommender.admin.deciding import DecidingAdmin, name_of
from recommender.admin.version_forms import ExperimentForm, ReasonForm
from recommender.services import experiments

VERDICTS = {
    Verdict.GO_ON: _("not known yet"),
    Verdict.BETTER: _("the candidate is better"),
    Verdict.WORSE: _("the candidate is worse"),
    Verdict.BROKEN_GUARDRAIL: _("something else got worse"),
    Verdict.MISMATCH: _("the split is not sound"),
}
MEASURES = {
    "nothing_found": _("share of answers without a match"),
    "degraded": _("share of degraded answers"),
    "returns": _("products sent back per shopper"),
    "milliseconds": _("milliseconds per answer"),
}
SIDES = {CANDIDATE: _("candidate"), LIVE: _("what is live")}


@admin.register(models.Experiment)
class ExperimentAdmin(DecidingAdmin):
    list_display = ("__str__", "candidate", "against", "state_label", "said", "difference", "started_at")
    list_filter = ("state",)
    list_select_related = ("candidate", "live")

    @admin.display(description=_("against"))
    def against(self, row: models.Experiment) -> str:
        return str(row.live or _now("the defaults"))

    @display(description=_("state"), label={"running": "success"})  # type: ignore[untyped-decorator]
    def state_label(self, row: models.Experiment) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @admin.display(description=_("verdict"))
    def said(self, row: models.Experiment) -> str:
        return str(VERDICTS[Verdict(row.verdict)]) if row.verdict else "–"

    @admin.display(description=_("difference, with its interval"))
    def difference(self, row: models.Experiment) -> str:
        found = [row.reading.get(name) for name in ("difference", "low", "high")]
        return "–" if None in found else "{:+.4f} [{:+.4f}, {:+.4f}]".format(*found)

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("start/<int:version>/", self.admin_site.admin_view(self.start), name="recommender_experiment_start"),
            path("stop/", self.admin_site.admin_view(self.stop), name="recommender_experiment_stop"),
        ]
        urls: list[URLPattern] = super().get_urls()
        return [*own, *urls]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One experiment as it stands at this moment."""
        row = models.Experiment.objects.filter(pk=int(object_id)).first() if object_id.isdecimal() else None
        if row is None:
            raise Http404
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        running = row.state == models.Experiment.State.RUNNING
        reading = experiments.to_json(experiments.look(row)) if running else row.reading
        rows = [
            (MEASURES.get(name, name), found[CANDIDATE], found[LIVE], found["broken"])
            for name, found in reading.get("guardrails", {}).items()
        ]
        verdict = reading.get("verdict") or row.verdict
        return self.page(
            request, "experiment", row.name, row=row, reading=reading, guardrails=rows, running=running,
            verdict=VERDICTS[Verdict(verdict)] if verdict else "",
            sides=[(SIDES[s], reading["shoppers"][s], reading["reward"][s]) for s in SIDES] if reading else [],
        )  # fmt: skip

    def start(self, request: HttpRequest, version: int) -> HttpResponse:
        """Ask for the share and the reason, then split the shoppers."""
        row = models.ModelVersion.objects.filter(pk=version).first()
        if row is None:
            raise Http404
        form = ExperimentForm(request.POST or None)
        said = _now("A share of the shoppers is weighed by it, each of them always; everybody else gets what is live.")

        def begin(form: Form) -> str:
            given = form.cleaned_data
            experiments.start(row, name_of(request), given["reason"], share=given["percent"] / 100, days=given["days"])
            return _now("The experiment runs.")

        return self.decide(request, _now("Try %(version)s on some shoppers") % {"version": row}, said, form, begin, row)

    def stop(self, request: HttpRequest) -> HttpResponse:
        """Ask for the reason, then give everybody what is live."""
        form = ReasonForm(request.POST or None)
        said = _now("Everybody gets what is live, with the next request. What was seen is kept.")

        def end(form: Form) -> str:
            experiments.stop(name_of(request), form.cleaned_data["reason"])
            return _now("The experiment is over.")

        return self.decide(request, _now("Stop the experiment"), said, form, end, None)
