"""Who shops: guests by a random token, and what a shopper prefers."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


def new_visitor_token() -> str:
    """192 random bits, URL-safe."""
    return secrets.token_urlsafe(24)


class Visitor(models.Model):
    """A guest, known by a random token in a cookie and nothing else. ``user`` is set once the guest signed in."""

    token = models.CharField(max_length=64, unique=True, default=new_visitor_token, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="visitors")
    created_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("visitor")
        verbose_name_plural = _("visitors")

    def __str__(self) -> str:
        return self.token[:8]


class Preference(models.Model):
    """What a user or a guest chose. Exactly one of the two is set."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="preference"
    )
    visitor = models.OneToOneField(Visitor, null=True, blank=True, on_delete=models.CASCADE, related_name="preference")
    use_history = models.BooleanField(
        _("use my history"), default=True, help_text=_("Views, carts and purchases shape what you are shown.")
    )
    language = models.CharField(_("language"), max_length=12, blank=True, default="")
    currency = models.CharField(_("currency"), max_length=3, blank=True, default="")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("preference")
        verbose_name_plural = _("preferences")
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=False, visitor__isnull=True) | Q(user__isnull=True, visitor__isnull=False),
                name="preference_of_a_user_or_a_visitor",
            )
        ]

    def __str__(self) -> str:
        return f"preference {self.pk}"
