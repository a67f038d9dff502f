"""An A/B split as a weigher: each shopper stays on one side for as long as the experiment runs."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fusion.policy.experiments import assigned
from fusion.weighing import Context, Weigher, Weighing

CANDIDATE, LIVE = "candidate", "live"


@dataclass
class SplitWeigher(Weigher):
    """Weighs a share of the shoppers by a candidate and the others by what is live.

    Attributes:
        live: None for the defaults.
        share: of the shoppers who get the candidate, 0 to 1.
        name: of the experiment, and the salt of its assignment.
    """

    candidate: Weigher
    live: Weigher | None
    share: float
    name: str

    def weigh(self, context: Context) -> Weighing:
        """By the shopper's side. Who cannot be told apart from others gets what is live, and counts for neither side."""
        if not context.unit:
            return self._by_live(context)
        side = assigned(self.name, context.unit, {CANDIDATE: self.share, LIVE: 1.0 - self.share})
        weighing = self.candidate.weigh(context) if side == CANDIDATE else self._by_live(context)
        return replace(weighing, experiment=self.name, side=side)

    def _by_live(self, context: Context) -> Weighing:
        return self.live.weigh(context) if self.live else Weighing()

    @property
    def exploration_cap(self) -> float:
        """The largest share of requests that either side may weigh otherwise than the best known way."""
        return max((getattr(one, "exploration_cap", 0.0) for one in (self.candidate, self.live)), default=0.0)

    @exploration_cap.setter
    def exploration_cap(self, cap: float) -> None:
        for one in (self.candidate, self.live):
            if one is not None and hasattr(one, "exploration_cap"):
                one.exploration_cap = cap
