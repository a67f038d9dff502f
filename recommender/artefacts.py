"""What a job builds for every process to serve from, as a row. ``recommender.models`` imports it, so that Django finds it."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Artefact(models.Model):
    """One built thing of a kind ("graph"), replaced as a whole in one write, so that nobody ever sees half of it.

    A process compares ``version`` with the one it holds, and ``sha256`` with the data it read. ``about`` says what went in.
    """

    kind = models.CharField(primary_key=True, max_length=32)
    version = models.PositiveBigIntegerField(default=1)
    sha256 = models.CharField(max_length=64)
    data = models.BinaryField()
    about = models.JSONField(default=dict)
    built_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("built artefact")
        verbose_name_plural = _("built artefacts")

    def __str__(self) -> str:
        return f"{self.kind} {self.version}"
