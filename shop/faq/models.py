"""The shop's own answers to what shoppers ask about their orders, delivery, payment and data."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class Question(models.Model):
    """One thing that shoppers ask. Its words, in each language, are its answers'."""

    class Page(models.TextChoices):
        NONE = "", _("none")
        ORDERS = "orders", _("Orders")
        ACCOUNT = "account", _("Your history")
        CART = "cart", _("Cart")

    slug = models.SlugField(_("name in addresses"), unique=True, help_text=_('"returns" makes /help#returns.'))
    page = models.CharField(
        _("page to go to"),
        max_length=16,
        choices=Page.choices,
        blank=True,
        default="",
        help_text=_("Where the shopper can do it."),
    )
    position = models.PositiveIntegerField(_("position"), default=0, db_index=True)
    is_active = models.BooleanField(_("shown"), default=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        ordering = ["position", "id"]
        verbose_name = _("question")
        verbose_name_plural = _("questions")

    def __str__(self) -> str:
        return self.slug

    def get_absolute_url(self) -> str:
        return f"{reverse('storefront:help')}#{self.slug}"


class Answer(models.Model):
    """A question and its answer in one language, and how shoppers put it."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="answers", verbose_name=_("question"))
    language = models.CharField(_("language"), max_length=16, choices=settings.LANGUAGES)
    title = models.CharField(_("question as shown"), max_length=200)
    text = models.TextField(_("answer"))
    phrasings = models.TextField(
        _("how shoppers put it"),
        blank=True,
        help_text=_("One a line. What means nearly the same is found without being listed."),
    )
    exceptions = models.TextField(
        _("sounds like it, but is a product"),
        blank=True,
        help_text=_('One a line: "return gift" is no question about returns.'),
    )
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        ordering = ["language"]
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        constraints = [models.UniqueConstraint(fields=["question", "language"], name="one_answer_per_language")]

    def __str__(self) -> str:
        return self.title
