"""An encoder behind a breaker: while its weights load, or after it failed repeatedly, a request goes on without it at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import pybreaker

from fusion.encoders.base import BlockSpec, Encoder, EncoderIdentity
from fusion.encoders.projected import ProjectedEncoder
from fusion.exceptions import EncodingError
from fusion.types import Matrix

if TYPE_CHECKING:
    from PIL.Image import Image

FAILURES_TO_OPEN = 5
SECONDS_HALF_OPEN = 30


def name_of(encoder: Encoder) -> str:
    """The class of the configured encoder, whatever was put around it."""
    while isinstance(encoder, GuardedEncoder | ProjectedEncoder):
        encoder = encoder.encoder if isinstance(encoder, GuardedEncoder) else encoder.base
    return type(encoder).__name__


class GuardedEncoder(Encoder):
    """Passes everything to another encoder, except where waiting for it would hold up a shopper."""

    def __init__(self, encoder: Encoder, is_warming: Callable[[], bool]) -> None:
        """Args: is_warming: whether this process is loading weights in the background right now."""
        self.encoder = encoder
        self._is_warming = is_warming
        # One breaker for words and one for photos: a photo trunk that fails must not silence the words.
        self._words = pybreaker.CircuitBreaker(fail_max=FAILURES_TO_OPEN, reset_timeout=SECONDS_HALF_OPEN)
        self._photos = pybreaker.CircuitBreaker(fail_max=FAILURES_TO_OPEN, reset_timeout=SECONDS_HALF_OPEN)

    @property
    def blocks(self) -> tuple[BlockSpec, ...]:
        return self.encoder.blocks

    def identity(self, block: str) -> EncoderIdentity:
        return self.encoder.identity(block)

    def load(self) -> None:
        self.encoder.load()

    @property
    def is_loaded(self) -> bool:
        return self.encoder.is_loaded

    def encode_texts(self, texts: Sequence[str]) -> Mapping[str, Matrix]:
        return self.encoder.encode_texts(texts)

    def encode_photos(self, photos: Sequence[Image]) -> Mapping[str, Matrix]:
        self._refuse_while_warming()
        return self._photos.call(self.encoder.encode_photos, photos)

    def encode_instructions(self, texts: Sequence[str]) -> Mapping[str, Matrix]:
        self._refuse_while_warming()
        return self._words.call(self.encoder.encode_instructions, texts)

    def _refuse_while_warming(self) -> None:
        if self._is_warming() and not self.encoder.is_loaded:
            raise EncodingError(f"{type(self.encoder).__name__} is still loading; this answer goes without it.")
