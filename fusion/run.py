"""What a pipeline is set to, and one request on its way through it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from fusion.blocks import Column, Leg
from fusion.directions import Group, Question
from fusion.facets import Facet
from fusion.history import HistoryColumn
from fusion.index.base import Mask, Rows
from fusion.profile import Profile
from fusion.sources import Sources
from fusion.types import Constraint, Instruction, Order, Query, Relaxation, Vector
from fusion.weighing import Context, Weighing
from fusion.weights import DEFAULT_WEIGHTS


@dataclass(frozen=True)
class PipelineOptions:
    """How a pipeline behaves.

    Attributes:
        weights: (source, block) -> weight.
        floor: an item of a worded or pictured request needs this fused score (in standard deviations above the
            catalogue's average) unless it has a word of the request or a must already picked it.
        diversity: how much look-alikes are pushed apart where no words and no photo say what is wanted; 0 is off.
        never_relaxed: fields whose musts are never let go, such as an age rating or allergens; stock never is.
        n_candidates: how many rows the dense and the lexical leg each bring to be scored exactly.
    """

    weights: Mapping[tuple[str, str], float] = field(default_factory=lambda: dict(DEFAULT_WEIGHTS))
    floor: float = 0.0
    diversity: float = 0.1
    hide_out_of_stock: bool = True
    never_relaxed: tuple[str, ...] = ()
    n_candidates: int = 1000


@dataclass
class Run:
    """One request on its way through the pipeline.

    Attributes:
        mask: (n_rows,) what meets the musts in force.
        related: (n_rows,) what is related to the request, whatever the filters; None where a must picks what is shown.
        partial: whether more may be related than were looked at.
    """

    query: Query
    profile: Profile
    instruction: Instruction = field(default_factory=Instruction)
    sources: Sources = field(default_factory=Sources)
    legs: list[Leg] = field(default_factory=list)
    musts: tuple[Constraint, ...] = ()
    relaxation: Relaxation = field(default_factory=Relaxation)
    state: str = "ok"
    mask: Mask = field(default_factory=lambda: np.zeros(0, bool))
    total: int = 0
    partial: bool = False
    facets: tuple[Facet, ...] = ()
    groups: tuple[Group, ...] = ()
    question: Question | None = None
    related: Mask | None = None
    rows: Rows = field(default_factory=lambda: np.zeros(0, np.int64))
    columns: list[Column] = field(default_factory=list)
    spoken: list[HistoryColumn] = field(default_factory=list)
    because: dict[str, tuple[str, str]] = field(default_factory=dict)
    scores: Vector = field(default_factory=lambda: np.zeros(0, np.float32))
    context: Context = field(default_factory=Context)
    weighing: Weighing = field(default_factory=Weighing)
    lexical: Vector | None = None
    order: Order | None = None
    timings: dict[str, float] = field(default_factory=dict)
    degraded: list[str] = field(default_factory=list)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self.timings[name] = self.timings.get(name, 0.0) + (time.perf_counter() - started) * 1000

    @property
    def language(self) -> str:
        return self.query.language or self.instruction.language or "en"
