"""Any BERT-like text model of transformers as the text block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fusion.encoders.base import BlockSpec, Encoder, EncoderIdentity
from fusion.encoders.checksums import sha256_of
from fusion.encoders.recent import RecentVectors
from fusion.encoders.words import TextTower
from fusion.exceptions import EncodingError
from fusion.types import Matrix

if TYPE_CHECKING:
    from PIL.Image import Image


class TransformersTextEncoder(Encoder):
    """One text block from a model's name or folder.

    Args:
        model: a folder with config.json, model.safetensors and a tokenizer, or a name on the hub.
        block: the name of the block.
        pooling: "mean" or "cls".
        query_prefix, passage_prefix: what the model was trained to see before a request and before an item's text.
        revision: commit or tag on the hub; pin it, so that vectors stay comparable.
        max_tokens, batch_tokens, threads, recent: see TextTower and RecentVectors.
    """

    def __init__(
        self,
        *,
        model: str,
        block: str = "text",
        pooling: str = "mean",
        query_prefix: str = "",
        passage_prefix: str = "",
        revision: str | None = None,
        max_tokens: int = 512,
        batch_tokens: int = 512,
        threads: int | None = None,
        recent: int = 1024,
    ) -> None:
        self.model = model
        self.block = block
        self.query_prefix = query_prefix
        self.passage_prefix = passage_prefix
        self.revision = revision
        self._tower = TextTower(
            model, pooling=pooling, revision=revision, max_tokens=max_tokens, batch_tokens=batch_tokens, threads=threads
        )
        self._recent = RecentVectors(recent)

    @property
    def blocks(self) -> tuple[BlockSpec, ...]:
        return (BlockSpec(self.block, self._tower.dim, "text", f"text:{self.model}", words=True),)

    def identity(self, block: str) -> EncoderIdentity:
        if block != self.block:
            raise EncodingError(f"This encoder fills the block {self.block!r}, not {block!r}.", permanent=True)
        return EncoderIdentity(
            "transformers",
            self.model,
            self._checksum(),
            self._tower.dim,
            self._tower.pooling,
            self.query_prefix,
            self.passage_prefix,
        )

    def _checksum(self) -> str:
        """Of the weights in a folder; for a name on the hub, the revision that was asked for."""
        weights = Path(self.model) / "model.safetensors"
        return sha256_of(weights) if weights.is_file() else (self.revision or "main")

    def load(self) -> None:
        self._tower.load()

    @property
    def text_tower(self) -> TextTower:
        return self._tower

    @property
    def is_loaded(self) -> bool:
        return self._tower.is_loaded

    def encode_texts(self, texts: Sequence[str]) -> Mapping[str, Matrix]:
        return {self.block: self._tower.encode(texts, self.passage_prefix)}

    def encode_instructions(self, texts: Sequence[str]) -> Mapping[str, Matrix]:
        vectors = self._recent.encode(texts, lambda missing: self._tower.encode(missing, self.query_prefix))
        return {self.block: vectors}

    def encode_photos(self, photos: Sequence[Image]) -> Mapping[str, Matrix]:
        return {}
