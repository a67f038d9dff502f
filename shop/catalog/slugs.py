"""Addresses that are readable and unique."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping

from django.db import models
from django.utils.text import slugify

MAX_BASE = 120


def base_slug(name: str) -> str:
    """A name as an address; "item" where no letter or digit is left. Chinese stays Chinese."""
    return slugify(name, allow_unicode=True)[:MAX_BASE].strip("-") or "item"


def pick_slug(name: str, taken: Collection[str], suffix: str = "") -> str:
    """The first of name, name-suffix that is not taken, else one with a random end."""
    base = base_slug(name)
    if base not in taken:
        return base
    if suffix:
        base = f"{base}-{base_slug(suffix)}"
    return base if base not in taken else f"{base}-{secrets.token_hex(4)}"


def free_slug(model: type[models.Model], name: str, suffix: str = "", exclude_pk: object = None) -> str:
    """A slug that no other row of the model uses."""
    rows = model._default_manager.filter(slug__startswith=base_slug(name)).exclude(pk=exclude_pk)
    return pick_slug(name, set(rows.values_list("slug", flat=True)), suffix)


def free_slugs(model: type[models.Model], names: Mapping[str, str]) -> dict[str, str]:
    """A free slug for each of many new rows, given as {suffix: name}; by suffix. One query, however many rows."""
    wanted = {slug for suffix, name in names.items() for slug in candidates(name, suffix)}
    taken = set(model._default_manager.filter(slug__in=wanted).values_list("slug", flat=True))
    slugs = {}
    for suffix, name in names.items():
        slugs[suffix] = pick_slug(name, taken, suffix)
        taken.add(slugs[suffix])
    return slugs


def candidates(name: str, suffix: str) -> Iterable[str]:
    """What ``pick_slug`` would try."""
    return base_slug(name), f"{base_slug(name)}-{base_slug(suffix)}"
