"""Questions and answers for whoever runs the shop. What is saved is matched from the next request on."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, StackedInline
from unfold.decorators import display

from shop.faq.models import Answer, Question


class AnswerInline(StackedInline):  # type: ignore[misc]
    """The words of a question in each language."""

    model = Answer
    extra = 0
    max_num = 4


@admin.register(Question)
class QuestionAdmin(ModelAdmin):  # type: ignore[misc]
    list_display = ("slug", "shown_title", "languages", "page", "is_active")
    list_editable = ("is_active",)
    list_filter = ("is_active", "page")
    search_fields = ("slug", "answers__title", "answers__text", "answers__phrasings")
    inlines = (AnswerInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Question]:
        rows: QuerySet[Question] = super().get_queryset(request).prefetch_related("answers")
        return rows

    @display(description=_("question"))  # type: ignore[untyped-decorator]
    def shown_title(self, question: Question) -> str:
        return next((answer.title for answer in question.answers.all()), "-")

    @display(description=_("languages"))  # type: ignore[untyped-decorator]
    def languages(self, question: Question) -> str:
        return ", ".join(answer.language for answer in question.answers.all())
