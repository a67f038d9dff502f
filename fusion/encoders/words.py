"""The text tower that the encoders share: a BERT-like model of transformers, batched by length, pooled, normalised."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from fusion.encoders import request_bert
from fusion.encoders.int8 import with_int8_encoder
from fusion.exceptions import EncodingError, MissingDependency
from fusion.types import Matrix

POOLINGS = ("mean", "cls")


class TextTower:
    """Texts -> unit vectors. Reads its weights at the first use; safe to share between threads.

    Args:
        source: a folder, or a model's name on the hub.
        revision: commit or tag on the hub.
        pooling: "mean" over the tokens, or "cls" for the first one.
        max_tokens: longer texts are cut at the end, so put what matters first.
        batch_tokens: padded tokens in a batch, at most (one text is always allowed).
        threads: torch's threads in this process; None leaves them as they are.
        int8_requests: make ``encode_requests`` faster with eight-bit weights (see int8).
    """

    def __init__(
        self,
        source: str | Path,
        *,
        pooling: str = "mean",
        revision: str | None = None,
        max_tokens: int = 512,
        batch_tokens: int = 512,
        threads: int | None = None,
        int8_requests: bool = False,
    ) -> None:
        if pooling not in POOLINGS:
            raise EncodingError(f"Pooling {pooling!r} is not known; choose one of {', '.join(POOLINGS)}.", permanent=True)
        self.source = str(source)
        self.pooling = pooling
        self.revision = revision
        self.max_tokens = max_tokens
        self.batch_tokens = batch_tokens
        self.threads = threads
        self.int8_requests = int8_requests
        self._lock = Lock()
        self._model: Any = None
        self._request_model: Any = None
        self._request_bert: request_bert.RequestBert | None = None
        self._short_forward: request_bert.RequestBert | None = None
        self._tokenizer: Any = None

    @property
    def is_loaded(self) -> bool:
        return self._model is not None

    def load(self) -> None:
        """Read tokenizer and weights. Idempotent and thread-safe.

        Raises:
            MissingDependency: no such folder, or the hub cannot be reached.
        """
        with self._lock:
            if self._model is not None:
                return
            import torch
            from transformers import AutoModel, AutoTokenizer

            hush()
            if self.threads is not None:
                torch.set_num_threads(self.threads)
            try:
                self._tokenizer = AutoTokenizer.from_pretrained(self.source, revision=self.revision, trust_remote_code=False)
                self._model = AutoModel.from_pretrained(
                    self.source, revision=self.revision, dtype=torch.float32, use_safetensors=True, trust_remote_code=False
                ).eval()
            except (OSError, ValueError, ImportError) as error:
                self._tokenizer = None
                raise MissingDependency(
                    f"The text model {self.source!r} cannot be read ({_first_line(error)}). Give a folder with config.json, "
                    "model.safetensors and a tokenizer, or a model name on a hub that this machine reaches."
                ) from error
            self._request_model = with_int8_encoder(self._model) if self.int8_requests else self._model
            if not self.int8_requests and request_bert.suits(self._model):
                self._request_bert = request_bert.RequestBert(self._model)
            limit = getattr(self._model.config, "max_position_embeddings", self.max_tokens)
            self.max_tokens = min(self.max_tokens, limit)

    @property
    def dim(self) -> int:
        """Length of the vectors; reads the weights if they were not read yet."""
        self.load()
        return int(self._model.config.hidden_size)

    def encode(self, texts: Sequence[str], prefix: str = "") -> Matrix:
        """(n, dim) float32, rows L2-normalised, in the order given.

        Texts of like length share a batch, so a long description does not pad every title.
        """
        self.load()
        rows = self._tokenise([prefix + text for text in texts])
        vectors = np.empty((len(rows), self.dim), dtype=np.float32)
        for batch in batches_by_length([len(row) for row in rows], self.batch_tokens):
            vectors[batch] = self._forward(self._model, [rows[i] for i in batch])
        return vectors

    def encode_requests(self, texts: Sequence[str], prefix: str = "") -> Matrix:
        """``encode`` for shoppers' words, through the fast weights where they were asked for.

        These scale activations by what is in the forward, so each text has its own: its vector must not depend on its company.
        """
        self.load()
        if self._request_model is self._model and self._request_bert is None:
            return self.encode(texts, prefix)
        rows = self._tokenise([prefix + text for text in texts])
        made = [self._request_forward(row) for row in rows]
        return np.concatenate(made) if made else np.empty((0, self.dim), dtype=np.float32)

    def short_forward(self) -> request_bert.RequestBert:
        """The forward of one short text over this tower's own tensors, for an adapter on top; reads the weights.

        Raises:
            EncodingError: the model is no plain BERT.
        """
        self.load()
        with self._lock:
            if self._short_forward is None:
                if not request_bert.suits(self._model):
                    kind = type(self._model).__name__
                    raise EncodingError(f"{self.source!r} is a {kind}; adapters need a plain BERT.", permanent=True)
                self._short_forward = self._request_bert or request_bert.RequestBert(self._model)
            return self._short_forward

    def tokenise_with_offsets(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        """Token ids of one text and each one's (start, end) in it; (0, 0) for the special ones."""
        self.load()
        clean = text.encode("utf-8", "replace").decode("utf-8")
        made = self._tokenizer(clean, truncation=True, max_length=self.max_tokens, return_offsets_mapping=True)
        return made["input_ids"], made["offset_mapping"]

    def _request_forward(self, row: list[int]) -> Matrix:
        if self._request_bert is None:
            return self._forward(self._request_model, [row])
        import torch

        with torch.inference_mode():
            hidden = self._request_bert(torch.tensor(row))
            pooled = hidden[:1] if self.pooling == "cls" else hidden.mean(0, keepdim=True)
            unit: Matrix = torch.nn.functional.normalize(pooled, dim=-1).numpy()
        return unit

    def _tokenise(self, texts: list[str]) -> list[list[int]]:
        if not texts:
            return []
        # Lone surrogates cannot be UTF-8, which the tokenizer needs; they become question marks.
        clean = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        ids: list[list[int]] = self._tokenizer(clean, truncation=True, max_length=self.max_tokens)["input_ids"]
        return ids

    def _forward(self, model: Any, rows: list[list[int]]) -> Matrix:
        import torch

        longest = max(map(len, rows))
        ids = torch.full((len(rows), longest), int(self._tokenizer.pad_token_id or 0))
        mask = torch.zeros((len(rows), longest), dtype=torch.long)
        for i, row in enumerate(rows):
            ids[i, : len(row)] = torch.tensor(row)
            mask[i, : len(row)] = 1
        with torch.inference_mode():
            # Without padding no mask is given: attention then takes its fast path.
            padded = bool((mask == 0).any())
            hidden = model(input_ids=ids, attention_mask=mask if padded else None).last_hidden_state  # (B, T, dim)
            if self.pooling == "cls":
                pooled = hidden[:, 0]
            else:
                weights = mask.unsqueeze(-1).to(hidden.dtype)
                pooled = (hidden * weights).sum(1) / weights.sum(1)
            unit: Matrix = torch.nn.functional.normalize(pooled, dim=-1).numpy()
        return unit


def batches_by_length(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Row numbers in batches of like length, each of at most ``budget`` padded tokens (or one row)."""
    batches: list[list[int]] = []
    batch: list[int] = []
    for row in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and lengths[row] * (len(batch) + 1) > budget:
            batches.append(batch)
            batch = []
        batch.append(row)
    return [*batches, batch] if batch else batches


def hush() -> None:
    """transformers' load report and progress bar belong in no shop's log."""
    from transformers.utils import logging

    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
