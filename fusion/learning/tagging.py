"""Trains the want/avoid tagger: an adapter on the text encoder, a linear head, five labels. Read ``train`` first."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fusion.encoders.request_bert import native_bfloat16
from fusion.encoders.words import batches_by_length, hush
from fusion.instructions.adapter import LABELS
from fusion.instructions.tagger import AVOID, places, tags_of
from fusion.learning.low_rank import TrainingOptions, adapted_model, exported, trainable_weights
from fusion.learning.tagging_data import Sentence
from fusion.learning.tagging_report import Judged, Report, best_threshold, report_on
from fusion.types import Matrix

_IGNORED = -100
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Trained:
    """What ``write_adapter`` takes.

    Attributes:
        tensors: see ``fusion.instructions.adapter.Adapter``.
        card: everything about the training but the base and the data.
        reports: "dev" and "test" -> seqeval's report as text, by language.
    """

    tensors: Mapping[str, Matrix]
    card: Mapping[str, Any]
    reports: Mapping[str, Report]


@dataclass(frozen=True, slots=True)
class _Row:
    """One tokenised sentence: ids, a label index a token (_IGNORED where there is none), and each token's place."""

    sentence: Sentence
    ids: list[int]
    labels: list[int]
    places: list[tuple[int, int]]


def train(
    source: Path | str,
    sentences: Mapping[str, Sequence[Sentence]],
    options: TrainingOptions,
    *,
    log_dir: Path | None = None,
    on_progress: Progress = lambda done, total: None,
    on_epoch: Callable[[int, Mapping[str, float]], None] = lambda epoch, metrics: None,
) -> Trained:
    """Train on "train", stop on "dev", measure on "dev" and "test".

    Args:
        source: folder of the text encoder's model and tokenizer.
        log_dir: where TensorBoard's event files go; None writes none.
        on_progress: called with (batches done, batches in all).
        on_epoch: called with the epoch (from 1) and its loss and dev F1.
    """
    import torch
    from transformers import AutoTokenizer

    hush()
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    tokenizer = AutoTokenizer.from_pretrained(str(source), trust_remote_code=False)
    rows = {split: [_row(sentence, tokenizer) for sentence in sentences[split]] for split in ("train", "dev", "test")}
    batches = batches_by_length([len(row.ids) for row in rows["train"]], options.batch_tokens)
    total = len(batches) * options.epochs
    model = adapted_model(source, options, total)
    run = _Run(model, rows, batches, options, total, int(tokenizer.pad_token_id or 0), log_dir, on_progress, on_epoch)
    best_epoch, tensors = run.fit()
    judged = {split: run.judge(split, tensors) for split in ("dev", "test")}
    threshold = best_threshold(judged["dev"])
    reports = {split: report_on(found, threshold) for split, found in judged.items()}
    card = {
        "n_layers": int(model.config.num_hidden_layers),
        "threshold": threshold,
        "training": {**asdict(options), "best_epoch": best_epoch},
        "sentences": {split: len(found) for split, found in rows.items()},
        "metrics": {split: dict(report.metrics) for split, report in reports.items()},
    }
    return Trained({name: tensor.numpy() for name, tensor in exported(model).items()}, card, reports)


def _row(sentence: Sentence, tokenizer: Any) -> _Row:
    made = tokenizer(sentence.text, truncation=True, max_length=128, return_offsets_mapping=True)
    found = places(sentence.text, made["offset_mapping"])
    return _Row(sentence, made["input_ids"], labels_of(sentence, found), found)


def labels_of(sentence: Sentence, token_places: Sequence[tuple[int, int]]) -> list[int]:
    """A label a token, by the span that holds most of it; the first token of a span begins it. _IGNORED without a place."""
    labels: list[int] = []
    begun = -1
    for start, end in token_places:
        if start == end:
            labels.append(_IGNORED)
            continue
        over = [(min(end, s.end) - max(start, s.start), i) for i, s in enumerate(sentence.spans)]
        n, i = max(over, default=(0, -1))
        if 2 * n < end - start or n <= 0:
            labels.append(0)
            continue
        labels.append(LABELS.index(f"{'I' if i == begun else 'B'}-{sentence.spans[i].label}"))
        begun = i
    return labels


