"""Learns the gate from the shop's own log and keeps it as a candidate, or keeps the defaults. Never puts it in force itself."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from fusion.gate.features import name_of
from fusion.gate.storage import policy_name, to_bytes
from fusion.gate.weigher import GateWeigher
from fusion.gate.weights import GateWeights
from fusion.learning.examination import Examination, Floats, debiased, estimate_examination
from fusion.learning.fusion_training import Data, FusionOptions, Trained, default_scores, factors, scores, train
from fusion.learning.held_out import HeldOut, compare
from fusion.learning.impressions import Impressions, pack
from fusion.learning.splits import Parts, split_by_time
from fusion.types import Matrix
from recommender.conf import get_settings
from recommender.control import refuse_when_frozen
from recommender.encoders import get_encoders
from recommender.exceptions import TrainingRefused
from recommender.learnt import weigher_of
from recommender.models import ModelVersion
from recommender.services import versions
from recommender.services.logged_answers import LogCounts, LogRange, read_answers
from recommender.services.training_runs import training_run

logger = logging.getLogger(__name__)

METRIC = "NDCG@10 on held-out answers, debiased"
_BATCH = 64
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class FusionReport:
    """What came of a training. ``version`` is None where the defaults stay; ``reason`` then says why."""

    version: ModelVersion | None
    reason: str
    counts: LogCounts
    trained: Trained | None = None
    held_out: HeldOut | None = None
    metrics: Mapping[str, Any] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        """One line for the ledger."""
        found = f"version {self.version.pk}: {self.version.name}" if self.version else f"the defaults stay: {self.reason}"
        if self.held_out is None:
            return found
        lift = self.held_out.lift
        return f"{found}; NDCG@10 {self.held_out.default:.3f} -> {self.held_out.value:.3f} [{lift.low:+.3f}, {lift.high:+.3f}]"


def train_gate(
    log: LogRange,
    options: FusionOptions,
    *,
    resume: bool = True,
    on_progress: Progress = lambda done, total: None,
    on_epoch: Callable[[int, Mapping[str, float]], None] = lambda epoch, numbers: None,
) -> FusionReport:
    """Learn, judge on held-out answers, and store what is certainly better than the defaults as a candidate.

    A run that was killed is gone on from by the next one with the same options: it reads the same part of the log.

    Args:
        resume: False starts anew.
    Raises:
        LearningFrozen: people froze learning.
        TrainingRefused: another process is training.
    """
    refuse_when_frozen()
    with training_run(get_settings().DATA_DIR / "fusion-training", log, options, resume=resume) as (folder, planned):
        counts = LogCounts()
        report = _train(planned, options, counts, folder, on_progress, on_epoch)
    logger.info("event=fusion_trained kept=%s answers=%d reason=%r", report.version is not None, counts.answers, report.reason)
    return report


def _train(
    log: LogRange,
    options: FusionOptions,
    counts: LogCounts,
    folder: Path,
    on_progress: Progress,
    on_epoch: Callable[[int, Mapping[str, float]], None],
) -> FusionReport:
    encoder = WordsEncoder()
    impressions = pack(read_answers(log, counts), encoder.embed, encoder.dim)
    try:
        parts = split_by_time(impressions, log.window)
        data = Data(parts.train, parts.validation, estimate_examination(parts.train, options.seed), encoder.identity)
    except ValueError as error:
        return FusionReport(None, str(error), counts)
    log_dir = get_settings().DATA_DIR / "logs" / "fusion" / f"{log.end:%Y%m%d-%H%M%S}-{options.objective}-{options.seed}"
    trained = train(data, options, folder=folder, log_dir=log_dir, on_progress=on_progress, on_epoch=on_epoch)
    if not trained.best_epoch:
        reason = f"no epoch of {trained.epochs} was better than the defaults on the validation part"
        return FusionReport(None, reason, counts, trained)
    metrics, held_out, lift = _judged(parts, trained, options)
    if held_out.lift.low <= 0 or lift.low <= 0:
        against = "the defaults" if held_out.lift.low <= 0 else "what is live"
        reason = f"the lift over {against} on held-out answers is not certain ([{lift.low:+.4f}, {lift.high:+.4f}])"
        return FusionReport(None, reason, counts, trained, held_out, metrics)
    refuse_when_frozen()  # somebody may have frozen it meanwhile
    version = versions.store(
        ModelVersion.Kind.FUSION,
        policy_name(trained.gate),
        to_bytes(trained.gate),
        metrics=metrics,
        about=_about(log, options, counts, parts, trained, log_dir),
        simulated=counts.simulated > 0,
        note=f"manage.py train_fusion --objective {options.objective} --seed {options.seed}",
    )
    return FusionReport(version, "", counts, trained, held_out, metrics)


def _judged(parts: Parts, trained: Trained, options: FusionOptions) -> tuple[dict[str, Any], HeldOut, Any]:
    """(metrics, the comparison with the defaults, the interval of the lift over what a promotion would replace)."""
    examinations = [estimate_examination(part, options.seed) for part in (parts.known, parts.test)]
    ours, theirs = scores(trained.gate, parts.test), default_scores(parts.test)
    held_out = surest(parts.test, examinations, ours, theirs, options)
    live = _live_gate(parts.test)
    replaced = held_out if live is None else surest(parts.test, examinations, ours, scores(live, parts.test), options)
    metrics = {
        "validation": {
            "metric": METRIC,
            "value": replaced.value,
            "default": replaced.default,
            "lift": replaced.lift.mean,
            "low": replaced.lift.low,
            "high": replaced.lift.high,
            "n": replaced.n,
            "against": "live gate" if live else "defaults",
        },
        "over_defaults": asdict(held_out.lift) | {"value": held_out.value, "default": held_out.default},
        "early_stopping": {
            "value": trained.validation,
            "default": trained.default_validation,
            "best_epoch": trained.best_epoch,
            "epochs": trained.epochs,
        },
        "examined": [round(float(share), 4) for share in examinations[0].examined],
        "factors": _usual_factors(trained.gate, parts.test),
    }
    return metrics, held_out, replaced.lift


def surest(
    test: Impressions, examinations: Sequence[Examination], ours: Floats, theirs: Floats, options: FusionOptions
) -> HeldOut:
    """The comparison under each estimate of what is looked at; the one whose low end is lowest.

    What is looked at is itself estimated, and the bootstrap knows nothing of that. A lift that is there by the bias of places
    in the answers before and not by that in the answers themselves, or the other way round, is none.
    """
    found = [compare(test, debiased(test, e, options.clip), ours, theirs, options.seed) for e in examinations]
    return min(found, key=lambda one: one.lift.low)


def _live_gate(impressions: Impressions) -> GateWeights | None:
    """The gate in force, where a gate is and it is over the same signals and embeddings."""
    version = versions.live(ModelVersion.Kind.FUSION)
    try:
        weigher = weigher_of(version) if version else None
    except Exception as error:
        logger.warning("event=live_gate_unreadable error=%r", error)
        return None
    if not isinstance(weigher, GateWeigher):
        return None
    same = weigher.weights.signals == impressions.signals and weigher.weights.dim == impressions.words.shape[1]
    return weigher.weights if same else None


def _usual_factors(gate: GateWeights, impressions: Impressions) -> dict[str, float]:
    """Signal -> the geometric mean of its factor over the answers that had the signal."""
    found = np.log(factors(gate, impressions))
    has = np.abs(impressions.addends).max(axis=1) > 0  # (N, S)
    return {
        name_of(signal): round(float(np.exp(found[has[:, column], column].mean())), 3)
        for column, signal in enumerate(impressions.signals)
        if has[:, column].any()
    }


def _about(
    log: LogRange, options: FusionOptions, counts: LogCounts, parts: Parts, trained: Trained, log_dir: Path
) -> dict[str, Any]:
    return {
        "from": counts.first.isoformat() if counts.first else "",
        "until": log.end.isoformat(),
        "window_days": log.window / timedelta(days=1),
        "simulated": log.simulated,
        "answers": counts.answers,
        "events": counts.events,
        "skipped": dict(counts.skipped),
        "parts": {name: len(getattr(parts, name)) for name in ("train", "validation", "test")},
        "encoder": trained.gate.encoder,
        "seed": options.seed,
        "settings": asdict(options),
        "tensorboard": log_dir.relative_to(get_settings().DATA_DIR).as_posix(),
    }


class WordsEncoder:
    """The shop's encoder of words, asked once a text."""

    def __init__(self) -> None:
        """Raises: TrainingRefused: no encoder of the shop fills the block "text" from words."""
        found = [(e, spec) for e in get_encoders() for spec in e.blocks if spec.name == "text" and spec.words]
        if not found:
            raise TrainingRefused(
                "No encoder in RECOMMENDER['ENCODERS'] has a block 'text' for words, so a gate cannot read them."
            )
        self.encoder, spec = found[-1]
        self.dim, self.identity = spec.dim, self.encoder.identity("text").id

    def embed(self, texts: Sequence[str]) -> Matrix:
        """(n, dim); the texts are distinct already."""
        parts = [self.encoder.encode_instructions(texts[i : i + _BATCH])["text"] for i in range(0, len(texts), _BATCH)]
        return np.concatenate(parts)
