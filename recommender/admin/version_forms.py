"""Forms of the pages on learnt versions. Whatever is changed there asks for a reason."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
    UnfoldBooleanWidget,
)

from recommender.admin.lesson_forms import LinesField
from recommender.control import Control
from recommender.models import ModelVersion

MAX_REASON = 1000
# A comparison offers so many of the newest versions of a kind.
OFFERED = 100


class ReasonForm(forms.Form):
    """Why something is changed."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=MAX_REASON,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("Kept with the change, for whoever reads the record later."),
    )


class PromotionForm(ReasonForm):
    """A reason, and whether to go on in spite of what speaks against it."""

    force = forms.BooleanField(
        label=_("Put it in force all the same"),
        required=False,
        widget=UnfoldBooleanWidget,
        help_text=_("The record keeps what was passed over."),
    )


class ExperimentForm(ReasonForm):
    """How many shoppers try a candidate, and for how long what they do counts."""

    percent = forms.FloatField(
        label=_("Share of the shoppers, in per cent"),
        initial=50,
        min_value=1,
        max_value=99,
        widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "1", "min": "1", "max": "99"}),
    )
    days = forms.FloatField(
        label=_("Days that count"),
        initial=7,
        min_value=0.1,
        max_value=90,
        widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "1", "min": "1", "max": "90"}),
        help_text=_("What a shopper does in so many days after their first answer; the days must be over before they count."),
    )
    field_order = ("percent", "days", "reason")


class ExposureForm(forms.Form):
    """Which answers to look at."""

    days = forms.FloatField(
        label=_("Days"), min_value=0.1, max_value=3650, widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "1", "min": "1"})
    )
    policy = forms.CharField(
        label=_("Policy"),
        required=False,
        max_length=64,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Empty is all of them."),
    )
    simulated = forms.BooleanField(label=_("of simulated shoppers"), required=False, widget=UnfoldBooleanWidget)


class ControlForm(ReasonForm):
    """What people allow of learning."""

    frozen = forms.BooleanField(
        label=_("Freeze learning"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text=_("Nothing is trained, promoted or explored; what is live goes on serving. A rollback still works."),
    )
    exploration_cap = forms.FloatField(
        label=_("Exploration cap"),
        min_value=0.0,
        max_value=1.0,
        widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "0.01", "min": "0", "max": "1"}),
        help_text=_("At most this share of requests may try another way than the best known one: 0 is never, 0.1 one in ten."),
    )
    excluded = LinesField(
        label=_("Excluded attributes"),
        help_text=_("One name a line. They are never used, for nothing; every product is embedded again."),
    )

    field_order = ("frozen", "exploration_cap", "excluded", "reason")

    @classmethod
    def of(cls, control: Control, data: Any = None) -> ControlForm:
        """The form as it stands, or as it was sent."""
        initial = {"frozen": control.frozen, "exploration_cap": control.exploration_cap, "excluded": list(control.excluded)}
        return cls(data, initial=initial)


class ComparisonForm(forms.Form):
    """Which two versions of a kind, and what to ask them. Versions are named by number, 0 is the defaults."""

    left = forms.TypedChoiceField(label=_("Before"), coerce=int, widget=UnfoldAdminSelectWidget)
    right = forms.TypedChoiceField(label=_("After"), coerce=int, widget=UnfoldAdminSelectWidget)
    text = forms.CharField(label=_("A request of your own"), required=False, max_length=500, widget=UnfoldAdminTextInputWidget)

    def __init__(self, kind: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = ModelVersion.objects.filter(kind=kind).defer("data").order_by("-pk")[:OFFERED]
        choices = [(0, _("the defaults")), *((row.pk, f"{row.pk} · {row.name} · {row.get_state_display()}") for row in rows)]
        for name in ("left", "right"):
            field = self.fields[name]
            assert isinstance(field, forms.TypedChoiceField)
            field.choices = choices
