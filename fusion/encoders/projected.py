"""An encoder whose photo block was moved into a space that was learnt from the shop's own catalogue."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from fusion.encoders.adapted import TunedWords
from fusion.encoders.base import BlockSpec, Encoder, EncoderIdentity
from fusion.encoders.heads import Heads
from fusion.encoders.recent import RecentVectors
from fusion.exceptions import ChecksumMismatch
from fusion.types import Matrix, Vector

if TYPE_CHECKING:
    from PIL.Image import Image

    from fusion.encoders.words import TextTower

BACKEND = "adapted"


class ProjectedEncoder(Encoder):
    """The base encoder with learnt heads behind one photo block, for words and for photos; other blocks stay as they are.

    An item's vector is projected from what the base made of it (``item_vector``), so a photo that was encoded once is never
    encoded again, whatever is learnt later. Where the text tower was tuned, words take a second forward for this block.

    Raises:
        ChecksumMismatch: the heads were trained on vectors of another encoder.
    """

    def __init__(self, base: Encoder, heads: Heads, *, recent: int = 1024) -> None:
        fits(base, heads)
        self.base, self.heads = base, heads
        self._recent = RecentVectors(recent)
        prefix = base.identity(heads.block).query_prefix
        self._tuned = TunedWords(base.text_tower, heads.tower, prefix) if heads.tower and base.text_tower else None

    @property
    def blocks(self) -> tuple[BlockSpec, ...]:
        return tuple(
            replace(spec, space=f"{spec.space}+{self.heads.sha256[:12]}") if spec.name == self.heads.block else spec
            for spec in self.base.blocks
        )

    def identity(self, block: str) -> EncoderIdentity:
        if block != self.heads.block:
            return self.base.identity(block)
        given = self.base.identity(block)
        read = [self.base.identity(name).id for name in self.heads.inputs]
        checksum = hashlib.sha256("\n".join([*read, self.heads.sha256]).encode()).hexdigest()
        return replace(given, backend=BACKEND, checksum=checksum)

    def load(self) -> None:
        self.base.load()

    @property
    def is_loaded(self) -> bool:
        return self.base.is_loaded

    @property
    def text_tower(self) -> TextTower | None:
        return self.base.text_tower

    def encode_texts(self, texts: Sequence[str]) -> Mapping[str, Matrix]:
        return self.base.encode_texts(texts)

    def encode_instructions(self, texts: Sequence[str]) -> Mapping[str, Matrix]:
        made = self.base.encode_instructions(texts)
        words = made[self.heads.block] if self._tuned is None else self._recent.encode(texts, self._tuned)
        return {**made, self.heads.block: self.heads.words(words)}

    def encode_photos(self, photos: Sequence[Image]) -> Mapping[str, Matrix]:
        made = self.base.encode_photos(photos)
        return {**made, self.heads.block: self.heads.photos(made)}

    def item_vector(self, vectors: Mapping[str, Vector]) -> Vector:
        """Block -> an item's stored (dim,) vector of the base, all ``heads.inputs`` among them -> its vector in the block."""
        vector: Vector = self.heads.photos({name: np.asarray(vectors[name])[None] for name in self.heads.inputs})[0]
        return vector


def fits(base: Encoder, heads: Heads) -> None:
    """Refuse heads of another encoder.

    Raises:
        ChecksumMismatch: the message says what they were trained on.
    """
    if heads.tower and base.text_tower is None:
        raise ChecksumMismatch("The heads tune a text tower, but the encoder has none that can be tuned.")
    known = {spec.name for spec in base.blocks}
    now = {name: base.identity(name).id for name in heads.inputs if name in known}
    if now != dict(heads.base):
        trained, given = (", ".join(f"{block} {name}" for block, name in sorted(ids.items())) for ids in (heads.base, now))
        raise ChecksumMismatch(
            f"The heads were trained on {trained}, but the encoder gives {given or 'none of these blocks'}. "
            "Train them again: manage.py adapt_encoders."
        )
