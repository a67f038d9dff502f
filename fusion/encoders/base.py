"""The encoder contract: what turns texts, photos and instructions into vectors, block by block."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from fusion.types import Matrix

if TYPE_CHECKING:
    from PIL.Image import Image

    from fusion.encoders.words import TextTower


@dataclass(frozen=True, slots=True)
class BlockSpec:
    """A block that an encoder fills.

    Attributes:
        name: "text", "image", "look", ...
        dim: length of its vectors.
        modality: what of an item it reads: "text" or "photo".
        space: blocks with the same space hold comparable vectors, so a photo's "image" vector may also be compared with
            the "text" block when both say the same space.
        words: whether an instruction can be encoded into this block.
    """

    name: str
    dim: int
    modality: str
    space: str
    words: bool


@dataclass(frozen=True, slots=True)
class EncoderIdentity:
    """Everything that changes a vector. Two vectors are comparable only when their identities are equal."""

    backend: str
    model: str
    checksum: str
    dim: int
    pooling: str = ""
    query_prefix: str = ""
    passage_prefix: str = ""

    @property
    def id(self) -> str:
        """Short stable id stored beside every vector, e.g. "bundled:9f2c41d07a3b"."""
        digest = hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()
        return f"{self.backend}:{digest[:12]}"


class Encoder(ABC):
    """Encodes items and instructions. Construction is cheap; weights are read by ``load`` or the first encoding.

    Implementations import torch, open_clip and transformers lazily, inside methods or in ``load``.
    """

    @property
    @abstractmethod
    def blocks(self) -> tuple[BlockSpec, ...]:
        """The blocks this encoder fills. Must be known without reading weights where that is possible."""

    @abstractmethod
    def identity(self, block: str) -> EncoderIdentity:
        """Identity of the vectors of one block; may read a manifest, never the whole weights twice."""

    @abstractmethod
    def load(self) -> None:
        """Read the weights now. Idempotent and thread-safe.

        Raises:
            MissingDependency: a package or file is missing; the message says how to get it.
            ChecksumMismatch: a weights file is not the expected one.
        """

    @property
    @abstractmethod
    def is_loaded(self) -> bool: ...

    @abstractmethod
    def encode_texts(self, texts: Sequence[str]) -> Mapping[str, Matrix]:
        """Item texts ("passages") -> block name -> (n, dim) float32, rows L2-normalised, in the order given."""

    @abstractmethod
    def encode_photos(self, photos: Sequence[Image]) -> Mapping[str, Matrix]:
        """RGB photos -> block name -> (n, dim) float32, rows L2-normalised, in the order given."""

    @abstractmethod
    def encode_instructions(self, texts: Sequence[str]) -> Mapping[str, Matrix]:
        """A shopper's words -> block name -> (n, dim) float32 for blocks with ``words``, in one forward if shared."""

    @property
    def text_tower(self) -> TextTower | None:
        """The tower behind its words, for what is trained on top of it (the want/avoid tagger); None where there is none."""
        return None

    def probe(self) -> None:
        """Encode one short text and, where there is a photo block, one plain photo; raise if the result is not usable."""
        import numpy as np

        results = dict(self.encode_instructions(["a red shoe"]))
        if any(spec.modality == "photo" for spec in self.blocks):
            from PIL import Image as PILImage

            results.update({f"photo/{k}": v for k, v in self.encode_photos([PILImage.new("RGB", (64, 64), "red")]).items()})
        for name, matrix in results.items():
            if not np.isfinite(matrix).all() or not np.allclose(np.linalg.norm(matrix, axis=1), 1.0, atol=1e-2):
                from fusion.exceptions import EncodingError

                raise EncodingError(
                    f"Encoder probe: block {name} gave vectors that are not finite unit vectors.", permanent=True
                )
