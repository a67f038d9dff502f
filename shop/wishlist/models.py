"""What shoppers keep for later."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shop.catalog.models import Product


class Wish(models.Model):
    """One product on the list of a user or, without one, of a visitor."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="wishes")
    visitor_token = models.CharField(_("visitor"), max_length=64, blank=True, default="", db_index=True)
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="+", verbose_name=_("product"))
    recommendation_id = models.CharField(max_length=26, blank=True, default="")
    added_at = models.DateTimeField(_("added"), default=timezone.now)

    class Meta:
        ordering = ["-added_at", "-id"]
        verbose_name = _("wish")
        verbose_name_plural = _("wishes")
        constraints = [
            models.UniqueConstraint(fields=["user", "product"], condition=Q(user__isnull=False), name="one_wish_per_user"),
            models.UniqueConstraint(
                fields=["visitor_token", "product"], condition=Q(user__isnull=True), name="one_wish_per_visitor"
            ),
            models.CheckConstraint(condition=Q(user__isnull=False) | ~Q(visitor_token=""), name="wish_of_somebody"),
        ]

    def __str__(self) -> str:
        return f"wish {self.pk}"
