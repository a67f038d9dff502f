"""Forms of the lessons: what cannot work is refused here, with the reason."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import construct_instance
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

from recommender.models import Correction, StopPhrase, Synonym
from recommender.services import lessons

MAX_LINES, MAX_LINE = 20, 200


class LinesField(forms.CharField):
    """A list of texts, one a line."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> Any:
        text: str = super().clean(value)
        lines = list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
        if len(lines) > MAX_LINES or any(len(line) > MAX_LINE for line in lines):
            message = _now("At most %(lines)d lines of %(length)d characters.")
            raise ValidationError(message % {"lines": MAX_LINES, "length": MAX_LINE})
        return lines

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class LessonForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form whose last step is the lesson's own check, which may put the spelling right."""

    spelled: tuple[str, ...] = ()
    check: Callable[[Any], None]

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.errors or cleaned is None:
            return cleaned
        lesson = construct_instance(self, copy(self.instance), self._meta.fields)
        self.check(lesson)
        return {**cleaned, **{name: getattr(lesson, name) for name in self.spelled}}


class SynonymForm(LessonForm):
    spelled = ("words", "means")

    class Meta:
        model = Synonym
        fields = ("words", "means", "two_way", "language", "active")
        help_texts = {
            "words": _('As shoppers say it: "kicks", "老爹鞋".'),
            "means": _('Other words ("sneakers", "black dress", "under 50"), or a value of the catalogue: "color=Navy|Blue".'),
            "two_way": _("The other words mean these, too."),
            "language": _("Of the requests it holds in. A mixed request counts as Chinese or English by its letters."),
        }

    def check(self, lesson: Synonym) -> None:
        lesson.words = " ".join(lesson.words.split())
        lesson.means = lessons.checked_synonym(lesson, lessons.catalogue_names())


class StopPhraseForm(LessonForm):
    class Meta:
        model = StopPhrase
        fields = ("phrase", "language", "active")
        help_texts = {"phrase": _('Passed over in every request, as if it were not there: "bestie", "家人们".')}

    def check(self, lesson: StopPhrase) -> None:
        lessons.check_stop_phrase(lesson)


class CorrectionForm(LessonForm):
    spelled = tuple(lessons.SLOT_LISTS)

    musts = LinesField(
        label=_("musts"), help_text=_('One a line: "color=Red|Blue", "brand!=Nike", "price<=50", "price=20..30".')
    )
    wants = LinesField(label=_("wants"), help_text=_('Preferred, not required: "season=Winter", "price<=" (rather cheap).'))
    avoids = LinesField(label=_("avoids"), help_text=_('Rather not: "color=Pink".'))
    wanted = LinesField(
        label=_("words that say what is wanted"),
        help_text=_("Phrases of the request, one a line. The want/avoid tagger learns from them."),
    )
    unwanted = LinesField(label=_("words that say what is not wanted"), help_text=_("Likewise."))

    class Meta:
        model = Correction
        fields = ("text", "musts", "wants", "avoids", "order", "rest", "avoid", "wanted", "unwanted", "active")
        help_texts = {
            "text": _("Only this request is read so, whatever its case, width and outer punctuation."),
            "rest": _("Empty: the names of the values above."),
            "avoid": _("What no field of the catalogue knows: laces, flashy."),
        }

    def check(self, lesson: Correction) -> None:
        lessons.check_correction(lesson, lessons.catalogue_names())
