"""What staff send and get of learnt versions and of people's hand on learning."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from recommender.api.payloads import timestamp
from recommender.control import Control, exclusion_of
from recommender.models import LearningControl, ModelChange, ModelVersion
from recommender.services import switching
from recommender.services.comparison import Comparison, Place
from recommender.services.evidence import Refusal, gain_of

KINDS = ModelVersion.Kind.choices
MAX_PAGE, MAX_EXCLUDED, MAX_REASON = 100, 20, 1000


class GainSerializer(serializers.Serializer[Any]):
    measure = serializers.CharField()
    value = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class ModelVersionSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    kind = serializers.ChoiceField(KINDS)
    name = serializers.CharField()
    state = serializers.ChoiceField(ModelVersion.State.choices)
    parent = serializers.IntegerField(allow_null=True, help_text="What learning started from; null: the defaults.")  # type: ignore[assignment]
    gain = GainSerializer(allow_null=True, help_text="What it gains over what it was compared with, with its interval.")
    simulated = serializers.BooleanField(help_text="Learnt from simulated shoppers.")
    created_at = serializers.DateTimeField()
    promoted_at = serializers.DateTimeField(allow_null=True)


class ModelChangeSerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    by = serializers.CharField()
    action = serializers.ChoiceField(ModelChange.Action.choices)
    kind = serializers.CharField(help_text='"" for a change of what learning may do.')
    version = serializers.IntegerField(allow_null=True)
    previous = serializers.IntegerField(allow_null=True)
    reason = serializers.CharField()
    forced = serializers.ListField(child=serializers.CharField(), help_text="Codes of what was passed over.")


class RefusalSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    detail = serializers.CharField()
    firm = serializers.BooleanField(help_text="No force helps.")


class ModelVersionDetailSerializer(ModelVersionSerializer):
    metrics = serializers.DictField(child=serializers.JSONField(), help_text="What was measured.")
    about = serializers.DictField(child=serializers.JSONField(), help_text="What it saw: range, counts, seed, settings.")
    sha256 = serializers.CharField()
    note = serializers.CharField()
    refusals = RefusalSerializer(many=True, help_text="What speaks against promoting it now.")
    changes = ModelChangeSerializer(many=True)
    as_of = serializers.DateTimeField()


class InForceSerializer(serializers.Serializer[Any]):
    fusion = serializers.IntegerField(allow_null=True)
    encoder = serializers.IntegerField(allow_null=True)


class ModelVersionListSerializer(serializers.Serializer[Any]):
    items = ModelVersionSerializer(many=True)
    next_before = serializers.IntegerField(allow_null=True, help_text="Send it as before for the next page.")
    in_force = InForceSerializer(help_text="Ids; null is the defaults.")
    as_of = serializers.DateTimeField()


class MetricSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    left = serializers.JSONField(help_text="null where it was not measured")
    right = serializers.JSONField(help_text="null where it was not measured")


class FactorSerializer(serializers.Serializer[Any]):
    signal = serializers.CharField()
    left = serializers.FloatField()
    right = serializers.FloatField()
    requests = serializers.IntegerField()


class PlaceSerializer(serializers.Serializer[Any]):
    product_id = serializers.CharField()
    title = serializers.CharField()
    rank = serializers.IntegerField()
    moved = serializers.IntegerField(allow_null=True, help_text="Places up (positive) or down; null for a newcomer.")


class RankedRequestSerializer(serializers.Serializer[Any]):
    text = serializers.CharField()
    before = PlaceSerializer(many=True)
    after = PlaceSerializer(many=True)
    stayed = serializers.IntegerField()


class ComparisonSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(KINDS)
    left = serializers.IntegerField(allow_null=True)
    right = serializers.IntegerField(allow_null=True)
    metrics = MetricSerializer(many=True)
    factors = FactorSerializer(many=True)
    requests = RankedRequestSerializer(many=True)
    problem = serializers.CharField()
    as_of = serializers.DateTimeField()


class ControlSerializer(serializers.Serializer[Any]):
    frozen = serializers.BooleanField()
    exploration_cap = serializers.FloatField()
    excluded_attributes = serializers.ListField(child=serializers.CharField(), help_text="By the admin.")
    excluded_in_all = serializers.ListField(child=serializers.CharField(), help_text="With those of the settings, by role.")
    changed_at = serializers.DateTimeField(allow_null=True)
    changed_by = serializers.CharField()
    as_of = serializers.DateTimeField()


# -- what staff send ---------------------------------------------------------------------------------------------------


class VersionsQuerySerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(KINDS, required=False)
    state = serializers.ChoiceField(ModelVersion.State.choices, required=False)
    before = serializers.IntegerField(required=False, min_value=1, help_text="Only versions with a smaller id.")
    limit = serializers.IntegerField(required=False, default=20, min_value=1, max_value=MAX_PAGE)


class ComparisonQuerySerializer(serializers.Serializer[Any]):
    left = serializers.IntegerField(min_value=0, help_text="A version's id; 0 is the defaults.")
    right = serializers.IntegerField(min_value=0, help_text="A version's id; 0 is the defaults.")
    text = serializers.CharField(required=False, max_length=500, help_text="A request to rank; else shoppers' newest ones.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        ids = {attrs["left"], attrs["right"]} - {0}
        kinds = set(ModelVersion.objects.filter(pk__in=ids).values_list("kind", flat=True))
        if not ids or ModelVersion.objects.filter(pk__in=ids).count() != len(ids):
            raise ValidationError(_("Compare two versions of one kind, or one with the defaults (0)."), code="unknown_version")
        if len(kinds) != 1:
            raise ValidationError(_("Compare two versions of one kind, or one with the defaults (0)."), code="other_kind")
        return attrs


class GivenReasonSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=MAX_REASON, help_text="Kept with the change.")


class PromotionSerializer(GivenReasonSerializer):
    force = serializers.BooleanField(
        required=False, default=False, help_text="Without evidence, too; what was passed over is kept."
    )


class RollbackSerializer(GivenReasonSerializer):
    kind = serializers.ChoiceField(KINDS)


class ControlChangeSerializer(GivenReasonSerializer):
    """What is left out stays as it is."""

    frozen = serializers.BooleanField(required=False)
    exploration_cap = serializers.FloatField(required=False, min_value=0.0, max_value=1.0)
    excluded_attributes = serializers.ListField(
        child=serializers.CharField(max_length=64), required=False, max_length=MAX_EXCLUDED
    )


# -- payloads ----------------------------------------------------------------------------------------------------------


def version_payload(row: ModelVersion) -> dict[str, Any]:
    gain = gain_of(row.metrics)
    return {
        "id": row.pk,
        "kind": row.kind,
        "name": row.name,
        "state": row.state,
        "parent": row.parent_id,
        "gain": {"measure": gain.measure, "value": gain.value, "low": gain.low, "high": gain.high} if gain else None,
        "simulated": row.simulated,
        "created_at": timestamp(row.created_at),
        "promoted_at": timestamp(row.promoted_at) if row.promoted_at else None,
    }


def detail_payload(row: ModelVersion) -> dict[str, Any]:
    refusals = [] if row.state == ModelVersion.State.LIVE else switching.refusals(row)
    return {
        **version_payload(row),
        "metrics": row.metrics,
        "about": row.about,
        "sha256": row.sha256,
        "note": row.note,
        "refusals": [_refusal(refusal) for refusal in refusals],
        "changes": [change_payload(change) for change in ModelChange.objects.filter(version=row)],
    }


def _refusal(refusal: Refusal) -> dict[str, Any]:
    return {"code": refusal.code, "detail": refusal.message, "firm": refusal.firm}


def change_payload(change: ModelChange) -> dict[str, Any]:
    return {
        "at": timestamp(change.at),
        "by": change.by,
        "action": change.action,
        "kind": change.kind,
        "version": change.version_id,
        "previous": change.previous_id,
        "reason": change.reason,
        "forced": list(change.evidence.get("forced", ())),
    }


def comparison_payload(found: Comparison) -> dict[str, Any]:
    return {
        "kind": found.kind,
        "left": found.left.pk if found.left else None,
        "right": found.right.pk if found.right else None,
        "metrics": [{"name": m.name, "left": m.left, "right": m.right} for m in found.metrics],
        "factors": [
            {"signal": f.signal, "left": round(f.left, 6), "right": round(f.right, 6), "requests": f.requests}
            for f in found.factors
        ],
        "requests": [
            {
                "text": asked.text,
                "before": [_place(place) for place in asked.before],
                "after": [_place(place) for place in asked.after],
                "stayed": asked.stayed,
            }
            for asked in found.requests
        ],
        "problem": found.problem,
        "as_of": timestamp(found.as_of),
    }


def _place(place: Place) -> dict[str, Any]:
    return {"product_id": place.item_id, "title": place.title, "rank": place.rank, "moved": place.moved}


def control_payload(control: Control) -> dict[str, Any]:
    row = LearningControl.objects.filter(pk=1).first()
    return {
        "frozen": control.frozen,
        "exploration_cap": control.exploration_cap,
        "excluded_attributes": list(control.excluded),
        "excluded_in_all": sorted(exclusion_of(control).roles),
        "changed_at": timestamp(row.changed_at) if row else None,
        "changed_by": row.changed_by if row else "",
    }
