"""Claims on the outbox: who works on which items, for how long, and what happens when that work never ends.

A claim is a token written into every row of the claimed items. Only rows that still carry the token are deleted at the
end, so a row that was added while the work ran, or that another worker took over, survives and is worked off again.
Claims are taken one at a time, in order, under the index's row lock: a statement that SQLite and PostgreSQL both know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone

from recommender.conf import get_settings
from recommender.models import IndexState, StaleItem, new_ulid
from recommender.services import liveness


@dataclass(frozen=True, slots=True)
class Lease:
    """Items that this process works on.

    Attributes:
        reasons: item id -> why it is stale.
        attempts: how many encodings of them began and never ended; above 0 the lease holds one item only.
    """

    token: str
    reasons: Mapping[str, frozenset[str]]
    attempts: int = 0

    @property
    def item_ids(self) -> list[str]:
        return list(self.reasons)

    @property
    def exhausted(self) -> bool:
        """Whether this item brought its worker down so often that it is put aside."""
        return self.attempts >= get_settings().MAX_ATTEMPTS


def lock_index() -> None:
    """Wait for, and hold until the transaction ends, the one lock that claims and revisions are ordered by."""
    if not IndexState.objects.filter(pk=1).update(revision=F("revision")):
        IndexState.objects.bulk_create([IndexState(pk=1)], ignore_conflicts=True)
        IndexState.objects.filter(pk=1).update(revision=F("revision"))


def claim(limit: int, *, suspects: bool = True) -> Lease | None:
    """Take the oldest free items, what a person saved before background work; None when there is nothing to do.

    An item whose encoding began and never ended may be what brought the worker down, so it is taken alone.

    Args:
        suspects: False leaves such items for later (something else is being worked on).
    """
    if not StaleItem.objects.exists():
        return None
    release_abandoned()
    with transaction.atomic():
        lock_index()
        item_ids = _oldest(limit, suspects)
        if not item_ids:
            return None
        token = new_ulid()
        StaleItem.objects.filter(claim="", item_id__in=item_ids).update(
            claim=token, owner=liveness.owner_id(), claimed_until=_deadline()
        )
    return _lease(token)


def _oldest(limit: int, suspects: bool) -> list[str]:
    busy = StaleItem.objects.filter(claim__gt="").values("item_id")
    free = StaleItem.objects.filter(claim="").exclude(item_id__in=busy)
    suspect = list(free.filter(attempts__gt=0).order_by("id").values_list("item_id", flat=True)[:1])
    if suspect and suspects:
        return suspect
    fresh = free.filter(attempts=0)
    if suspect:
        fresh = fresh.exclude(item_id__in=free.filter(attempts__gt=0).values("item_id"))
    # Several rows may name one item: look a little further than the limit, so that a batch is full all the same.
    rows = fresh.order_by("background", "id").values_list("item_id", flat=True)[: limit * 4]
    return list(dict.fromkeys(rows))[:limit]


def _lease(token: str) -> Lease:
    reasons: dict[str, set[str]] = {}
    rows = StaleItem.objects.filter(claim=token).order_by("background", "id").values_list("item_id", "reason", "attempts")
    attempts = 0
    for item_id, reason, tried in rows:
        reasons.setdefault(item_id, set()).add(reason)
        attempts = max(attempts, tried)
    return Lease(token, {item_id: frozenset(given) for item_id, given in reasons.items()}, attempts)


def _deadline() -> object:
    return timezone.now() + timedelta(seconds=get_settings().LEASE_SECONDS)


def renew(lease: Lease) -> None:
    """Say that the work goes on."""
    StaleItem.objects.filter(claim=lease.token).update(claimed_until=_deadline())


def begin(lease: Lease) -> None:
    """Count an attempt: from here on a death of this process is blamed on these items."""
    StaleItem.objects.filter(claim=lease.token).update(attempts=F("attempts") + 1, claimed_until=_deadline())


def held(lease: Lease) -> set[str]:
    """The items that are still ours; call it under ``lock_index``, in the transaction that writes the result."""
    return set(StaleItem.objects.filter(claim=lease.token).values_list("item_id", flat=True))


def finish(lease: Lease, item_ids: Sequence[str]) -> int:
    """Delete the rows of items that were worked off; rows added meanwhile carry no token and stay."""
    return StaleItem.objects.filter(claim=lease.token, item_id__in=item_ids).delete()[0]


def release(lease: Lease, *, forgive: bool = False) -> None:
    """Give the items back. ``forgive`` takes back the attempt that ``begin`` counted: it was not their fault."""
    rows = StaleItem.objects.filter(claim=lease.token)
    if forgive:
        rows.filter(attempts__gt=0).update(attempts=F("attempts") - 1)
    rows.update(claim="", owner="", claimed_until=None)


def release_abandoned() -> int:
    """Free what a dead process, or one whose lease ran out, had claimed. Returns the number of rows."""
    now = timezone.now()
    freed = 0
    claims = StaleItem.objects.filter(claim__gt="").values_list("claim", "owner").annotate(until=Max("claimed_until"))
    for token, owner, until in list(claims):
        dead = liveness.is_dead(owner)
        if dead or until is None or until < now:
            rows = StaleItem.objects.filter(claim=token)
            # A renewal that came in meanwhile wins over a deadline, not over a death.
            rows = rows if dead or until is None else rows.filter(claimed_until__lt=now)
            freed += rows.update(claim="", owner="", claimed_until=None)
            if dead and not StaleItem.objects.filter(owner=owner).exists():
                liveness.forget(owner)
    return freed
