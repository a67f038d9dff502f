"""Addresses that are readable and unique."""

from __future__ import annotations

from collections.abc import Collection

from django.db import models
from django.utils.text import slugify

MAX_BASE = 120


def base_slug(name: str) -> str:
    """A name as an address; "item" where no letter or digit is left. Chinese stays Chinese."""
    return slugify(name, allow_unicode=True)[:MAX_BASE].strip("-") or "item"


def pick_slug(name: str, taken: Collection[str], suffix: str = "") -> str:
    """The first of name, name-suffix, name-suffix-2, ... that is not taken."""
    base = base_slug(name)
    if base not in taken:
        return base
    if suffix:
        base = f"{base}-{base_slug(suffix)}"
    slug, number = base, 2
    while slug in taken:
        slug, number = f"{base}-{number}", number + 1
    return slug


def free_slug(model: type[models.Model], name: str, suffix: str = "", exclude_pk: object = None) -> str:
    """A slug that no other row of the model uses."""
    rows = model._default_manager.filter(slug__startswith=base_slug(name)).exclude(pk=exclude_pk)
    return pick_slug(name, set(rows.values_list("slug", flat=True)), suffix)
