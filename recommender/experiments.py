"""An A/B split between what is live and a candidate, as a row. ``recommender.models`` imports it."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from recommender.versions import ModelVersion


class Experiment(models.Model):
    """One split. ``IndexState.experiment`` names the one that runs; there is at most one.

    ``reading`` is the last look at it (``recommender.services.experiments.to_json``); ``verdict`` what the last look before it
    ended said. ``days`` is how long after a shopper's first answer their acts count: the same for both sides.
    """

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        STOPPED = "stopped", _("stopped")

    candidate = models.ForeignKey(
        ModelVersion, on_delete=models.CASCADE, related_name="experiments", verbose_name=_("candidate")
    )
    live = models.ForeignKey(
        ModelVersion, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("what was live")
    )
    share = models.FloatField(
        _("share of shoppers"), default=0.5, validators=[MinValueValidator(0.01), MaxValueValidator(0.99)]
    )
    days = models.FloatField(_("days that count"), default=7.0)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.RUNNING)
    verdict = models.CharField(_("verdict"), max_length=24, blank=True, default="")
    reading = models.JSONField(_("last look"), default=dict)
    started_at = models.DateTimeField(_("started at"), default=timezone.now)
    started_by = models.CharField(_("started by"), max_length=150)
    stopped_at = models.DateTimeField(_("stopped at"), null=True, blank=True)
    stopped_by = models.CharField(_("stopped by"), max_length=150, blank=True, default="")
    reason = models.TextField(_("reason"))

    class Meta:
        ordering = ["-id"]
        verbose_name = _("experiment")
        verbose_name_plural = _("experiments")
        constraints = [
            models.UniqueConstraint(fields=["state"], condition=Q(state="running"), name="one_experiment_runs_at_a_time")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """What answers are logged under; the salt of the assignment, too."""
        return f"experiment-{self.pk}"
