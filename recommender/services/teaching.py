"""What people teach reaches every process with the next request: one counter in the row that each of them reads anyway."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet

from recommender.models import IndexState
from recommender.services import leases


def tell_everyone() -> None:
    """Have every process read the lessons again before its next answer."""
    with transaction.atomic():
        leases.lock_index()
        IndexState.objects.filter(pk=1).update(teaching=F("teaching") + 1)


def switch(rows: QuerySet[Any], *, on: bool) -> int:
    """Switch lessons on or off; how many that changed."""
    with transaction.atomic():
        changed = rows.exclude(active=on).update(active=on)
        if changed:
            tell_everyone()
    return changed


def save_all(lessons: Iterable[Any]) -> int:
    """Save many lessons in one transaction; how many there were."""
    count = 0
    with transaction.atomic():
        for lesson in lessons:
            lesson.save()
            count += 1
    return count
