"""Trains the gate on logged answers. Read ``train`` first.

    softmax   - sum over items  g / sum(g) * log softmax(score / T)     g = max(reward, 0) / P(looked at), clipped
    mse       (reward - P(looked at) * (b + a * score))^2                     b fitted to each answer, a > 0 learnt

The first is listwise over the answer (Ai et al. 2018; inverse propensities of Joachims et al. 2017). The second is the squared
error between the model's output and the outcome: a place where nobody looks is expected to bring nothing, so the bias of places
is in the model and no weight has to be inverted. What all items of an answer share (an easy request, a shopper in the mood to
buy) is b, which ranks nothing. T, a and b are not kept: a ranking has no scale.

Validation is the debiased NDCG@10 of ``fusion/learning/held_out.py``. The defaults, an untrained gate, are the first to beat.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fusion.gate.weights import BOUND, HIDDEN, PROJECTED, GateWeights, default_gate
from fusion.learning import checkpoints
from fusion.learning.checkpoints import Checkpoint
from fusion.learning.examination import Examination, debiased
from fusion.learning.held_out import ndcg
from fusion.learning.impressions import Impressions

logger = logging.getLogger(__name__)

OBJECTIVES = ("softmax", "mse")
CHECKPOINT = "checkpoint.safetensors"
Floats = NDArray[np.float64]
OnEpoch = Callable[[int, Mapping[str, float]], None]


@dataclass(frozen=True, slots=True)
class FusionOptions:
    """How to train.

    Attributes:
        epochs: at most.
        weight_decay: pull to the defaults, per step and unit of learning rate (AdamW, Loshchilov & Hutter 2019).
        batch: answers a step.
        patience: epochs without a better validation after which training stops.
        clip: the largest inverse of P(looked at).
        forget_words: share of requests whose embedding is hidden in training, so that the features alone also do.
        threads: torch's threads while it trains.
    """

    objective: str = "softmax"
    epochs: int = 60
    learning_rate: float = 1e-2
    weight_decay: float = 0.05
    batch: int = 128
    patience: int = 10
    seed: int = 0
    clip: float = 10.0
    forget_words: float = 0.3
    bound: float = BOUND
    projected: int = PROJECTED
    hidden: int = HIDDEN
    threads: int = 1

    def __post_init__(self) -> None:
        if self.objective not in OBJECTIVES:
            raise ValueError(f"Objective {self.objective!r} is not known; choose one of {', '.join(OBJECTIVES)}.")
        if self.epochs < 1 or self.batch < 1 or self.patience < 1 or self.threads < 1:
            raise ValueError("epochs, batch, patience and threads must be at least 1.")
        if self.learning_rate <= 0 or self.weight_decay < 0 or self.clip < 1 or not 0 <= self.forget_words < 1:
            raise ValueError(
                "Needed: learning rate above 0, weight decay of at least 0, clip of at least 1, 0 <= forget_words < 1."
            )


@dataclass(frozen=True, slots=True)
class Trained:
    """The gate of the best epoch; ``best_epoch`` 0: no epoch beat the defaults, and the gate is theirs."""

    gate: GateWeights
    epochs: int
    best_epoch: int
    validation: float
    default_validation: float
    resumed_from: int = 0


@dataclass(frozen=True, slots=True)
class Data:
    """What is trained on, and what training stops by. ``encoder``: identity of the encoder of the words."""

    train: Impressions
    validation: Impressions
    examination: Examination
    encoder: str = ""


def train(
    data: Data,
    options: FusionOptions,
    *,
    folder: Path | None = None,
    log_dir: Path | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    on_epoch: OnEpoch = lambda epoch, metrics: None,
) -> Trained:
    """Train until the validation gets no better. Bounded threads; the same data, options and seed give the same gate.

    Args:
        folder: where a checkpoint is kept after each epoch. One of the same data and options is gone on from, with the same
            result as if nothing had happened. None keeps none.
        log_dir: where TensorBoard's event files go; None writes none.
        on_progress: called with (epochs done, epochs at most).
        on_epoch: called with the epoch (from 1) and its numbers.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(options.threads)
    try:
        return _Run(data, options, folder, log_dir, on_progress, on_epoch).fit()
    finally:
        torch.set_num_threads(threads)


def factors(gate: GateWeights, impressions: Impressions) -> NDArray[np.float32]:
    """(N, S), what the gate multiplies the weight of each signal by."""
    words, _has = impressions.embeddings()
    hidden = np.tanh(np.concatenate([impressions.x, words @ gate.projection], axis=1) @ gate.hidden + gate.hidden_bias)
    return np.asarray(np.exp(gate.bound * np.tanh(hidden @ gate.head + gate.head_bias)), np.float32)


def scores(gate: GateWeights, impressions: Impressions, part: int = 4096) -> Floats:
    """(N, K) scores of the items under a gate, in parts that bound the memory."""
    found = np.zeros(impressions.rank.shape)
    for start in range(0, len(impressions), part):
        some = impressions.take(np.arange(start, min(start + part, len(impressions))))
        found[start : start + len(some)] = np.einsum("nks,ns->nk", some.addends, factors(gate, some))
    return found


