"""What became of each attempt to pay."""

from __future__ import annotations

import secrets

from django.db import models
from django.utils.translation import gettext_lazy as _


def new_key() -> str:
    """An idempotency key for the provider: 144 random bits."""
    return secrets.token_urlsafe(18)


class Payment(models.Model):
    """One attempt to pay for one checkout. It names no person: the order does, once there is one."""

    class State(models.TextChoices):
        STARTED = "started", _("started")  # the provider's answer is not known
        AUTHORISED = "authorised", _("reserved")
        CAPTURED = "captured", _("paid")
        DECLINED = "declined", _("declined")
        RELEASE_DUE = "release_due", _("to be released")
        RELEASED = "released", _("released")
        REFUND_DUE = "refund_due", _("to be refunded")
        REFUNDED = "refunded", _("refunded")

    order = models.ForeignKey(
        "orders.Order", null=True, blank=True, on_delete=models.PROTECT, related_name="payments", verbose_name=_("order")
    )
    cart = models.ForeignKey("orders.Cart", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    checkout_key = models.CharField(max_length=255, editable=False)
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=1)
    key = models.CharField(max_length=64, unique=True, default=new_key, editable=False)
    method = models.CharField(_("method"), max_length=32)
    is_demo = models.BooleanField(_("demo"), default=False)
    choice = models.CharField(_("choice"), max_length=32, blank=True, default="")
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.STARTED, db_index=True)
    reference = models.CharField(_("reference"), max_length=128, blank=True, default="")
    amount_minor = models.PositiveBigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        constraints = [
            models.UniqueConstraint(fields=["cart", "checkout_key", "attempt"], name="one_payment_per_attempt"),
            models.UniqueConstraint(fields=["order"], condition=models.Q(order__isnull=False), name="one_payment_per_order"),
        ]

    def __str__(self) -> str:
        return f"payment {self.pk}"
