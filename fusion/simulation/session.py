"""Simulated shoppers visit, ask, look, click, buy later and change their minds. The same seed makes the same log.

Clicks follow the position-based model (Craswell et al. 2008): P(click) = P(looked at rank) * P(would take it), with
P(looked at rank r) = r ** -LOOK_DECAY. Purchases, returns and dislikes come after a delay, in the order of time.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

import numpy as np

from fusion.instructions.catalogue_values import CatalogueValues
from fusion.simulation.needs import Need, Needs
from fusion.simulation.world import Tastes, World

LOOK_DECAY = 0.7
NOISE = 0.01  # P(click) on anything looked at, for no reason
P_CART = 0.5  # of a click
P_BUY = 0.6  # of a cart
P_RETURN = 0.04  # of a purchase
BUY_DELAY = timedelta(hours=8)
RETURN_DELAY = timedelta(days=5)


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is simulated.

    Attributes:
        start, end: sessions are spread evenly at random between them.
        chinese: share of shoppers who speak Chinese.
        drift: share of a shopper's tastes that is drawn anew before each of their sessions.
        shifts: moments, evenly spread, at which everybody's tastes change by ``shift`` at once.
    """

    shoppers: int
    sessions: int
    start: datetime
    end: datetime
    seed: int = 0
    chinese: float = 0.5
    drift: float = 0.02
    shifts: int = 0
    shift: float = 0.7
    page: int = 10


@dataclass(frozen=True, slots=True)
class Visit:
    """One session's request, as the shop sees it."""

    shopper_id: str
    session_id: str
    text: str
    language: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Shown:
    """What the shop answered, best first."""

    recommendation_id: str
    item_ids: Sequence[str]


@dataclass(frozen=True, slots=True, order=True)
class Act:
    """One thing that a simulated shopper did."""

    at: datetime
    kind: str = field(compare=False)
    item_id: str = field(compare=False)
    shopper_id: str = field(compare=False)
    session_id: str = field(compare=False)
    recommendation_id: str = field(compare=False)
    position: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of a run, and everybody's tastes at its end."""

    visits: int
    acts: dict[str, int]
    tastes: dict[str, Tastes]
    languages: dict[str, str]


def simulate(
    world: World,
    values: CatalogueValues,
    plan: Plan,
    ask: Callable[[Visit], Shown],
    tell: Callable[[Sequence[Act]], None],
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Summary:
    """Run a plan. ``ask`` answers a visit; ``tell`` hears what was done, never before it happened.

    Raises:
        ValueError: the catalogue is empty, or the plan has no shopper or no session.
    """
    if not len(world.items) or plan.shoppers < 1 or plan.sessions < 1:
        raise ValueError("A simulation needs at least one item, one shopper and one session.")
    run = _Run(world, Needs(world, values), plan)
    for done, visit_at in enumerate(run.moments(), start=1):
        run.deliver(visit_at, tell)
        run.visit(visit_at, ask)
        on_progress(done, plan.sessions)
    run.deliver(None, tell)
    return Summary(plan.sessions, run.counts, run.tastes, run.languages)


class _Run:
    def __init__(self, world: World, needs: Needs, plan: Plan) -> None:
        self.world, self.needs, self.plan = world, needs, plan
        self.rng = np.random.default_rng(plan.seed)
        self.rows = world.rows
        names = [f"simulated-{plan.seed}-{n}" for n in range(plan.shoppers)]
        self.tastes = {name: world.draw_tastes(self.rng) for name in names}
        self.languages = {name: "zh" if self.rng.random() < plan.chinese else "en" for name in names}
        self.counts: dict[str, int] = {}
        self.waiting: list[tuple[datetime, int, Act]] = []
        self.order = count()
        gap = (plan.end - plan.start) / (plan.shifts + 1)
        self.shifts = [plan.start + gap * n for n in range(1, plan.shifts + 1)]

    def moments(self) -> Iterator[datetime]:
        """When each session begins, in order."""
        offsets = np.sort(self.rng.random(self.plan.sessions))
        yield from (self.plan.start + (self.plan.end - self.plan.start) * float(x) for x in offsets)

    def visit(self, at: datetime, ask: Callable[[Visit], Shown]) -> None:
        while self.shifts and at >= self.shifts[0]:
            self.shifts.pop(0)
            self.tastes = {n: self.world.drifted(t, self.plan.shift, self.rng) for n, t in self.tastes.items()}
        name = str(self.rng.choice(list(self.tastes)))
        self.tastes[name] = self.world.drifted(self.tastes[name], self.plan.drift, self.rng)
        need = self.needs.draw(self.tastes[name], self.languages[name], self.rng)
        session = f"{name}-{next(self.order)}"
        shown = ask(Visit(name, session, need.text, need.language, at))
        self._look(name, session, need, shown, at)

    def _look(self, name: str, session: str, need: Need, shown: Shown, at: datetime) -> None:
        attraction = self.world.attraction(self.tastes[name], need.meets)
        moment = at
        for rank, item_id in enumerate(shown.item_ids[: self.plan.page], start=1):
            if self.rng.random() > rank**-LOOK_DECAY or item_id not in self.rows:
                continue
            moment += timedelta(seconds=float(self.rng.uniform(2, 20)))
            if self.rng.random() > max(NOISE, attraction[self.rows[item_id]]):
                continue
            say = _Speaker(item_id, name, session, shown.recommendation_id, rank)
            self._later(say("click", moment))
            if self.rng.random() < P_CART:
                self._later(say("add_to_cart", moment + timedelta(seconds=30)))
                if self.rng.random() < P_BUY:
                    bought = moment + BUY_DELAY * float(self.rng.exponential())
                    self._later(say("purchase", bought))
                    if self.rng.random() < P_RETURN:
                        self._later(say("return", bought + RETURN_DELAY * float(self.rng.exponential())))

    def _later(self, act: Act) -> None:
        if act.at < self.plan.end:  # what would happen after the end is not known at the end
            heapq.heappush(self.waiting, (act.at, next(self.order), act))

    def deliver(self, until: datetime | None, tell: Callable[[Sequence[Act]], None]) -> None:
        """Tell everything that has happened by now."""
        due = []
        while self.waiting and (until is None or self.waiting[0][0] <= until):
            act = heapq.heappop(self.waiting)[2]
            self.counts[act.kind] = self.counts.get(act.kind, 0) + 1
            due.append(act)
        if due:
            tell(due)


@dataclass(frozen=True, slots=True)
class _Speaker:
    item_id: str
    shopper_id: str
    session_id: str
    recommendation_id: str
    position: int

    def __call__(self, kind: str, at: datetime) -> Act:
        return Act(at, kind, self.item_id, self.shopper_id, self.session_id, self.recommendation_id, self.position)
