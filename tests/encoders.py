"""Small real encoders: words hashed into a vector, the mean colours of a photo. Fast, deterministic, no weights."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fusion.encoders.base import BlockSpec, Encoder, EncoderIdentity
from fusion.types import Matrix

if TYPE_CHECKING:
    from PIL.Image import Image

DIM = 64


class HashedWords(Encoder):
    """The text block "text": a bag of hashed words (Weinberger et al. 2009). Counts what it was asked to encode.

    Args:
        seconds: how long a forward takes.
        log: a file that gets a line for each encoded text, so that another process can read it.
        deadly: a word that ends the process, as a decoder that runs out of memory would.
    """

    def __init__(self, version: str = "1", seconds: float = 0.0, log: str = "", deadly: str = "") -> None:
        self.version, self.seconds, self.log, self.deadly = version, seconds, log, deadly
        self.loads = 0
        self.encoded: list[str] = []

    @property
    def blocks(self) -> tuple[BlockSpec, ...]:
        return (BlockSpec("text", DIM, "text", "words", True),)

    def identity(self, block: str) -> EncoderIdentity:
        return EncoderIdentity("hashed", "words", self.version, DIM)

    def load(self) -> None:
        self.loads += 1

    @property
    def is_loaded(self) -> bool:
        return self.loads > 0

    def encode_texts(self, texts: Sequence[str]) -> Mapping[str, Matrix]:
        if self.deadly and any(self.deadly in text for text in texts):
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(self.seconds)
        self.encoded += texts
        if self.log:
            with Path(self.log).open("a") as file:
                file.writelines(f"{text}\n" for text in texts)
        return {"text": np.stack([self._vector(text) for text in texts])}

    def encode_photos(self, photos: Sequence[Image]) -> Mapping[str, Matrix]:
        return {}

    def encode_instructions(self, texts: Sequence[str]) -> Mapping[str, Matrix]:
        return {"text": np.stack([self._vector(text) for text in texts])}

    def _vector(self, text: str) -> Matrix:
        vector = np.zeros(DIM, dtype=np.float32)
        for word in re.findall(r"\w+", text.lower()) or ["nothing"]:
            digest = hashlib.sha256(word.encode()).digest()
            vector[digest[0] % DIM] += 1.0 if digest[1] % 2 else -1.0
        length = float(np.linalg.norm(vector))
        return vector / length if length else np.eye(1, DIM, dtype=np.float32)[0]


class MeanColours(Encoder):
    """The photo block "look": a 4 x 4 grid of mean colours."""

    def __init__(self) -> None:
        self.loads = 0
        self.n_encoded = 0

    @property
    def blocks(self) -> tuple[BlockSpec, ...]:
        return (BlockSpec("look", 48, "photo", "colours", False),)

    def identity(self, block: str) -> EncoderIdentity:
        return EncoderIdentity("means", "colours", "1", 48)

    def load(self) -> None:
        self.loads += 1

    @property
    def is_loaded(self) -> bool:
        return self.loads > 0

    def encode_texts(self, texts: Sequence[str]) -> Mapping[str, Matrix]:
        return {}

    def encode_photos(self, photos: Sequence[Image]) -> Mapping[str, Matrix]:
        self.n_encoded += len(photos)
        grids = [np.asarray(photo.resize((4, 4)), dtype=np.float32).ravel() / 255 + 0.01 for photo in photos]
        return {"look": np.stack([grid / np.linalg.norm(grid) for grid in grids])}

    def encode_instructions(self, texts: Sequence[str]) -> Mapping[str, Matrix]:
        return {}


class ColourSpace(Encoder):
    """Blocks "image", which words reach, and "look". Words are hashed and photos are their mean colour: neither says anything
    of the other before somebody learns which word goes with which colour."""

    def __init__(self, version: str = "1") -> None:
        self.version = version
        self.loads = 0
        self.n_photos = 0
        draw = np.random.default_rng(7)
        self._waves, self._phases = draw.normal(0, 4, (3, DIM)), draw.uniform(0, 6, DIM)
        self._look = MeanColours()
        self._words = HashedWords()

    @property
    def blocks(self) -> tuple[BlockSpec, ...]:
        return (BlockSpec("image", DIM, "photo", "colour-space", True), *self._look.blocks)

    def identity(self, block: str) -> EncoderIdentity:
        return EncoderIdentity("colourspace", block, self.version, DIM if block == "image" else 48)

    def load(self) -> None:
        self.loads += 1

    @property
    def is_loaded(self) -> bool:
        return self.loads > 0

    def encode_texts(self, texts: Sequence[str]) -> Mapping[str, Matrix]:
        return {}

    def encode_photos(self, photos: Sequence[Image]) -> Mapping[str, Matrix]:
        self.n_photos += len(photos)
        if not photos:
            return {"image": np.empty((0, DIM), np.float32), "look": np.empty((0, 48), np.float32)}
        means = np.stack([np.asarray(photo.convert("RGB").resize((1, 1)), np.float32).ravel() / 255 for photo in photos])
        waves = np.cos(means @ self._waves + self._phases).astype(np.float32)
        return {"image": waves / np.linalg.norm(waves, axis=1, keepdims=True), **self._look.encode_photos(photos)}

    def encode_instructions(self, texts: Sequence[str]) -> Mapping[str, Matrix]:
        if not texts:
            return {"image": np.empty((0, DIM), np.float32)}
        return {"image": self._words.encode_instructions(texts)["text"]}
