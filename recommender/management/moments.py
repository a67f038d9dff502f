"""Dates and times on the command line."""

from __future__ import annotations

from datetime import datetime

from django.core.management.base import CommandError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime


def moment(name: str, given: str) -> datetime | None:
    """The moment that an option names, in the shop's time zone unless it says another; None for "".

    Raises:
        CommandError: it is no date and no time.
    """
    if not given:
        return None
    try:
        day = parse_date(given)
        found = datetime(day.year, day.month, day.day) if day else parse_datetime(given)
    except ValueError:
        found = None
    if found is None:
        raise CommandError(f"{name} is {given!r}; give a date (2026-11-01) or a time (2026-11-01T09:00).")
    return found if timezone.is_aware(found) else timezone.make_aware(found)
