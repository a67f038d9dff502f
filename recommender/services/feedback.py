"""What shoppers do: recorded once, read back newest first, moved at sign-in, erased on request. Nothing is cached here,
so a shopper's last event counts in the very next request."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice

from django.db import transaction
from django.utils import timezone

from fusion.types import Interaction
from recommender.catalog import Feedback, Shopper, get_catalog
from recommender.conf import get_settings
from recommender.models import Event, IndexedItem, Recommendation, new_ulid
from recommender.services.uploads import delete_photos_of
from recommender.services.visitors import owned_by, owns

_CHUNK = 500
MAX_QUANTITY = 1_000_000
# How many purchases are looked at beyond HISTORY_SIZE events.
MAX_PURCHASES = 2000
# A phone's clock may run ahead; a later time than this is the clock's fault and becomes "now".
CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class FeedbackReport:
    """What became of a batch. ``rejected`` holds (place in the batch, code): the rest of the batch went in."""

    accepted: int = 0
    duplicates: int = 0
    rejected: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ErasureReport:
    """How many rows of a shopper were deleted."""

    events: int = 0
    recommendations: int = 0
    photos: int = 0


@dataclass(frozen=True, slots=True)
class Merged:
    """How many rows of a guest became a user's."""

    events: int = 0
    recommendations: int = 0


def record(feedback: Iterable[Feedback]) -> FeedbackReport:
    """Store feedback once. An event id that is known already counts as a duplicate and changes nothing.

    Codes of rejections: "unknown_type", "unknown_product", "invalid_quantity". An attribution to an answer that was not
    this shopper's, or did not hold the product, is dropped; the event itself is kept. A time ahead of the clock becomes now.
    """
    report = FeedbackReport()
    numbered = enumerate(feedback)
    while chunk := list(islice(numbered, _CHUNK)):
        part = _record_chunk(chunk)
        report = FeedbackReport(
            report.accepted + part.accepted, report.duplicates + part.duplicates, report.rejected + part.rejected
        )
    return report


def _record_chunk(chunk: Sequence[tuple[int, Feedback]]) -> FeedbackReport:
    known = _known_items({given.item_id for _, given in chunk})
    rejected = tuple((index, code) for index, given in chunk if (code := _fault(given, known)))
    refused = {index for index, _ in rejected}
    good = [given for index, given in chunk if index not in refused]
    if not good:
        return FeedbackReport(rejected=rejected)
    # The time of receipt marks the rows of this very insert, so that rows that were there before can be told apart.
    received = timezone.now()
    rows = {row.event_id: row for row in _rows(good, received)}
    with transaction.atomic():
        Event.objects.bulk_create(rows.values(), ignore_conflicts=True)
        accepted = Event.objects.filter(event_id__in=list(rows), received_at=received).count()
    return FeedbackReport(accepted, len(good) - accepted, rejected)


def _known_items(item_ids: set[str]) -> set[str]:
    """Ids that were ever indexed, removed ones included (a late purchase is still one), and those the host has just made."""
    known = set(IndexedItem.objects.filter(item_id__in=item_ids).values_list("item_id", flat=True))
    missing = sorted(item_ids - known)
    return known | set(get_catalog().get_items(missing)) if missing else known


def _fault(given: Feedback, known: set[str]) -> str:
    if given.kind not in Event.Kind.values:
        return "unknown_type"
    if given.item_id not in known:
        return "unknown_product"
    return "" if 1 <= given.quantity <= MAX_QUANTITY else "invalid_quantity"


def _rows(good: Sequence[Feedback], received: datetime) -> Iterator[Event]:
    shown = _shown_items({given.recommendation_id for given in good} - {""})
    for given in good:
        yield Event(
            event_id=_event_id(given.event_id),
            kind=given.kind,
            item_id=given.item_id,
            user_id=given.user_id,
            visitor_id=given.visitor_id,
            session_id=given.session_id[:64],
            recommendation_id=given.recommendation_id if _led_to(given, shown) else "",
            position=given.position,
            quantity=given.quantity,
            value_minor=given.value_minor,
            currency=given.currency[:3],
            surface=given.surface[:32],
            occurred_at=_occurred(given.occurred_at, received),
            received_at=received,
            simulated=given.simulated,
        )


