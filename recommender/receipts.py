"""Proof that somebody was erased, which itself says nothing about them. ``recommender.models`` imports it."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from recommender.ulids import new_ulid


class ErasureReceipt(models.Model):
    """One erasure: when, and how many rows of each kind went. No id, address or word of the person is in it."""

    id = models.CharField(primary_key=True, max_length=26, default=new_ulid, editable=False)
    erased_at = models.DateTimeField(_("erased"), default=timezone.now)
    counts = models.JSONField(_("deleted rows"), default=dict)
    unlearnt = models.JSONField(_("learnt data withdrawn"), default=list)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("erasure receipt")
        verbose_name_plural = _("erasure receipts")

    def __str__(self) -> str:
        return self.id
