"""Reads: how much of the catalogue is embedded, what is missing and why, and who works on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from fusion.instructions import teaching
from fusion.instructions.teaching import TaggedRequest, Teaching, tagged
from recommender.encoders import Block, usable_blocks
from recommender.models import (
    Correction,
    IndexedItem,
    IndexState,
    ItemEmbedding,
    ItemFailure,
    Recommendation,
    StaleItem,
    StopPhrase,
    Synonym,
)
from recommender.services.ledger import workers_alive
from recommender.services.planning import WHOLE_ITEM

_LATEST_REQUESTS = 5000  # of a busy shop, enough to see what is asked again and again


@dataclass(frozen=True, slots=True)
class BlockCoverage:
    """How far one block is: ``expected == embedded + failed + pending``. ``problem`` says why it cannot be filled at all."""

    block: str
    encoder_id: str
    expected: int
    embedded: int
    failed: int
    pending: int
    problem: str = ""

    @property
    def share(self) -> float:
        """Embedded share of what is expected, 0 to 1; 1 where nothing is expected."""
        return self.embedded / self.expected if self.expected else 1.0

    @property
    def percent(self) -> float:
        return 100.0 * self.share


@dataclass(frozen=True, slots=True)
class Coverage:
    """The state of the index.

    Attributes:
        items: visible items the index knows.
        stale: items that wait for a worker; the oldest for ``oldest_stale_seconds``.
        failures: rows of the failures list, final or not.
        workers: worker processes heard of within half a minute.
    """

    items: int
    blocks: tuple[BlockCoverage, ...]
    stale: int
    oldest_stale_seconds: float
    failures: int
    workers: int
    revision: int

    @property
    def is_complete(self) -> bool:
        return not self.stale and all(block.embedded == block.expected for block in self.blocks)


@dataclass(frozen=True, slots=True)
class Missing:
    """A vector that is not there, and why."""

    item_id: str
    block: str
    reason: str


def coverage() -> Coverage:
    """Counts for every block of the configured encoders; reads no weights."""
    blocks, unavailable = usable_blocks()
    counted = [_block_coverage(block) for block in blocks]
    counted += [BlockCoverage(name, "", 0, 0, 0, 0, reason) for name, reason in unavailable.items()]
    oldest = StaleItem.objects.order_by("created_at").values_list("created_at", flat=True).first()
    return Coverage(
        items=IndexedItem.objects.filter(removed=False).count(),
        blocks=tuple(counted),
        stale=StaleItem.objects.values("item_id").distinct().count(),
        oldest_stale_seconds=(timezone.now() - oldest).total_seconds() if oldest else 0.0,
        failures=ItemFailure.objects.count(),
        workers=workers_alive(),
        revision=IndexState.objects.filter(pk=1).values_list("revision", flat=True).first() or 0,
    )


def missing() -> Iterator[Missing]:
    """Every vector that is expected and not there, with its reason, by item."""
    for block in usable_blocks()[0]:
        for item in _without(block).order_by("item_id").iterator():
            failures = {
                row.block: row.reason
                for row in ItemFailure.objects.filter(item_id=item.item_id, block__in=[block.name, WHOLE_ITEM])
            }
            reason = failures.get(block.name) or failures.get(WHOLE_ITEM) or _waiting(item.item_id)
            yield Missing(item.item_id, block.name, reason)


def _expected(block: Block) -> QuerySet[IndexedItem]:
    shown = IndexedItem.objects.filter(removed=False)
    return shown.filter(n_photos__gt=0) if block.reads_photos else shown


def _without(block: Block) -> QuerySet[IndexedItem]:
    vectors = ItemEmbedding.objects.filter(item_id=OuterRef("pk"), block=block.name, encoder_id=block.encoder_id)
    return _expected(block).filter(~Exists(vectors))


def _block_coverage(block: Block) -> BlockCoverage:
    failures = ItemFailure.objects.filter(item_id=OuterRef("pk"), block__in=[block.name, WHOLE_ITEM])
    expected, without = _expected(block).count(), _without(block).count()
    failed = _without(block).filter(Exists(failures)).count()
    return BlockCoverage(block.name, block.encoder_id, expected, expected - without, failed, without - failed)


def _waiting(item_id: str) -> str:
    if StaleItem.objects.filter(item_id=item_id).exists():
        return "It waits for the worker."
    return "It was never marked: run manage.py reconcile."


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A request that lately found nothing, or in which words were not understood; who asked is not said."""

    text: str
    times: int
    found_nothing: int
    unparsed: tuple[str, ...]
    last_asked: datetime


def unanswered_requests(days: int = 14, limit: int = 50) -> list[Unanswered]:
    """Requests of the last days that a lesson may help, the most frequent first; spellings of one request count together."""
    rows = (
        Recommendation.objects.filter(created_at__gte=timezone.now() - timedelta(days=days), simulated=False)
        .exclude(request__text="")
        .order_by("-created_at")
        .values_list("request__text", "state", "instruction__unparsed", "created_at")[:_LATEST_REQUESTS]
    )
    grouped: dict[str, list[tuple[str, str, list[str], datetime]]] = {}
    for text, state, unparsed, at in rows:
        if text and (state != "ok" or unparsed):
            grouped.setdefault(teaching.request_key(text), []).append((text, state, unparsed or [], at))
    found = [
        Unanswered(
            text=asked[0][0],
            times=len(asked),
            found_nothing=sum(state != "ok" for _, state, _, _ in asked),
            unparsed=tuple(dict.fromkeys(word for _, _, unparsed, _ in asked for word in unparsed)),
            last_asked=asked[0][3],
        )
        for asked in grouped.values()
    ]
    return sorted(found, key=lambda request: (-request.times, -request.last_asked.timestamp()))[:limit]


def current_teaching() -> Teaching:
    """Everything that people taught and that is switched on."""
    slots = ("musts", "wants", "avoids")
    return Teaching(
        tuple(
            teaching.Synonym(*row)
            for row in Synonym.objects.filter(active=True).order_by("id").values_list("words", "means", "two_way", "language")
        ),
        tuple(teaching.StopPhrase(*row) for row in StopPhrase.objects.filter(active=True).values_list("phrase", "language")),
        tuple(
            teaching.Correction(**{**row, **{name: tuple(row[name]) for name in slots}})
            for row in Correction.objects.filter(active=True).values("text", *slots, "order", "rest", "avoid")
        ),
    )


def instruction_corrections() -> list[TaggedRequest]:
    """What people said of single requests, for the want/avoid tagger: the newest first, without those that mark no word."""
    rows = Correction.objects.filter(active=True).values_list("text", "wanted", "unwanted")
    found = (tagged(text, wanted, unwanted) for text, wanted, unwanted in rows)
    return [request for request in found if request.spans]