def _event_id(given: str) -> str:
    """The id as given, or a digest where it is longer than the column."""
    return given if 0 < len(given) <= 64 else (hashlib.sha256(given.encode()).hexdigest() if given else new_ulid())


def _occurred(given: datetime | None, received: datetime) -> datetime:
    if given is None:
        return received
    aware = given if timezone.is_aware(given) else given.replace(tzinfo=UTC)
    return received if aware > received + CLOCK_SKEW else min(aware, received)


def _shown_items(recommendation_ids: set[str]) -> dict[str, tuple[str, str, frozenset[str]]]:
    """Recommendation id -> (user id, visitor id, ids of the ranked items)."""
    rows = Recommendation.objects.filter(id__in=recommendation_ids).values_list("id", "user_id", "visitor_id", "ranking")
    return {pk: (user, visitor, frozenset(str(row[0]) for row in ranking)) for pk, user, visitor, ranking in rows}


def _led_to(given: Feedback, shown: dict[str, tuple[str, str, frozenset[str]]]) -> bool:
    if given.recommendation_id not in shown:
        return False
    user_id, visitor_id, item_ids = shown[given.recommendation_id]
    shopper = Shopper(user_id=given.user_id, visitor_id=given.visitor_id)
    anonymous = not (user_id or visitor_id)
    return given.item_id in item_ids and (anonymous or owns(shopper, user_id=user_id, visitor_id=visitor_id))


def history(shopper: Shopper, limit: int | None = None, at: datetime | None = None) -> list[Interaction]:
    """What a shopper did, newest first: as this user, and as this visitor while nobody was signed in.

    Empty when the shopper does not want it used. ``limit`` defaults to ``RECOMMENDER["HISTORY_SIZE"]``; without one, older
    purchases and returns follow, so that what was bought is known however much was looked at since. Impressions are left out:
    being shown something is not doing something. Nothing after the moment ``at``, by default now, is read.
    """
    if not shopper.use_history or not (shopper.user_id or shopper.visitor_id):
        return []
    rows = (
        Event.objects.filter(owned_by(shopper), occurred_at__lte=at or timezone.now())
        .exclude(kind=Event.Kind.IMPRESSION)
        .order_by("-occurred_at", "-id")
        .values_list("item_id", "kind", "occurred_at", "quantity")
    )
    size = get_settings().HISTORY_SIZE if limit is None else limit
    found = list(rows[:size])
    if limit is None and len(found) == size > 0:
        older = rows.filter(kind__in=(Event.Kind.PURCHASE, Event.Kind.RETURN), occurred_at__lte=found[-1][2])
        read = set(found)
        found += [row for row in older[:MAX_PURCHASES] if row not in read]
    return [Interaction(*row) for row in found]


def delete_event(event_id: str, shopper: Shopper) -> bool:
    """Forget one event of this shopper; False when there is none such, or it is someone else's."""
    return Event.objects.filter(owned_by(shopper), event_id=event_id).delete()[0] > 0


@transaction.atomic
def merge_visitor(visitor_id: str, user_id: str) -> Merged:
    """At sign-in: what the guest did becomes the user's. Idempotent; says how much moved.

    Rows that belong to another user stay theirs.
    """
    if not visitor_id or not user_id:
        return Merged()
    answers = Recommendation.objects.filter(user_id="", visitor_id=visitor_id).update(user_id=user_id)
    return Merged(Event.objects.filter(user_id="", visitor_id=visitor_id).update(user_id=user_id), answers)


@transaction.atomic
def erase(shopper: Shopper) -> ErasureReport:
    """Delete everything this plugin holds of a shopper: events, answers and photos with their files."""
    everything = replace(shopper, use_history=True)
    events = Event.objects.filter(owned_by(everything)).delete()[0]
    answers = Recommendation.objects.filter(owned_by(everything))
    n_answers = answers.count()
    answers.delete()
    return ErasureReport(events, n_answers, delete_photos_of(everything))
