"""This shop's own log as cases: each stored request, what was known at its moment, and what the shopper took afterwards.

What a shopper saw was chosen by the ranking of that day, and people click what stands on top; so the log favours rankings
like the one that made it. The report says so. A request with a photo is not replayed: photos are deleted soon after.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from fusion.evaluation.cases import Case, Fold, Selection, folds_of, limited
from fusion.evaluation.histories import Basket, ShopperHistory, training_before
from fusion.types import Interaction, Query
from recommender.models import Event, Recommendation
from recommender.records import constraint_from_json, order_from_json

# What says that an item was the right one; a view or a click alone may be curiosity, but it was chosen from the answer.
TAKEN = ("click", "add_to_cart", "purchase", "like")
HORIZON = timedelta(days=7)
SIMULATED = ("include", "only", "exclude")


@dataclass
class Log:
    """The events and requests of a shop.

    Attributes:
        histories: by shopper, oldest first.
        taken: (answer id) -> items taken that quote it.
        skipped: why -> how many requests could not be replayed.
    """

    histories: dict[str, ShopperHistory]
    requests: list[Recommendation]
    taken: Mapping[str, frozenset[str]]
    skipped: dict[str, int] = field(default_factory=lambda: defaultdict(int))


def read_log(simulated: str = "include") -> Log:
    """All events and answers; ``simulated`` is one of SIMULATED."""
    acts: dict[str, list[Interaction]] = defaultdict(list)
    made_up: dict[str, bool] = {}
    quoted: dict[str, set[str]] = defaultdict(set)
    events = _chosen(Event.objects.exclude(kind=Event.Kind.IMPRESSION), simulated).order_by("occurred_at", "id")
    names = ("user_id", "visitor_id", "item_id", "kind", "occurred_at", "quantity", "recommendation_id", "simulated")
    for user_id, visitor_id, item_id, kind, at, quantity, answer_id, is_simulated in events.values_list(*names).iterator(2000):
        shopper = _shopper(user_id, visitor_id)
        if shopper:
            acts[shopper].append(Interaction(item_id, kind, at, quantity))
            made_up[shopper] = made_up.get(shopper, False) or is_simulated
        if answer_id and kind in TAKEN:
            quoted[answer_id].add(item_id)
    requests = (
        _chosen(Recommendation.objects.all(), simulated).defer("terms", "ranking", "timings").order_by("created_at", "id")
    )
    histories = {shopper: _history(shopper, done, made_up[shopper]) for shopper, done in acts.items()}
    return Log(histories, list(requests), {pk: frozenset(items) for pk, items in quoted.items()})


def _chosen(rows: QuerySet[Any], simulated: str) -> QuerySet[Any]:
    return rows if simulated == "include" else rows.filter(simulated=simulated == "only")


def _shopper(user_id: str, visitor_id: str) -> str:
    """A user's rows are the user's, a guest's the visitor's; "" for nobody."""
    return f"user {user_id}" if user_id else (f"visitor {visitor_id}" if visitor_id else "")


def _history(shopper: str, acts: Sequence[Interaction], simulated: bool) -> ShopperHistory:
    baskets: dict[datetime, dict[str, None]] = defaultdict(dict)
    for act in acts:
        if act.kind == "purchase":
            baskets[act.at][act.item_id] = None
    return ShopperHistory(
        shopper,
        tuple(Basket(at, tuple(items)) for at, items in baskets.items()),
        tuple(act for act in acts if act.kind != "purchase"),
        simulated,
    )


def cases_of(log: Log, known: frozenset[str], selection: Selection) -> list[Case]:
    """Requests after which something was taken, as cases, oldest first; ``log.skipped`` counts the others."""
    found = []
    for row in log.requests:
        why, case = _case(log, row, known, selection)
        if case is None:
            log.skipped[why] += 1
        else:
            found.append(case)
    return found


def _case(log: Log, row: Recommendation, known: frozenset[str], selection: Selection) -> tuple[str, Case | None]:
    request = row.request
    if request.get("has_photo"):
        return "asked with a photo, which is deleted by now", None
    shopper = _shopper(row.user_id, row.visitor_id)
    history = log.histories.get(shopper)
    past = history.before(row.created_at) if history else ()
    touched = {act.item_id for act in past}
    later = _bought_later(history, row.created_at) if history else frozenset()
    target = (log.taken.get(row.pk, frozenset()) | later) - set(request.get("liked", ()))
    exclude = frozenset(touched) if selection.new_only else frozenset()
    if not target:
        return "nothing was taken after it", None
    if not (target & known):
        return "what was taken is not in the catalogue any more", None
    target = (target & known) - exclude
    if not target:
        return "nothing new was taken after it", None
    n_baskets = sum(b.at < row.created_at for b in history.baskets) if history else 0
    if len(touched) < selection.min_items or n_baskets < selection.min_baskets:
        return "the shopper had too short a history", None
    query = _query(row)
    tags = {"asked": _kind(query)}
    if query.text:
        tags["language"] = row.instruction.get("language") or query.language or "unknown"
    owner = shopper or f"answer {row.pk}"
    return "", Case(owner, row.created_at, past, target, query, exclude, tags, row.simulated)


def _bought_later(history: ShopperHistory, moment: datetime) -> frozenset[str]:
    return frozenset(i for b in history.baskets if moment <= b.at <= moment + HORIZON for i in b.items)


def _query(row: Recommendation) -> Query:
    request = row.request
    return Query(
        text=request.get("text", ""),
        liked=tuple(request.get("liked", ())),
        disliked=tuple(request.get("disliked", ())),
        filters=tuple(constraint_from_json(c) for c in request.get("filters", ())),
        order=order_from_json(request.get("order")),
        language=request.get("language", ""),
        currency=request.get("currency", ""),
        seed_blocks=tuple(request.get("seed_blocks", ())),
    )


def _kind(query: Query) -> str:
    if query.text:
        return "in words"
    return "by products or filters" if query.liked or query.filters else "nothing (a feed)"


def folds_of_log(
    log: Log, cases: Sequence[Case], split: str, selection: Selection, *, cut: datetime | None, share: float, n_folds: int
) -> list[Fold]:
    """``global-time``: requests from the cut on, one fold. ``leave-one-out``: each shopper's last request.

    Raises:
        ValueError: no case is left.
    """
    if not cases:
        why = "; ".join(f"{n} x {reason}" for reason, n in sorted(log.skipped.items())) or "no request was stored yet"
        raise ValueError(f"The log has no request that can be replayed ({why}).")
    histories = list(log.histories.values())
    if split == "leave-one-out":
        last = {case.shopper: case for case in cases}  # oldest first, so the last one stays
        return folds_of(histories, limited(list(last.values()), selection.limit), n_folds)
    moment = cut or cases[min(int(share * len(cases)), len(cases) - 1)].moment
    after = [case for case in cases if case.moment >= moment]
    if not after:
        raise ValueError(f"No request was stored after the cut {moment.isoformat()}. Choose an earlier one.")
    return [Fold(training_before(histories, moment), tuple(limited(after, selection.limit)))]


def skipped_notes(log: Log) -> Iterator[str]:
    """What was left out of the replay, for the report."""
    for reason, n in sorted(log.skipped.items()):
        yield f"{n} requests left out: {reason}."
