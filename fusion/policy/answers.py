"""What the pipeline would answer under each arm: one request understood, encoded and scored once, then weighed for each arm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fusion.blocks import Column, total
from fusion.gate.features import SIGNALS
from fusion.pipeline import RecommendationPipeline
from fusion.policy.arms import Arm
from fusion.profile import Profile
from fusion.run import Run
from fusion.stand_in import STAND_IN, stand_ins
from fusion.types import Matrix, Query
from fusion.weighing import Context, weighed


@dataclass(frozen=True, slots=True)
class ArmAnswers:
    """One request.

    Attributes:
        context: what a weigher sees of it.
        pages: for each arm the ids of its first page, best first.
        signals: for each arm z of every signal of ``fusion.gate.features.SIGNALS`` for those items, (length of the page, S).
    """

    context: Context
    pages: tuple[tuple[str, ...], ...]
    signals: tuple[Matrix, ...]


class ArmPages(RecommendationPipeline):
    """A pipeline that answers a request under many weight settings at about the price of one.

    Exactly the pages of ``recommend`` under each arm, for a catalogue whose items are all candidates (``n_candidates`` at
    least half of it); they are not fetched again.
    """

    @classmethod
    def over(cls, pipeline: RecommendationPipeline) -> ArmPages:
        """The same collection, models and options, with all items as candidates."""
        options = replace(pipeline.options, n_candidates=max(pipeline.options.n_candidates, len(pipeline.collection)))
        return cls(pipeline.collection, pipeline.source_encoder.encoders, pipeline.parser, pipeline.fetch, options)

    def answers(self, query: Query, profile: Profile, arms: Sequence[Arm]) -> ArmAnswers:
        """The first page of each arm."""
        run = Run(query, profile)
        self._understand(run)
        self._encode(run)
        self._retrieve(run)
        self._score(run)
        plain = [column for column in run.columns if column.source != STAND_IN]
        z = np.zeros((len(run.rows), len(SIGNALS)), np.float32)
        for column in plain:
            z[:, SIGNALS.index((column.source, column.block))] = column.z
        places = [self._page(run, plain, run.total, arm) for arm in arms]
        pages = tuple(tuple(self.collection.id_of(int(run.rows[place])) for place in page) for page in places)
        return ArmAnswers(run.context, pages, tuple(z[page] for page in places))

    def _page(self, run: Run, plain: Sequence[Column], found: int, arm: Arm) -> NDArray[np.int64]:
        """Places into ``run.rows`` of an arm's first page.

        Args:
            plain: the request's columns with the weights of the defaults.
            found: how many items met the musts.
        """
        run.columns = weighed(plain, arm.factors)
        run.columns += stand_ins(run.columns, len(run.rows))
        run.scores, run.total = total(run.columns, len(run.rows)), found
        return self._arrange(run)[: run.query.limit]