@dataclass(slots=True)
class _Run:
    model: Any
    rows: Mapping[str, Sequence[_Row]]
    batches: list[list[int]]
    options: TrainingOptions
    total: int
    pad: int
    log_dir: Path | None
    on_progress: Progress
    on_epoch: Callable[[int, Mapping[str, float]], None]

    def fit(self) -> tuple[int, dict[str, Any]]:
        """(best epoch, its trainable weights). Stops when dev has not got better for ``patience`` epochs."""
        import torch
        from torch.optim.lr_scheduler import LambdaLR

        trainable = [p for p in self.model.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(trainable, lr=self.options.learning_rate, weight_decay=self.options.weight_decay)
        warm = max(int(self.total * self.options.warmup), 1)
        scheduler = LambdaLR(optimizer, lambda step: min((step + 1) / warm, (self.total - step) / max(self.total - warm, 1)))
        log = _summary_writer(self.log_dir)
        rng = random.Random(self.options.seed)  # noqa: S311 (the order of batches)
        best, best_epoch, weights, step = -1.0, 0, {}, 0
        for epoch in range(1, self.options.epochs + 1):
            losses = []
            for batch in rng.sample(self.batches, len(self.batches)):
                loss = self._step([self.rows["train"][i] for i in batch], optimizer, trainable)
                scheduler.step()
                if self.options.method == "adalora":
                    self.model.base_model.update_and_allocate(step)
                optimizer.zero_grad()
                step += 1
                losses.append(loss)
                log("loss", loss, step)
                self.on_progress(step, self.total)
            f1 = report_on(self.judge("dev"), 0.5).metrics["f1"]
            log("dev/f1", f1, step)
            self.on_epoch(epoch, {"loss": float(np.mean(losses)), "dev_f1": f1})
            if f1 > best:
                best, best_epoch, weights = f1, epoch, copy.deepcopy(trainable_weights(self.model))
            elif epoch - best_epoch >= self.options.patience:
                break
        log("done", 1.0, step)
        return best_epoch, weights

    def _step(self, rows: Sequence[_Row], optimizer: Any, trainable: Sequence[Any]) -> float:
        import torch

        self.model.train()
        ids, mask, labels = _tensors(rows, self.pad)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=native_bfloat16()):  # two thirds of the time
            loss = self.model(input_ids=ids, attention_mask=mask, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trainable, 1.0)
        optimizer.step()
        return float(loss.detach())

    def judge(self, split: str, weights: Mapping[str, Any] | None = None) -> list[Judged]:
        """What the model (with these weights) says of a split's sentences."""
        import torch

        if weights:
            self.model.load_state_dict(weights, strict=False)
        self.model.eval()
        rows = self.rows[split]
        judged: dict[int, Judged] = {}
        for batch in batches_by_length([len(row.ids) for row in rows], 2 * self.options.batch_tokens):
            ids, mask, _ = _tensors([rows[i] for i in batch], self.pad)
            with torch.inference_mode():
                probabilities = self.model(input_ids=ids, attention_mask=mask).logits.softmax(-1).numpy()
            for i, found in zip(batch, probabilities, strict=True):
                judged[i] = _judged(rows[i], found[: len(rows[i].ids)])
        return [judged[i] for i in range(len(rows))]


def _judged(row: _Row, probabilities: Matrix) -> Judged:
    kept = [i for i, label in enumerate(row.labels) if label != _IGNORED]
    expected = [LABELS[row.labels[i]] for i in kept]
    found = [LABELS[int(probabilities[i].argmax())] for i in kept]
    tags = tags_of(row.sentence.text, probabilities, row.places)
    refused = {(span.start, span.end) for span in row.sentence.spans if span.label == AVOID}
    return Judged(row.sentence.language, expected, found, refused, [tag for tag in tags if tag.label == AVOID])


def _tensors(rows: Sequence[_Row], pad: int) -> tuple[Any, Any, Any]:
    """ids, attention mask and labels, each (n_rows, longest)."""
    import torch

    shape = (len(rows), max(len(row.ids) for row in rows))
    ids, mask, labels = torch.full(shape, pad), torch.zeros(shape, dtype=torch.long), torch.full(shape, _IGNORED)
    for i, row in enumerate(rows):
        n = len(row.ids)
        ids[i, :n], mask[i, :n], labels[i, :n] = torch.tensor(row.ids), 1, torch.tensor(row.labels)
    return ids, mask, labels


def _summary_writer(log_dir: Path | None) -> Callable[[str, float, int], None]:
    """Writes one number a call for TensorBoard, and closes the file at "done"; does nothing without a folder."""
    if log_dir is None:
        return lambda name, value, step: None
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(str(log_dir))

    def write(name: str, value: float, step: int) -> None:
        if name == "done":
            writer.close()
        else:
            writer.add_scalar(name, value, step)

    return write
