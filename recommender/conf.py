"""The plugin's settings: one frozen dataclass, read from ``settings.RECOMMENDER``. Nothing else reads that dict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.dispatch import receiver


@dataclass(frozen=True, slots=True)
class RecommenderSettings:
    """Every setting, its default and its meaning. Times are seconds, sizes bytes unless the name says otherwise.

    A plugin point is Django-shaped: ``{"BACKEND": "dotted.path.Class", "OPTIONS": {...}}``; an encoder's BACKEND may
    also be one of the registry's names ("bundled", "open_clip", "transformers").
    """

    CATALOG: str = ""
    DATA_DIR: Path = Path("var")
    ENCODERS: Sequence[Mapping[str, Any]] = field(default_factory=lambda: [{"BACKEND": "bundled"}])
    PARSER: Mapping[str, Any] = field(default_factory=lambda: {"BACKEND": "fusion.instructions.parser.LexiconParser"})
    TAGGER: str = ""  # off; "bundled", "trained" (train_tagger's in DATA_DIR/models, else the bundled one), or a folder
    LINK_UNKNOWN: bool = False  # link words that no list knows to the nearest category by meaning; costs a short text forward
    INDEX: Mapping[str, Any] = field(default_factory=lambda: {"BACKEND": "fusion.index.exact.ExactIndex"})
    WEIGHTS: Mapping[str, float] = field(default_factory=dict)
    SIMILARITY_FLOOR: float = 0.0
    DIVERSITY: float = 0.1
    EXCHANGE_RATES: Mapping[str, float] = field(default_factory=dict)
    HIDE_OUT_OF_STOCK: bool = True
    NEVER_RELAX: Sequence[str] = ()  # fields whose musts are never let go: an age rating, allergens
    EXCLUDE_ATTRIBUTES: Sequence[str] = ()  # never used for anything ("gender"), beside what the admin excludes
    MEASURE_COLOURS: bool = True
    MAX_TEXT_LENGTH: int = 500
    MAX_PHOTO_BYTES: int = 8 * 1024 * 1024
    MAX_PHOTO_PIXELS: int = 40_000_000
    RANKING_DEPTH: int = 500
    RESULT_TTL: int = 30 * 60
    PHOTO_TTL: int = 24 * 60 * 60
    LOG_RETENTION: int = 90 * 24 * 60 * 60
    LOG_MAX_ANSWERS: int = 1_000_000  # the oldest beyond it go, whatever their age; 0 is no bound
    LOG_MAX_EVENTS: int = 10_000_000
    BATCH_SIZE: int = 32
    LEASE_SECONDS: int = 120
    MAX_ATTEMPTS: int = 3
    DRAIN_EVERY: int = 5
    BEHAVIOUR_MIN_SHOPPERS: int = 5  # two items that fewer shoppers chose are never shown to go together
    BEHAVIOUR_NEIGHBOURS: int = 300
    BEHAVIOUR_EASE_ITEMS: int = 5000  # up to so many items EASE is fitted (16 bytes an item^2), above item-kNN
    HISTORY_SIZE: int = 500
    USE_SIMULATED: bool = False  # let the events of `manage.py simulate` count for everybody; pages must then say so
    CONSUMABLE_CATEGORIES: Sequence[str] = ()  # names ("Coffee") or paths ("Food/Coffee") of what is bought again and again
    CONFIRM_BY_EXPERIMENT: bool = True  # learnt weights need an A/B split that found them better before a promotion
    TRAINING_MAX_BYTES: int = 6 * 1024**3  # of memory for a training that the worker begins; 0 is no bound
    MAX_EVENTS: int = 500
    WARM_UP: bool = True
    WARM_UP_AFTER: int = 0  # seconds that a worker waits before it reads the weights, unless it needs them sooner

    @property
    def models_dir(self) -> Path:
        """Where converted weights live."""
        return self.DATA_DIR / "models"

    @property
    def tagger_dir(self) -> Path:
        """Where ``manage.py train_tagger`` puts its adapter."""
        return self.models_dir / "tagger"


def _checked(given: Mapping[str, Any]) -> RecommenderSettings:
    known = {f.name for f in fields(RecommenderSettings)}
    unknown = sorted(set(given) - known)
    if unknown:
        raise ImproperlyConfigured(
            f"RECOMMENDER has unknown keys {unknown}. Known keys: {', '.join(sorted(known))}. Remove or rename them."
        )
    values = dict(given)
    if "DATA_DIR" in values:
        values["DATA_DIR"] = Path(values["DATA_DIR"])
    conf = RecommenderSettings(**values)
    for name in (
        "MAX_TEXT_LENGTH",
        "MAX_PHOTO_BYTES",
        "MAX_PHOTO_PIXELS",
        "RANKING_DEPTH",
        "BATCH_SIZE",
        "LEASE_SECONDS",
        "MAX_ATTEMPTS",
        "BEHAVIOUR_MIN_SHOPPERS",
        "BEHAVIOUR_NEIGHBOURS",
        "BEHAVIOUR_EASE_ITEMS",
    ):
        value = getattr(conf, name)
        if not isinstance(value, int) or value < 1:
            raise ImproperlyConfigured(f"RECOMMENDER[{name!r}] is {value!r}; it must be a whole number of at least 1.")
    if not isinstance(conf.TAGGER, str):
        raise ImproperlyConfigured(
            f"RECOMMENDER['TAGGER'] is {conf.TAGGER!r}; it must be '', 'bundled', 'trained' or the path of a folder as text."
        )
    if not 0.0 <= conf.DIVERSITY <= 1.0:
        raise ImproperlyConfigured(f"RECOMMENDER['DIVERSITY'] is {conf.DIVERSITY!r}; it must be between 0 (off) and 1.")
    if isinstance(conf.EXCLUDE_ATTRIBUTES, str) or not all(isinstance(name, str) for name in conf.EXCLUDE_ATTRIBUTES):
        raise ImproperlyConfigured(
            f"RECOMMENDER['EXCLUDE_ATTRIBUTES'] is {conf.EXCLUDE_ATTRIBUTES!r}; it must be a list of names, like ['gender']."
        )
    for plug in (conf.PARSER, conf.INDEX, *conf.ENCODERS):
        extra = set(plug) - {"BACKEND", "OPTIONS"}
        if "BACKEND" not in plug or extra:
            raise ImproperlyConfigured(
                f"RECOMMENDER plugin point {dict(plug)!r} must be {{'BACKEND': 'dotted.path.Class', 'OPTIONS': {{...}}}}."
            )
    return conf


@lru_cache(maxsize=1)
def get_settings() -> RecommenderSettings:
    """The settings in force.

    Raises:
        ImproperlyConfigured: an unknown key, or a value out of its range; the message names it.
    """
    return _checked(getattr(settings, "RECOMMENDER", {}))


@receiver(setting_changed)
def _forget(*, setting: str, **_: Any) -> None:
    if setting == "RECOMMENDER":
        get_settings.cache_clear()