def default_scores(impressions: Impressions) -> Floats:
    """(N, K) scores under the default weights."""
    return np.asarray(impressions.addends.sum(axis=2), np.float64)


@dataclass(slots=True)
class _Run:
    data: Data
    options: FusionOptions
    folder: Path | None
    log_dir: Path | None
    on_progress: Callable[[int, int], None]
    on_epoch: OnEpoch
    gate: Any = field(init=False)
    extra: Any = field(init=False)
    optimizer: Any = field(init=False)
    fingerprint: str = field(init=False)

    def fit(self) -> Trained:
        import torch

        from fusion.learning.fusion_gate import FusionGate

        options, train = self.options, self.data.train
        torch.manual_seed(options.seed)
        start = default_gate(
            train.words.shape[1],
            options.seed,
            signals=train.signals,
            bound=options.bound,
            projected=options.projected,
            hidden=options.hidden,
            encoder=self.data.encoder,
        )
        self.gate = FusionGate(start)
        self.extra = _extra(self.data, options.clip)
        groups = [
            {"params": list(self.gate.parameters()), "weight_decay": options.weight_decay},
            {"params": list(self.extra.values()), "weight_decay": 0.0},
        ]
        self.optimizer = torch.optim.AdamW(groups, lr=options.learning_rate)
        self.fingerprint = _fingerprint(self.data, options)
        gains = debiased(self.data.validation, self.data.examination, options.clip)
        default = ndcg(self.data.validation, gains, default_scores(self.data.validation))
        best, best_epoch, best_gate, done = default, 0, start, 0
        resumed = self._resume()
        if resumed is not None:
            done, best, best_epoch = resumed.epoch, resumed.numbers["best"], int(resumed.numbers["best_epoch"])
            best_gate = self._best_of(resumed)
        log = _summary_writer(self.log_dir)
        epoch = done
        while epoch < options.epochs and epoch - best_epoch < options.patience:
            epoch += 1
            loss = self._epoch(epoch)
            value = ndcg(self.data.validation, gains, scores(self.gate.weights(), self.data.validation))
            if value > best:
                best, best_epoch, best_gate = value, epoch, self.gate.weights()
            self._keep(epoch, {"best": best, "best_epoch": best_epoch}, best_gate)
            numbers = {"loss": loss, "validation_ndcg": value, "default_ndcg": default}
            log(numbers, epoch)
            self.on_epoch(epoch, numbers)
            self.on_progress(epoch, options.epochs)
        log({}, 0)
        return Trained(best_gate, epoch, best_epoch, best, default, done)

    def _parameters(self) -> dict[str, Any]:
        return {**dict(self.gate.named_parameters()), **self.extra}

    def _epoch(self, epoch: int) -> float:
        """The mean loss; order and hidden words follow from seed and epoch alone, so that a resumed epoch is the same."""
        import torch

        rng = np.random.default_rng([self.options.seed, epoch])
        train = self.data.train
        rows = rng.permutation(np.flatnonzero(train.gained) if self.options.objective == "softmax" else len(train))
        losses = []
        for begin in range(0, len(rows), self.options.batch):
            some = train.take(np.sort(rows[begin : begin + self.options.batch]))
            words, _has = some.embeddings()
            words[rng.random(len(some)) < self.options.forget_words] = 0.0
            loss = self._loss(some, torch.from_numpy(words))
            self.optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self._parameters().values(), 1.0)
            self.optimizer.step()
            losses.append(float(loss.detach()) * len(some))
        return float(np.sum(losses) / max(1, len(rows)))

    def _loss(self, some: Impressions, words: Any) -> Any:
        import torch

        x, shown = torch.from_numpy(some.x), torch.from_numpy(some.shown)
        factors = torch.exp(self.gate(x, words))
        score = torch.einsum("nks,ns->nk", torch.from_numpy(some.addends), factors)
        if self.options.objective == "softmax":
            gains = torch.from_numpy(debiased(some, self.data.examination, self.options.clip).astype(np.float32))
            scaled = (score / torch.exp(self.extra["extra.log_temperature"])).masked_fill(~shown, -1e9)
            # An answer counts as much as it gained: with one weight each, the inverse weights would cancel out.
            return -(gains * torch.log_softmax(scaled, dim=1)).sum() / gains.sum().clamp_min(1e-9)
        looked = torch.from_numpy(self.data.examination.of(some.rank).astype(np.float32))
        looked = looked.masked_fill(~shown, 0.0)
        error = torch.from_numpy(some.reward) - looked * torch.exp(self.extra["extra.log_slope"]) * score
        level = (looked * error).sum(dim=1, keepdim=True) / (looked**2).sum(dim=1, keepdim=True).clamp_min(1e-9)
        return ((error - looked * level)[shown] ** 2).mean()

    def _keep(self, epoch: int, numbers: Mapping[str, float], best: GateWeights) -> None:
        if self.folder is None:
            return
        tensors = {f"now.{name}": parameter.detach().numpy() for name, parameter in self._parameters().items()}
        tensors |= {f"best.{name}": tensor for name, tensor in best.tensors.items()}
        for name, parameter in self._parameters().items():
            state = self.optimizer.state.get(parameter, {})
            tensors |= {f"adam.{kind}.{name}": np.atleast_1d(value.numpy()) for kind, value in state.items()}
        checkpoints.write(self.folder / CHECKPOINT, Checkpoint(tensors, epoch, numbers), self.fingerprint)

    def _resume(self) -> Checkpoint | None:
        """Put parameters and moments back as they were; None where there is nothing to go on from."""
        import torch

        kept = checkpoints.read(self.folder / CHECKPOINT, self.fingerprint) if self.folder else None
        if kept is None:
            return None
        for name, parameter in self._parameters().items():
            with torch.no_grad():
                parameter.copy_(torch.from_numpy(kept.tensors[f"now.{name}"].reshape(parameter.shape)))
            moments = {}
            for kind in ("step", "exp_avg", "exp_avg_sq"):
                if (tensor := kept.tensors.get(f"adam.{kind}.{name}")) is not None:
                    moments[kind] = torch.from_numpy(tensor.copy()).reshape(() if kind == "step" else parameter.shape)
            if moments:
                self.optimizer.state[parameter] = moments
        return kept

    def _best_of(self, kept: Checkpoint) -> GateWeights:
        best = self.gate.weights()
        tensors = {name: np.asarray(kept.tensors[f"best.{name}"], np.float32) for name in best.tensors}
        return GateWeights(**tensors, signals=best.signals, bound=best.bound, encoder=best.encoder)


