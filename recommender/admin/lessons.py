"""What people teach the parser: synonyms, stop phrases, corrections, and a page to try a request on."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action

from recommender import models, selectors
from recommender.admin.lesson_forms import CorrectionForm, StopPhraseForm, SynonymForm
from recommender.admin.reading import initial_correction, read_request
from recommender.services import lesson_import, teaching

SUGGESTED_DAYS = (7, 14, 30, 90)


class LessonAdmin(ModelAdmin):  # type: ignore[misc]
    """Rows that people write: who taught it is kept, and many are switched on or off at once."""

    list_per_page = 50
    readonly_fields = ("taught_by", "created_at", "updated_at")
    actions = ("switch_on", "switch_off")
    actions_list: tuple[str, ...] = ("try_it",)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.taught_by = request.user.get_username()[:150]
        super().save_model(request, obj, form, change)

    @admin.action(description=_("Switch on"), permissions=["change"])
    def switch_on(self, request: HttpRequest, rows: QuerySet[Model]) -> None:
        self._switched(request, teaching.switch(rows, on=True))

    @admin.action(description=_("Switch off"), permissions=["change"])
    def switch_off(self, request: HttpRequest, rows: QuerySet[Model]) -> None:
        self._switched(request, teaching.switch(rows, on=False))

    def _switched(self, request: HttpRequest, n: int) -> None:
        text = ngettext(
            "%(n)d lesson changed; it counts from the next request.",
            "%(n)d lessons changed; they count from the next request.",
            n,
        )
        self.message_user(request, text % {"n": n}, messages.SUCCESS)

    @action(description=_("Try a request"), permissions=["view"], url_path="try", icon="science")  # type: ignore[untyped-decorator]
    def try_it(self, request: HttpRequest) -> HttpResponse:
        """A request as it is read now, and what lately was not understood."""
        text = request.GET.get("q", "").strip()[:500]
        try:
            days = int(request.GET.get("days", SUGGESTED_DAYS[1]))
        except ValueError:
            days = SUGGESTED_DAYS[1]
        days = days if days in SUGGESTED_DAYS else SUGGESTED_DAYS[1]
        user = request.user
        context: dict[str, Any] = {
            "q": text,
            "reading": read_request(text, (get_language() or "en").split("-")[0]) if text else None,
            "correct_url": f"{reverse('admin:recommender_correction_add')}?{urlencode({'text': text})}",
            "may_correct": user.has_perm("recommender.add_correction"),
            "may_add": user.has_perm("recommender.add_synonym"),
            "may_see_requests": user.has_perm("recommender.view_recommendation"),
            "days": days,
            "all_days": SUGGESTED_DAYS,
        }
        if context["may_see_requests"]:
            context["unanswered"] = selectors.unanswered_requests(days)
        return self._page(request, "recommender/admin/try_request.html", _("Try a request"), **context)

    def _page(self, request: HttpRequest, template: str, title: Any, **context: Any) -> HttpResponse:
        return TemplateResponse(
            request, template, {**self.admin_site.each_context(request), "opts": self.opts, "title": title, **context}
        )


@admin.register(models.Synonym)
class SynonymAdmin(LessonAdmin):
    form = SynonymForm
    list_display = ("words", "means", "two_way", "language", "active", "taught_by", "updated_at")
    list_filter = ("active", "language", "two_way")
    search_fields = ("words", "means")
    actions_list = ("try_it", "import_many")

    @action(description=_("Paste many"), permissions=["add"], url_path="import", icon="upload")  # type: ignore[untyped-decorator]
    def import_many(self, request: HttpRequest) -> HttpResponse:
        text = request.POST.get("lines", "")
        taught, bad = 0, list[lesson_import.BadLine]()
        if request.method == "POST":
            if len(text.splitlines()) > lesson_import.MAX_LINES:
                self.message_user(request, _("At most %(n)d lines at once.") % {"n": lesson_import.MAX_LINES}, messages.ERROR)
            else:
                taught, bad = lesson_import.import_synonyms(text, request.user.get_username()[:150])
        if taught:
            said = ngettext("%(n)d synonym taught.", "%(n)d synonyms taught.", taught) % {"n": taught}
            self.message_user(request, said, messages.SUCCESS)
            return HttpResponseRedirect(reverse("admin:recommender_synonym_changelist"))
        context = {"lines": text, "bad": bad}
        return self._page(request, "recommender/admin/import_synonyms.html", _("Paste many synonyms"), **context)


@admin.register(models.StopPhrase)
class StopPhraseAdmin(LessonAdmin):
    form = StopPhraseForm
    list_display = ("phrase", "language", "active", "taught_by", "updated_at")
    list_filter = ("active", "language")
    search_fields = ("phrase",)


@admin.register(models.Correction)
class CorrectionAdmin(LessonAdmin):
    form = CorrectionForm
    list_display = ("text", "meaning", "order", "active", "taught_by", "updated_at")
    list_filter = ("active", "order")
    search_fields = ("text", "rest", "avoid")

    @admin.display(description=_("meaning"))
    def meaning(self, row: models.Correction) -> str:
        return ", ".join([*row.musts, *(f"({slot})" for slot in row.wants), *(f"-{slot}" for slot in row.avoids)])

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """For ``?text=...`` the request as it is read now, to be put right."""
        text = request.GET.get("text", "").strip()[:500]
        return initial_correction(text) if text else super().get_changeform_initial_data(request)
