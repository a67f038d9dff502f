"""What buyers say about what they bought."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shop.catalog.models import Product

MAX_STARS = 5
MAX_TEXT = 2000


class Review(models.Model):
    """One buyer's stars and words for one product. Shoppers see it once it is approved; its writer at once."""

    class State(models.TextChoices):
        PENDING = "pending", _("waiting")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="reviews", verbose_name=_("product"))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="reviews")
    visitor_token = models.CharField(_("visitor"), max_length=64, blank=True, default="")
    stars = models.PositiveSmallIntegerField(_("stars"), validators=[MinValueValidator(1), MaxValueValidator(MAX_STARS)])
    text = models.TextField(_("text"), max_length=MAX_TEXT, blank=True, default="")
    name = models.CharField(_("shown name"), max_length=60, blank=True, default="")
    language = models.CharField(_("language"), max_length=12, blank=True, default="")
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.PENDING, db_index=True)
    simulated = models.BooleanField(_("simulated"), default=False, help_text=_("Not by a person; the page says so."))
    written_at = models.DateTimeField(_("written"), default=timezone.now)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)

    class Meta:
        ordering = ["-written_at", "-id"]
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        constraints = [
            models.UniqueConstraint(fields=["product", "user"], condition=Q(user__isnull=False), name="one_review_per_user"),
            models.UniqueConstraint(
                fields=["product", "visitor_token"],
                condition=Q(user__isnull=True) & ~Q(visitor_token=""),
                name="one_review_per_visitor",
            ),
            models.CheckConstraint(condition=Q(stars__gte=1, stars__lte=MAX_STARS), name="stars_between_one_and_five"),
        ]

    def __str__(self) -> str:
        return f"review {self.pk}"
