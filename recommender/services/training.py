"""Everything that learns for minutes, as the worker begins it: each writes the ledger and keeps what it learnt as a candidate.

None of them puts anything in force; that is a step of its own. ``recommender.background`` runs them beside the worker.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from recommender.services import ledger
from recommender.services.logged_answers import LogRange


def train_fusion(objective: str = "softmax", simulated: str = "exclude", seed: int = 0, epochs: int = 0) -> None:
    """Learn the gate from the log. Args: epochs: at most so many; 0 is as many as usual."""
    from fusion.learning.fusion_training import FusionOptions
    from recommender.services import fusion

    with ledger.track("fusion") as job:
        options = FusionOptions(objective=objective, seed=seed, **({"epochs": epochs, "patience": epochs} if epochs else {}))
        report = fusion.train_gate(LogRange(simulated=simulated), options, on_progress=job)
        job.job.message = report.summary


def learn_policy(learner: str = "", simulated: str = "exclude", seed: int = 0) -> None:
    """Learn a policy over the arms from the log."""
    from fusion.policy.learners import DEFAULT_LEARNER
    from recommender.services import policies

    with ledger.track("policy") as job:
        options = policies.PolicyOptions(learner=learner or DEFAULT_LEARNER, seed=seed)
        report = policies.learn_policy(LogRange(simulated=simulated), options)
        job.job.total = job.job.done = report.n_chosen
        job.job.message = report.summary


def adapt_encoders(seed: int = 0, texts: str = "pairs", method: str = "heads") -> None:
    """Adapt the encoder to the catalogue."""
    from fusion.learning.adaptation import AdaptationOptions
    from recommender.services import adaptation

    with ledger.track("adapt") as job:
        options = AdaptationOptions(seed=seed, texts=texts, method=method, threads=1)
        report = adaptation.adapt(options, on_progress=lambda _stage, done, total: job(done, total))
        job.job.message = report.summary


TRAININGS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {"train_fusion": train_fusion, "learn_policy": learn_policy, "adapt_encoders": adapt_encoders}
)
