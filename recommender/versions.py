"""What was learnt, as rows: versions, who changed what, and people's hand on it. ``recommender.models`` imports them."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

DEFAULT_EXPLORATION_CAP = 0.1


class ModelVersion(models.Model):
    """One learnt thing of a kind. ``IndexState`` names the one in force; at most one of a kind is live.

    ``data`` are safetensors bytes and ``sha256`` their digest; an encoder may live in the folder of DATA_DIR/models that
    ``about["folder"]`` names. ``metrics`` holds what was measured, ``about`` what it saw (from, until, counts, seed,
    settings, TensorBoard folder); neither names a person. Rows stay for the record, the data of old ones go.
    """

    class Kind(models.TextChoices):
        FUSION = "fusion", _("fusion weights")
        ENCODER = "encoder", _("encoder")

    class State(models.TextChoices):
        CANDIDATE = "candidate", _("candidate")
        LIVE = "live", _("live")
        RETIRED = "retired", _("retired")
        REJECTED = "rejected", _("rejected")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    name = models.CharField(_("name"), max_length=100)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.CANDIDATE)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="children", verbose_name=_("learnt from")
    )
    metrics = models.JSONField(_("metrics"), default=dict)
    about = models.JSONField(_("what it saw"), default=dict)
    sha256 = models.CharField(max_length=64, blank=True, default="")
    data = models.BinaryField(default=b"")
    simulated = models.BooleanField(_("learnt from simulated shoppers"), default=False)
    note = models.TextField(_("note"), blank=True, default="")
    created_at = models.DateTimeField(_("learnt at"), default=timezone.now)
    promoted_at = models.DateTimeField(_("promoted at"), null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("model version")
        verbose_name_plural = _("model versions")
        indexes = [models.Index(fields=["kind", "state", "-id"], name="model_version_by_state")]
        constraints = [
            models.UniqueConstraint(fields=["kind"], condition=Q(state="live"), name="one_live_model_version_per_kind")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}: {self.name}"


class ModelChange(models.Model):
    """Who changed what is in force, or what may be learnt, and why. Rows are only ever added.

    ``version`` is what is in force after a promotion or a rollback (null: the defaults), ``previous`` what was before; for a
    rejection ``version`` is the rejected one. ``evidence`` keeps the metrics and settings that the change rested on.
    """

    class Action(models.TextChoices):
        PROMOTE = "promote", _("promoted")
        ROLLBACK = "rollback", _("rolled back")
        REJECT = "reject", _("rejected")
        FREEZE = "freeze", _("froze learning")
        UNFREEZE = "unfreeze", _("unfroze learning")
        CAP = "cap", _("capped exploration")
        EXCLUDE = "exclude", _("excluded attributes")
        START = "start", _("started an experiment")
        STOP = "stop", _("stopped an experiment")

    at = models.DateTimeField(_("at"), default=timezone.now)
    by = models.CharField(_("by"), max_length=150)
    action = models.CharField(_("action"), max_length=16, choices=Action.choices)
    kind = models.CharField(_("kind"), max_length=16, choices=ModelVersion.Kind.choices, blank=True, default="")
    version = models.ForeignKey(
        ModelVersion, null=True, blank=True, on_delete=models.SET_NULL, related_name="changes", verbose_name=_("version")
    )
    previous = models.ForeignKey(
        ModelVersion, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("before")
    )
    reason = models.TextField(_("reason"))
    evidence = models.JSONField(_("evidence"), default=dict)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("learning change")
        verbose_name_plural = _("learning changes")

    def __str__(self) -> str:
        return f"{self.action} {self.kind}".strip()


class LearningControl(models.Model):
    """One row: people's hand on learning. Processes read it again when ``IndexState.control`` has changed."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    frozen = models.BooleanField(_("frozen"), default=False)
    exploration_cap = models.FloatField(
        _("exploration cap"), default=DEFAULT_EXPLORATION_CAP, validators=[MinValueValidator(0.0), MaxValueValidator(1.0)]
    )
    excluded_attributes = models.JSONField(_("excluded attributes"), default=list, blank=True)
    changed_at = models.DateTimeField(_("changed at"), default=timezone.now)
    changed_by = models.CharField(_("changed by"), max_length=150, blank=True, default="")

    class Meta:
        verbose_name = _("learning control")
        verbose_name_plural = _("learning control")

    def __str__(self) -> str:
        return "frozen" if self.frozen else "learning"
