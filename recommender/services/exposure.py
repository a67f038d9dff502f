"""Who is shown, and who is bought: the exposure of brands, categories and new items in the logged answers.

Exposure of an item in an answer is what a place is worth to be seen: 1 / log2(1 + rank) over the first page, as in DCG and in
fairness of exposure (Singh & Joachims 2018). A group whose share of the exposure is far below that of the purchases is one
that the ranking holds back; one far above is one that it pushes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.utils import timezone
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from recommender.models import Event, IndexedItem, Recommendation

DIMENSIONS = ("brand", "category", "novelty")
# Days since an item came into the shop, up to which it counts as so new.
AGES = (7, 30, 90, 365)
MAX_ANSWERS = 20_000


@dataclass(frozen=True, slots=True)
class Group:
    """One brand, category or age. Shares are of the whole, 0 to 1."""

    name: str
    items: int
    of_catalogue: float
    of_exposure: float
    of_clicks: float
    of_purchases: float

    @property
    def ratio(self) -> float | None:
        """Exposure against what the group has in the catalogue; 1 is even."""
        return self.of_exposure / self.of_catalogue if self.of_catalogue else None


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a number of answers showed.

    Attributes:
        policies: policy -> its answers.
        shown: share of the catalogue that was shown at least once on a first page.
        gini: of the exposure over all items of the catalogue: 0 is even, 1 is all on one item.
        top_tenth: share of the exposure that the tenth of the items with most of it has.
        groups: dimension -> its groups, the most exposed first.
    """

    answers: int
    policies: Mapping[str, int]
    items: int
    shown: float
    gini: float
    top_tenth: float
    groups: Mapping[str, tuple[Group, ...]]
    since: datetime
    until: datetime


def exposure(days: float = 30.0, *, policy: str = "", simulated: bool = False, until: datetime | None = None) -> Exposure:
    """The exposure in the answers of the last days, at most the newest MAX_ANSWERS of them.

    Args:
        policy: only the answers that this policy weighed; "" all.
        simulated: of simulated shoppers instead of real ones.
    Raises:
        ValueError: the number of days is not above 0.
    """
    if not days > 0:
        raise ValueError(_("The number of days is %(days)s; it must be above 0.") % {"days": days})
    end = until or timezone.now()
    since = end - timedelta(days=days)
    answers = Recommendation.objects.filter(created_at__gt=since, created_at__lte=end, simulated=simulated)
    if policy:
        answers = answers.filter(policy=policy)
    seen: dict[str, float] = defaultdict(float)
    policies: Counter[str] = Counter()
    rows = answers.order_by("-created_at").values_list("policy", "ranking", "request")[:MAX_ANSWERS]
    for name, ranking, request in rows.iterator(500):
        policies[name] += 1
        for rank, (item_id, _score) in enumerate(ranking[: int(request.get("limit") or 24)], start=1):
            seen[item_id] += 1.0 / np.log2(1.0 + rank)
    acts = Event.objects.filter(occurred_at__gt=since, occurred_at__lte=end, simulated=simulated)
    if policy:
        acts = acts.filter(recommendation_id__in=answers.values("pk"))
    clicks, bought = (Counter(acts.filter(kind=kind).values_list("item_id", flat=True)) for kind in ("click", "purchase"))
    members = _members(end)
    amounts = np.array([seen.get(item_id, 0.0) for item_id in members])
    return Exposure(
        answers=sum(policies.values()),
        policies=dict(policies),
        items=len(members),
        shown=float((amounts > 0).mean()) if len(members) else 0.0,
        gini=gini(amounts),
        top_tenth=_top_share(amounts, 0.1),
        groups={dimension: _groups(dimension, members, seen, clicks, bought) for dimension in DIMENSIONS},
        since=since,
        until=end,
    )


def gini(amounts: NDArray[np.float64]) -> float:
    """Gini coefficient of non-negative amounts; 0 for none."""
    total = float(amounts.sum())
    if not total:
        return 0.0
    n = len(amounts)
    ranks = np.arange(1, n + 1)
    return float((2 * ranks - n - 1) @ np.sort(amounts) / (n * total))


def _top_share(amounts: NDArray[np.float64], part: float) -> float:
    total = float(amounts.sum())
    count = max(1, round(part * len(amounts)))
    return float(np.sort(amounts)[::-1][:count].sum()) / total if total else 0.0


def _members(now: datetime) -> dict[str, dict[str, str]]:
    """Item id -> dimension -> its group."""
    found = {}
    for item_id, facts in IndexedItem.objects.filter(removed=False).values_list("item_id", "facts").iterator(2000):
        created = facts.get("created_at")
        found[item_id] = {
            "brand": facts.get("brand") or _("no brand"),
            "category": " / ".join(facts.get("category", [])[:2]) or _("no category"),
            "novelty": _age(now - datetime.fromisoformat(created)) if created else _("age not known"),
        }
    return found


def _age(age: timedelta) -> str:
    for days in AGES:
        if age <= timedelta(days=days):
            return _("at most %(days)s days old") % {"days": days}
    return _("older than %(days)s days") % {"days": AGES[-1]}


def _groups(
    dimension: str,
    members: Mapping[str, Mapping[str, str]],
    seen: Mapping[str, float],
    clicks: Mapping[str, int],
    bought: Mapping[str, int],
) -> tuple[Group, ...]:
    count: Counter[str] = Counter(of[dimension] for of in members.values())
    shares = [_shares(members, dimension, amounts) for amounts in (seen, clicks, bought)]
    groups = [Group(name, n, n / len(members), *(share.get(name, 0.0) for share in shares)) for name, n in count.items()]
    return tuple(sorted(groups, key=lambda group: (-group.of_exposure, group.name)))


def _shares(members: Mapping[str, Mapping[str, str]], dimension: str, amounts: Mapping[str, float]) -> dict[str, float]:
    """Group -> its share of what its items have; items that are gone have none."""
    found: dict[str, float] = defaultdict(float)
    for item_id, amount in _known(amounts, members):
        found[members[item_id][dimension]] += amount
    total = sum(found.values())
    return {name: amount / total for name, amount in found.items()} if total else {}


def _known(amounts: Mapping[str, float], members: Mapping[str, object]) -> Iterable[tuple[str, float]]:
    return ((item_id, amount) for item_id, amount in amounts.items() if item_id in members)
