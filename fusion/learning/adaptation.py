"""Contrastive tuning of projection heads on one shop's photos and words. Read ``train`` first.

Loss: the symmetric InfoNCE of CLIP (Radford et al. 2021), open_clip's own. Photos and texts are encoded once; an epoch over
thousands of pairs then takes about a second of one core. With ``texts="simcse"`` each text is also pulled to itself under
another dropout mask (Gao et al. 2021), which keeps words apart that no photo tells apart.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fusion.exceptions import EncodingError
from fusion.learning import checkpoints
from fusion.learning.adaptation_model import LOGIT_SCALE, SIMCSE_SCALE, TrainableHeads
from fusion.learning.adaptation_tower import TunedTower
from fusion.learning.checkpoints import Checkpoint
from fusion.learning.low_rank import TrainingOptions
from fusion.types import Matrix

if TYPE_CHECKING:
    from torch import Tensor

TEXTS = ("pairs", "simcse")
METHODS = ("heads", "lora", "adalora")
SMALLEST_BATCH = 8
_TOWER = "tower."
WARM_UP = 0.1
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class AdaptationOptions:
    """How to train.

    Attributes:
        texts: "pairs", or "simcse", which adds the unsupervised loss over the texts alone.
        method: "heads" alone, or "lora" or "adalora", which afterwards tune the text tower together with them: minutes an epoch
            instead of a second, and a second text forward for each new request.
        tower_epochs, tower_learning_rate, rank: of that second part.
        title_share: how often a photo's title is drawn, rather than any of its texts.
        patience: epochs without a better validation MRR after which training stops.
        threads: torch's threads; None leaves them as they are.
    """

    texts: str = "pairs"
    method: str = "heads"
    epochs: int = 80
    seed: int = 0
    batch_size: int = 128
    learning_rate: float = 1e-3
    weight_decay: float = 0.1
    dropout: float = 0.3
    title_share: float = 0.5
    simcse_weight: float = 0.1
    patience: int = 12
    tower_epochs: int = 4
    tower_learning_rate: float = 5e-4
    rank: int = 8
    threads: int | None = None

    def __post_init__(self) -> None:
        if self.texts not in TEXTS:
            raise EncodingError(f"texts is {self.texts!r}; choose one of {', '.join(TEXTS)}.", permanent=True)
        if self.method not in METHODS:
            raise EncodingError(f"method is {self.method!r}; choose one of {', '.join(METHODS)}.", permanent=True)
        if self.epochs < 1 or self.batch_size < SMALLEST_BATCH:
            said = f"epochs is {self.epochs} and batch_size {self.batch_size}; give at least 1 and {SMALLEST_BATCH}."
            raise EncodingError(said, permanent=True)


@dataclass(frozen=True, slots=True)
class PairData:
    """What is trained on.

    Attributes:
        texts: (n_texts, dim) unit vectors of words in the block.
        photos: (n_photos, n_inputs) unit vectors of the heads' inputs side by side; the block's own first.
        of_photo: for each photo the rows of its texts, its title first; more often named is more often drawn.
        parts: "train" and "validation" -> rows of photos.
    """

    texts: Matrix
    photos: Matrix
    of_photo: Sequence[Sequence[int]]
    parts: Mapping[str, Sequence[int]]

    def digest(self) -> str:
        """Of everything that training reads, to know a checkpoint of the same run."""
        parts = {name: list(rows) for name, rows in sorted(self.parts.items())}
        rows = [list(map(int, rows)) for rows in self.of_photo]
        return _key_of(
            _sum(self.texts), _sum(self.photos), rows, {name: list(map(int, given)) for name, given in parts.items()}
        )


@dataclass(frozen=True, slots=True)
class TowerSource:
    """The text model behind the words, for "lora" and "adalora".

    Attributes:
        source: folder or name of the model; ``prefix`` and ``pooling`` are the encoder's.
        texts: what the rows of ``PairData.texts`` say.
    """

    source: str
    prefix: str
    pooling: str
    texts: Sequence[str]


@dataclass(frozen=True, slots=True)
class TrainedHeads:
    """What training gave: ``Heads.tensors``, the epoch they are of (0: no epoch was better than the encoder as it was)."""

    tensors: Mapping[str, Matrix]
    best_epoch: int
    epochs: int
    temperature: float
    validation: Mapping[str, float]


def train(
    data: PairData,
    options: AdaptationOptions,
    *,
    tower: TowerSource | None = None,
    checkpoint: Path | None = None,
    log_dir: Path | None = None,
    on_progress: Progress = lambda done, total: None,
    on_epoch: Callable[[int, Mapping[str, float]], None] = lambda epoch, metrics: None,
) -> TrainedHeads:
    """Train on "train", stop on "validation". The same data and options give the same heads.

    Args:
        tower: needed by "lora" and "adalora". They start at the best heads; a tower that makes validation no better is left.
        checkpoint: where each epoch is kept, so that a run that was killed goes on; deleted at the end.
        log_dir: where TensorBoard's event files go; None writes none.
        on_progress: called with (epochs done, epochs at most).
        on_epoch: called with the epoch (from 1) and its losses and validation MRR.
    Raises:
        EncodingError: a part is too small to train or to stop on.
    """
    import torch

    if len(data.parts["train"]) < SMALLEST_BATCH or len(data.parts["validation"]) < SMALLEST_BATCH:
        sizes = ", ".join(f"{len(rows)} {name}" for name, rows in data.parts.items())
        raise EncodingError(f"There are {sizes} photos with a title; give at least {SMALLEST_BATCH} of each.", permanent=True)
    before = torch.get_num_threads()
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    whole = options.epochs + (options.tower_epochs if options.method != "heads" else 0)
    watch = _Watch(log_dir, whole, on_progress, on_epoch)
    try:
        trained = _Run(data, options, checkpoint, watch).fit()
        if options.method == "heads":
            return trained
        if tower is None:
            raise EncodingError(f"{options.method} needs an encoder whose text tower can be tuned.", permanent=True)
        second = replace(options, epochs=options.tower_epochs, learning_rate=options.tower_learning_rate)
        kept = checkpoint.with_stem(f"{checkpoint.stem}-tower") if checkpoint else None
        tuned = _Run(data, second, kept, replace(watch, since=trained.epochs), tower, trained).fit()
    finally:
        torch.set_num_threads(before)
    if not tuned.best_epoch:
        return replace(trained, epochs=tuned.epochs)
    return replace(tuned, validation={**tuned.validation, "mrr_before": trained.validation["mrr_before"]})


@dataclass(frozen=True, slots=True)
class _Watch:
    """Who is told of an epoch. ``since``: epochs before this part of the training."""

    log_dir: Path | None
    total: int
    on_progress: Progress
    on_epoch: Callable[[int, Mapping[str, float]], None]
    since: int = 0


class _Run:
    def __init__(
        self,
        data: PairData,
        options: AdaptationOptions,
        checkpoint: Path | None,
        watch: _Watch,
        source: TowerSource | None = None,
        start: TrainedHeads | None = None,
    ) -> None:
        import torch
        from open_clip.loss import ClipLoss

        self.data, self.options, self.checkpoint, self.watch, self.start = data, options, checkpoint, watch, start
        self.texts, self.photos = torch.from_numpy(data.texts), torch.from_numpy(data.photos)
        self.model = TrainableHeads(data.texts.shape[1], data.photos.shape[1], options.dropout)
        self.loss = ClipLoss()
        parameters = list(self.model.parameters.values())
        matrices = [p for p in parameters if p.ndim > 1]
        others = [p for p in parameters if p.ndim < 2]  # decaying a bias or the temperature means nothing
        groups = [{"params": matrices, "weight_decay": options.weight_decay}, {"params": others, "weight_decay": 0.0}]
        self.tower: TunedTower | None = None
        if source and start:
            self.model.restore({**start.tensors, LOGIT_SCALE: np.asarray(-math.log(start.temperature), np.float32)})
            steps = options.epochs * -(-len(data.parts["train"]) // options.batch_size)
            low_rank = TrainingOptions(options.method, options.epochs, options.seed, rank=options.rank)
            self.tower = TunedTower(source.source, source.texts, source.prefix, source.pooling, low_rank, steps)
            groups.append({"params": self.tower.parameters, "weight_decay": 0.0})
        self.optimizer = torch.optim.AdamW(groups, lr=options.learning_rate)
        self.key = _key_of(asdict(options), data.digest()) if checkpoint else ""

    def fit(self) -> TrainedHeads:
        """Stops when the validation part has not got better for ``patience`` epochs."""
        start = self.judge()
        best, best_epoch, epoch, kept = start, 0, 0, self._state()
        if found := self._resumed():
            epoch, best_epoch, best, kept = found
        log, since = _writer(self.watch.log_dir), self.watch.since
        log("validation/mrr", start, since)
        while epoch < self.options.epochs and epoch - best_epoch < self.options.patience:
            epoch += 1
            losses = self._epoch(epoch)
            mrr = self.judge()
            for name, value in {**losses, "validation/mrr": mrr, "temperature": 1 / float(self.model.scale.detach())}.items():
                log(name, value, since + epoch)
            self.watch.on_epoch(since + epoch, {**losses, "validation_mrr": mrr})
            self.watch.on_progress(since + epoch, self.watch.total)
            if mrr > best:
                best, best_epoch, kept = mrr, epoch, self._state()
            self._keep(epoch, best_epoch, best, kept)
        log("done", 1.0, since + epoch)
        self._restore(kept)
        if self.checkpoint:
            self.checkpoint.unlink(missing_ok=True)
        tensors = {name: tensor for name, tensor in self.model.state().items() if name != LOGIT_SCALE}
        if self.tower:
            tensors |= {f"tower.{name}": tensor for name, tensor in self.tower.exported().items()}
            best_epoch += since if best_epoch else 0
        validation = {"mrr_before": start, "mrr": best}
        return TrainedHeads(tensors, best_epoch, since + epoch, 1 / float(self.model.scale.detach()), validation)

    def _epoch(self, epoch: int) -> dict[str, float]:
        """One pass over the photos, each with one of its texts. All chance comes from the seed and the epoch."""
        import torch

        rng = np.random.default_rng([self.options.seed, epoch, *([1] if self.tower else [])])
        torch.manual_seed(int(rng.integers(2**31)))
        self.model.training = True
        batches = list(self._batches(rng))
        losses = []
        for number, (photos, texts) in enumerate(batches):
            self._set_rate((epoch - 1 + number / len(batches)) / self.options.epochs)
            losses.append(self._step(photos, texts, (epoch - 1) * len(batches) + number))
        return {name: float(np.mean([loss[name] for loss in losses])) for name in losses[0]}

    def _batches(self, rng: np.random.Generator) -> Sequence[tuple[list[int], list[int]]]:
        """(photo rows, text rows): no text twice in a batch, or a right pair would be called a wrong one."""
        order = rng.permutation(np.asarray(self.data.parts["train"]))
        made: list[tuple[list[int], list[int]]] = []
        for start in range(0, len(order), self.options.batch_size):
            chosen: dict[int, int] = {}
            for photo in order[start : start + self.options.batch_size]:
                rows = self.data.of_photo[photo]
                drawn = rows[0] if rng.random() < self.options.title_share else rows[int(rng.integers(len(rows)))]
                row = drawn if drawn not in chosen else rows[0]
                chosen.setdefault(row, int(photo))
            if len(chosen) >= SMALLEST_BATCH or not made:
                made.append((list(chosen.values()), list(chosen)))
        return made

    def _words(self, texts: list[int], *, training: bool) -> Tensor:
        given = self.tower.vectors(texts, training=training) if self.tower else self.texts[texts]
        return self.model.words(given)

    def _step(self, photos: list[int], texts: list[int], step: int) -> dict[str, float]:
        words = self._words(texts, training=True)
        contrastive = self.loss(self.model.photos(self.photos[photos]), words, self.model.scale)
        losses = {"loss": contrastive}
        if self.options.texts == "simcse":
            losses["simcse"] = self.loss(words, self._words(texts, training=True), SIMCSE_SCALE)
        total = contrastive + self.options.simcse_weight * losses.get("simcse", 0.0)
        total = total + (self.tower.penalty() if self.tower else 0.0)
        self.optimizer.zero_grad()
        total.backward()
        self.optimizer.step()
        if self.tower:
            self.tower.allocate(step)
        return {name: float(loss.detach()) for name, loss in losses.items()}

    def _set_rate(self, at: float) -> None:
        """Linear warm-up, then a cosine to 0; ``at`` is the share of all epochs that is done."""
        share = (at + 1e-3) / WARM_UP if at < WARM_UP else (1 + math.cos(math.pi * (at - WARM_UP) / (1 - WARM_UP))) / 2
        for group in self.optimizer.param_groups:
            group["lr"] = self.options.learning_rate * min(share, 1.0)

    def judge(self) -> float:
        """MRR of titles -> photos over the validation part."""
        import torch

        self.model.training = False
        rows = list(self.data.parts["validation"])
        with torch.no_grad():
            words = self._words([self.data.of_photo[row][0] for row in rows], training=False)
            scores = words @ self.model.photos(self.photos[rows]).T
        places = (scores >= scores.diag()[:, None]).sum(1).double()
        return float((1 / places).mean())

    # -- going on after a kill -------------------------------------------------------------------------------------

    def _state(self) -> dict[str, Matrix]:
        tower = self.tower.state() if self.tower else {}
        return {**self.model.state(), **{f"{_TOWER}{name}": tensor for name, tensor in tower.items()}}

    def _restore(self, state: Mapping[str, Matrix]) -> None:
        self.model.restore(state)
        if self.tower:
            self.tower.restore(_part(state, _TOWER))

    def _keep(self, epoch: int, best_epoch: int, best: float, kept: Mapping[str, Matrix]) -> None:
        if self.checkpoint is None:
            return
        tensors = {f"now.{name}": tensor for name, tensor in self._state().items()}
        tensors |= {f"best.{name}": tensor for name, tensor in kept.items()}
        for place, moments in self.optimizer.state_dict()["state"].items():
            tensors |= {f"adam.{place}.{kind}": value.numpy() for kind, value in moments.items()}
        checkpoints.write(self.checkpoint, Checkpoint(tensors, epoch, {"best_epoch": best_epoch, "best": best}), self.key)

    def _resumed(self) -> tuple[int, int, float, dict[str, Matrix]] | None:
        """(epoch, best epoch, its MRR, its weights) where a run of the same data and options was cut off."""
        found = checkpoints.read(self.checkpoint, self.key) if self.checkpoint else None
        if found is None:
            return None
        self._restore(_part(found.tensors, "now."))
        self._restore_optimizer(_part(found.tensors, "adam."))
        return found.epoch, int(found.numbers["best_epoch"]), found.numbers["best"], _part(found.tensors, "best.")

    def _restore_optimizer(self, moments: Mapping[str, Matrix]) -> None:
        import torch

        shapes = [parameter.shape for group in self.optimizer.param_groups for parameter in group["params"]]
        state: dict[int, dict[str, Any]] = {}
        for name, value in moments.items():
            place, kind = name.split(".")  # AdaLoRA's own averages are not kept: it begins to allot anew
            shape = () if kind == "step" else shapes[int(place)]
            state.setdefault(int(place), {})[kind] = torch.from_numpy(value.copy()).reshape(shape)
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": state})


def _part(tensors: Mapping[str, Matrix], prefix: str) -> dict[str, Matrix]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _key_of(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _sum(matrix: Matrix) -> str:
    return hashlib.sha256(np.ascontiguousarray(matrix).tobytes()).hexdigest()


def _writer(log_dir: Path | None) -> Callable[[str, float, int], None]:
    from fusion.learning.tagging import _summary_writer

    return _summary_writer(log_dir)
