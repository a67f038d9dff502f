"""What the shop's people teach the parser, as rows. ``recommender.models`` imports them, so that Django finds them."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from fusion.instructions.teaching import request_key


class Language(models.TextChoices):
    """Of the requests that a lesson holds in."""

    ANY = "any", _("any language")
    ENGLISH = "en", _("English")
    CHINESE = "zh", _("Chinese")


class Lesson(models.Model):
    """What all lessons have. ``key`` is how requests are compared with it; ``taught_by`` a user name, for the record only."""

    key = models.CharField(max_length=500, editable=False, db_index=True)
    active = models.BooleanField(_("active"), default=True)
    taught_by = models.CharField(_("taught by"), max_length=150, blank=True, default="", editable=False)
    created_at = models.DateTimeField(_("taught"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        abstract = True


class Synonym(Lesson):
    """Words that mean other words, or a value of the catalogue ("color=Navy Blue")."""

    language = models.CharField(_("language"), max_length=3, choices=Language.choices, default=Language.ANY)
    words = models.CharField(_("words"), max_length=80)
    means = models.CharField(_("means"), max_length=200)
    two_way = models.BooleanField(_("two-way"), default=False)

    class Meta:
        ordering = ["key"]
        verbose_name = _("synonym")
        verbose_name_plural = _("synonyms")
        constraints = [models.UniqueConstraint(fields=["key", "language", "means"], name="one_synonym_per_meaning")]

    def __str__(self) -> str:
        return f"{self.words} {'<->' if self.two_way else '->'} {self.means}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.key = request_key(self.words)
        super().save(*args, **kwargs)


class StopPhrase(Lesson):
    """Words that a request is read without."""

    language = models.CharField(_("language"), max_length=3, choices=Language.choices, default=Language.ANY)
    phrase = models.CharField(_("phrase"), max_length=80)

    class Meta:
        ordering = ["key"]
        verbose_name = _("stop phrase")
        verbose_name_plural = _("stop phrases")
        constraints = [models.UniqueConstraint(fields=["key", "language"], name="one_stop_phrase_per_language")]

    def __str__(self) -> str:
        return self.phrase

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.key = request_key(self.phrase)
        super().save(*args, **kwargs)


class Correction(Lesson):
    """This request meant that: slots in the notation of ``fusion.instructions.evaluation``, an order, words to search with.

    ``wanted`` and ``unwanted`` are phrases of the text itself; the want/avoid tagger learns from them.
    """

    class Order(models.TextChoices):
        CHEAPEST = "price asc", _("lowest price first")
        DEAREST = "price desc", _("highest price first")
        NEWEST = "created_at desc", _("newest first")
        BEST = "rating desc", _("best rated first")
        POPULAR = "popularity desc", _("most popular first")

    text = models.CharField(_("request"), max_length=500)
    musts = models.JSONField(_("musts"), default=list, blank=True)
    wants = models.JSONField(_("wants"), default=list, blank=True)
    avoids = models.JSONField(_("avoids"), default=list, blank=True)
    order = models.CharField(_("sort order"), max_length=24, choices=Order.choices, blank=True, default="")
    rest = models.CharField(_("words to search with"), max_length=500, blank=True, default="")
    avoid = models.CharField(_("words to avoid"), max_length=500, blank=True, default="")
    wanted = models.JSONField(_("words that say what is wanted"), default=list, blank=True)
    unwanted = models.JSONField(_("words that say what is not wanted"), default=list, blank=True)

    class Meta:
        ordering = ["-updated_at"]
        verbose_name = _("correction")
        verbose_name_plural = _("corrections")
        constraints = [models.UniqueConstraint(fields=["key"], name="one_correction_per_request")]

    def __str__(self) -> str:
        return self.text[:80]

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.key = request_key(self.text)
        super().save(*args, **kwargs)
