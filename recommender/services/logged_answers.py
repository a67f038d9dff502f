"""The stored answers and what shoppers did with them, as the library learns from them.

Only answers whose window is over, with all that was done within the window and nothing after it; of shoppers who may be
remembered. An answer in another order than that of the scores (the cheapest first) says nothing of weights and is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from fusion.gate.features import Signal, signal_of
from fusion.learning.impressions import MAX_LISTED, MAX_SEEN, LoggedAnswer, LoggedItem
from fusion.learning.rewards import REWARDS, WINDOW, reward_of
from fusion.weighing import Context
from recommender.catalog import get_catalog
from recommender.models import Event, Recommendation
from recommender.records import terms_from_json

SIMULATED = ("exclude", "only", "include")
# What somebody does who has looked at an item and found it good.
TAKEN = frozenset({"click", "add_to_cart", "purchase", "like"})
_CHUNK = 200
_FIELDS = (
    "id", "user_id", "visitor_id", "request", "instruction", "terms", "ranking", "weights", "factors", "context", "degraded",
    "created_at", "simulated", "policy", "arm", "propensity",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LogRange:
    """What part of the log is read.

    Attributes:
        until: the moment of reading: an answer counts when its window was over by then. None: whenever it is read.
        since: the first answers; None reads from the beginning.
        simulated: one of SIMULATED.
        limit: at most so many answers, the newest.
    """

    until: datetime | None = None
    since: datetime | None = None
    simulated: str = "exclude"
    window: timedelta = WINDOW
    limit: int = 20_000

    @property
    def end(self) -> datetime:
        return self.until or timezone.now()

    def answers(self) -> QuerySet[Recommendation]:
        """Newest first."""
        rows = Recommendation.objects.filter(created_at__lte=self.end - self.window)
        if self.since is not None:
            rows = rows.filter(created_at__gte=self.since)
        if self.simulated != "include":
            rows = rows.filter(simulated=self.simulated == "only")
        return rows.order_by("-created_at", "-id")


@dataclass
class LogCounts:
    """What was read. ``skipped``: why -> how many answers were left out."""

    answers: int = 0
    simulated: int = 0
    events: int = 0
    first: datetime | None = None
    last: datetime | None = None
    skipped: Counter[str] = field(default_factory=Counter)


def read_answers(log: LogRange, counts: LogCounts) -> Iterator[LoggedAnswer]:
    """The answers, newest first, a few hundred rows in memory at a time. ``counts`` is filled as they are read."""
    remembered: dict[tuple[str, str], bool] = {}
    rows = log.answers().only(*_FIELDS)[: log.limit].iterator(_CHUNK)
    for chunk in _chunks(rows):
        done = _done([row.pk for row in chunk], log)
        for row in chunk:
            who = (row.user_id, "") if row.user_id else ("", row.visitor_id)
            if any(who) and who not in remembered:
                remembered[who] = get_catalog().may_remember(user_id=who[0], visitor_id=who[1])
            if any(who) and not remembered[who]:
                counts.skipped["of somebody who does not want to be remembered"] += 1
                continue
            why, answer = _answer(row, done.get(row.pk, {}), log.window)
            if answer is None:
                counts.skipped[why] += 1
                continue
            counts.answers += 1
            counts.simulated += row.simulated
            counts.events += sum(map(len, done.get(row.pk, {}).values()))
            counts.first, counts.last = row.created_at, counts.last or row.created_at
            yield answer


def _chunks(rows: Iterator[Recommendation]) -> Iterator[list[Recommendation]]:
    chunk: list[Recommendation] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _done(answer_ids: Sequence[str], log: LogRange) -> dict[str, dict[str, list[tuple[str, datetime]]]]:
    """Answer id -> item id -> (kind, when) of what quotes the answer. Nothing after the moment of reading."""
    kinds = [*REWARDS, *(TAKEN - set(REWARDS))]
    events = Event.objects.filter(recommendation_id__in=answer_ids, kind__in=kinds, occurred_at__lte=log.end)
    found: dict[str, dict[str, list[tuple[str, datetime]]]] = {}
    for answer_id, item_id, kind, at in events.values_list("recommendation_id", "item_id", "kind", "occurred_at"):
        found.setdefault(answer_id, {}).setdefault(item_id, []).append((kind, at))
    return found


def _answer(
    row: Recommendation, done: Mapping[str, Sequence[tuple[str, datetime]]], window: timedelta
) -> tuple[str, LoggedAnswer | None]:
    if not row.context:
        return "stored before contexts were kept", None
    if row.request.get("order") or row.instruction.get("order"):
        return "in an order of its own", None
    terms = terms_from_json(row.terms)
    places = {str(item_id): rank for rank, (item_id, _score) in enumerate(row.ranking, start=1)}
    limit = int(row.request.get("limit", MAX_SEEN)) or MAX_SEEN
    end = row.created_at + window
    kinds = {i: {kind for kind, at in acts if row.created_at <= at < end} for i, acts in done.items() if i in places}
    # Who did something on a later page has seen that page.
    deepest = max((places[i] for i, acts in kinds.items() if acts), default=1)
    n_seen = min(-(-deepest // limit) * limit, MAX_SEEN)
    items = [
        LoggedItem(rank, terms[i], rank <= n_seen, reward_of(kinds.get(i, ())), bool(TAKEN & kinds.get(i, set())))
        for i, rank in places.items()
        if rank <= MAX_LISTED and i in terms
    ]
    if len(items) < 2:
        return "with fewer than two items", None
    words = "" if "text_model" in row.degraded else str(row.request.get("words", ""))
    shopper = f"user {row.user_id}" if row.user_id else f"visitor {row.visitor_id}" if row.visitor_id else f"answer {row.pk}"
    return "", LoggedAnswer(
        _context(row.context), words, items, _by_signal(row.weights), _by_signal(row.factors), shopper,
        row.created_at.timestamp(), row.policy, row.arm, row.propensity,
    )  # fmt: skip


def _context(stored: Mapping[str, Any]) -> Context:
    """What ``Context.to_json`` stored, without the embedding."""
    return Context(
        None,
        tuple(signal_of(name) for name in stored.get("signals", ())),
        int(stored.get("n_history", 0)),
        int(stored.get("n_musts", 0)),
        str(stored.get("language", "")),
        float(stored.get("draw", 0.0)),
    )


def _by_signal(stored: Mapping[str, float]) -> dict[Signal, float]:
    return {signal_of(name): float(value) for name, value in stored.items()}