def _extra(data: Data, clip: float) -> dict[str, Any]:
    """What is learnt beside the gate and thrown away: temperature and slope of the outcome.

    They start where they fit the defaults best, or the gate would first learn to scale all signals alike, which ranks nothing.
    """
    import torch

    train = data.train
    made = {
        "extra.log_temperature": torch.tensor(_log_temperature(train, debiased(train, data.examination, clip))),
        "extra.log_slope": torch.tensor(float(np.log(max(_slope(train, data.examination), 1e-3)))),
    }
    return {name: tensor.requires_grad_() for name, tensor in made.items()}


def _log_temperature(train: Impressions, gains: Floats) -> float:
    """log T of the least softmax loss of the default scores, within a factor of e^4 either way."""
    rows = gains.sum(axis=1) > 0
    score = np.where(train.shown, default_scores(train), -np.inf)[rows]
    score -= score.max(axis=1, keepdims=True)
    finite = np.where(train.shown[rows], score, 0.0)

    def loss(log_temperature: float) -> float:
        scaled = finite / np.exp(log_temperature)
        normaliser = np.log(np.exp(score / np.exp(log_temperature)).sum(axis=1, keepdims=True))
        return float(-(gains[rows] * (scaled - normaliser)).sum())

    candidates: list[float] = np.linspace(-4.0, 4.0, 41).tolist()
    return min(candidates, key=loss)


def _slope(train: Impressions, examination: Examination) -> float:
    """a of the least squared error of reward - P(looked at) * (b + a * score) under the defaults, b fitted to each answer."""
    looked = np.where(train.shown, examination.of(train.rank), 0.0)
    power = np.maximum((looked**2).sum(axis=1, keepdims=True), 1e-9)

    def centred(values: Floats) -> Floats:
        return np.asarray(values - looked * (looked * values).sum(axis=1, keepdims=True) / power)

    x, y = centred(looked * default_scores(train)), centred(train.reward.astype(np.float64))
    return float((x * y).sum() / max(float((x * x).sum()), 1e-9))


def _fingerprint(data: Data, options: FusionOptions) -> str:
    digest = hashlib.sha256(json.dumps([asdict(options), data.encoder], sort_keys=True).encode())
    for part in (data.train, data.validation):
        for array in (part.x, part.text, part.words, part.addends, part.rank, part.reward):
            digest.update(np.ascontiguousarray(array).tobytes())
    digest.update(data.examination.examined.tobytes())
    return digest.hexdigest()


def _summary_writer(log_dir: Path | None) -> Callable[[Mapping[str, float], int], None]:
    """Writes an epoch's numbers for TensorBoard and closes the file when there are none; does nothing without a folder."""
    if log_dir is None:
        return lambda numbers, epoch: None
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        logger.warning("event=tensorboard_off error=%r hint=\"pip install 'django-attune[learning]'\"", str(error))
        return lambda numbers, epoch: None

    writer = SummaryWriter(str(log_dir))

    def write(numbers: Mapping[str, float], epoch: int) -> None:
        if not numbers:
            writer.close()
        for name, value in numbers.items():
            writer.add_scalar(name, value, epoch)

    return write
