"""Projection heads: what an encoder's vectors go through to reach a space that was learnt from one shop's own catalogue.

A head is linear on the concatenated inputs, beside the vector itself: ``unit(x + W @ inputs + b)``. With W and b zero it is the
encoder as it was, which is where training starts. Serving needs numpy alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fusion.encoders.adapted import PROJECTIONS
from fusion.exceptions import ChecksumMismatch, EncodingError
from fusion.types import Matrix

FORMAT = 1
_KEY = "attune"
_TOWER = "tower."
_NAMES = ("words.weight", "words.bias", "photo.weight", "photo.bias")
_ADVICE = "Train it again: manage.py adapt_encoders."


@dataclass(frozen=True, slots=True)
class Heads:
    """The heads of one photo block that words reach, too.

    Attributes:
        block: the block whose space is learnt, e.g. "image".
        inputs: blocks that a photo's head reads, ``block`` first; the others add what it does not know (look: form, colour).
        base: input block -> identity of the vectors that the heads were trained on.
        tensors: "words.weight" (dim, dim), "words.bias" (dim,), "photo.weight" (dim, n_inputs), "photo.bias" (dim,); where the
            text tower was tuned, also "tower.layer.{i}.{query|value}.{down|up}", see ``fusion.encoders.adapted.TunedWords``.
        about: what was trained on what; plain JSON.
    """

    block: str
    inputs: tuple[str, ...]
    base: Mapping[str, str]
    tensors: Mapping[str, Matrix]
    about: Mapping[str, Any]
    sha256: str = ""

    @property
    def dim(self) -> int:
        return len(self.tensors["words.bias"])

    @property
    def tower(self) -> dict[str, Matrix]:
        """The low-rank terms of the text tower, by layer; empty where the tower is as it was."""
        return {name.removeprefix(_TOWER): tensor for name, tensor in self.tensors.items() if name.startswith(_TOWER)}

    def words(self, vectors: Matrix) -> Matrix:
        """(n, dim) unit vectors of words -> (n, dim) unit vectors of the learnt space."""
        return _unit(vectors + vectors @ self.tensors["words.weight"].T + self.tensors["words.bias"])

    def photos(self, vectors: Mapping[str, Matrix]) -> Matrix:
        """Block -> (n, its dim) unit vectors of photos, all ``inputs`` among them -> (n, dim) of the learnt space."""
        missing = [name for name in self.inputs if name not in vectors]
        if missing:
            raise EncodingError(f"The heads of {self.block!r} need {', '.join(missing)} of a photo, too.", permanent=True)
        seen = stacked(vectors, self.inputs)
        return _unit(vectors[self.block] + seen @ self.tensors["photo.weight"].T + self.tensors["photo.bias"])

    def to_bytes(self) -> bytes:
        """Half-precision safetensors that say what they are; equal heads give equal bytes."""
        from safetensors.numpy import save

        kept = {name: np.ascontiguousarray(tensor, dtype=np.float16) for name, tensor in sorted(self.tensors.items())}
        card = {"block": self.block, "inputs": list(self.inputs), "base": dict(self.base), "about": dict(self.about)}
        # One key: safetensors keeps no order among several, and equal heads shall be equal bytes.
        return bytes(save(kept, metadata={_KEY: json.dumps({"format": FORMAT, **card}, sort_keys=True)}))

    @classmethod
    def from_bytes(cls, data: bytes, sha256: str) -> Heads:
        """
        Raises:
            ChecksumMismatch: these are not the bytes that were stored, or no heads of this format.
        """
        digest = hashlib.sha256(data).hexdigest()
        if digest != sha256:
            raise ChecksumMismatch(f"The heads have sha256 {digest[:16]}..., expected {sha256[:16]}... {_ADVICE}")
        card, tensors = _read(data)
        try:
            heads = cls(card["block"], tuple(card["inputs"]), dict(card["base"]), tensors, dict(card["about"]), digest)
        except (KeyError, TypeError) as error:
            raise ChecksumMismatch(f"The heads do not say what they are of ({error!r}). {_ADVICE}") from error
        _require_whole(heads)
        return heads


def _read(data: bytes) -> tuple[dict[str, Any], dict[str, Matrix]]:
    """The card and the tensors of safetensors bytes; the header is JSON behind its length (8 bytes, little-endian)."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        tensors = {name: tensor.astype(np.float32) for name, tensor in load(data).items()}
        card = json.loads(json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"][_KEY])
        if card["format"] != FORMAT:
            raise ValueError(f"format {card['format']}")
        return card, tensors
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise ChecksumMismatch(f"These are no heads of format {FORMAT} ({error}). {_ADVICE}") from error


def _require_whole(heads: Heads) -> None:
    shapes = {name: tensor.shape for name, tensor in heads.tensors.items() if not name.startswith(_TOWER)}
    dim = shapes.get("words.bias", (0,))[0]
    width = shapes.get("photo.weight", (0, 0))[-1]
    expected = dict(zip(_NAMES, [(dim, dim), (dim,), (dim, width), (dim,)], strict=True))
    finite = all(np.isfinite(tensor).all() for tensor in heads.tensors.values())
    named = heads.inputs[:1] == (heads.block,) and set(heads.base) == set(heads.inputs)
    if shapes != expected or not finite or not named or not _is_whole_tower(heads.tower, dim):
        raise ChecksumMismatch(f"The tensors of the heads are not what they should be: {shapes}. {_ADVICE}")


def _is_whole_tower(tensors: Mapping[str, Matrix], dim: int) -> bool:
    """All terms of the first layers, of one rank, or none."""
    rank = tensors["layer.0.query.down"].shape[0] if "layer.0.query.down" in tensors else 0
    shapes = {"down": (rank, dim), "up": (dim, rank)}
    n_layers = len(tensors) // (2 * len(PROJECTIONS))
    expected = {
        f"layer.{i}.{projection}.{end}": shape
        for i in range(n_layers)
        for projection in PROJECTIONS
        for end, shape in shapes.items()
    }
    return {name: tensor.shape for name, tensor in tensors.items()} == expected


def stacked(vectors: Mapping[str, Matrix], inputs: Sequence[str]) -> Matrix:
    """What a photo's head reads: the inputs side by side, (n, n_inputs)."""
    return np.concatenate([vectors[name] for name in inputs], axis=1)


def _unit(vectors: Matrix) -> Matrix:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Matrix = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
    return unit
