"""The encoders of this process: built once from the settings, shared by serving and indexing. Building reads no weights."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.signals import setting_changed
from django.dispatch import receiver

from fusion.encoders.base import BlockSpec, Encoder
from recommender.conf import get_settings

_lock = threading.Lock()
_encoders: tuple[Encoder, ...] | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A block, the encoder that fills it and the id that its vectors carry."""

    spec: BlockSpec
    encoder: Encoder
    encoder_id: str

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def reads_photos(self) -> bool:
        return self.spec.modality == "photo"


def get_encoders() -> tuple[Encoder, ...]:
    """The encoders that ``RECOMMENDER["ENCODERS"]`` names, one set a process. Thread-safe.

    Raises:
        ImproperlyConfigured, MissingDependency: an encoder's name, options or files are wrong; the message says which.
    """
    global _encoders
    with _lock:
        if _encoders is None:
            from fusion.encoders.registry import build_encoder

            conf = get_settings()
            _encoders = tuple(build_encoder(plug, models_dir=conf.models_dir) for plug in conf.ENCODERS)
        return _encoders


def set_encoders(encoders: Sequence[Encoder] | None) -> None:
    """Put encoders that were built elsewhere in place (a benchmark, a test); None builds from the settings again."""
    global _encoders
    with _lock:
        _encoders = None if encoders is None else tuple(encoders)


def blocks_of(encoders: Sequence[Encoder]) -> tuple[Block, ...]:
    """Every block of the encoders with the id of its vectors; may read manifests, never weights.

    Raises:
        MissingDependency: a model's files are not there.
    """
    return tuple(Block(spec, encoder, encoder.identity(spec.name).id) for encoder in encoders for spec in encoder.blocks)


def usable_blocks(encoders: Sequence[Encoder] | None = None) -> tuple[tuple[Block, ...], dict[str, str]]:
    """The blocks that can be filled now, and block -> reason for those whose model is not there."""
    usable: list[Block] = []
    unavailable: dict[str, str] = {}
    for encoder in get_encoders() if encoders is None else encoders:
        try:
            usable += blocks_of([encoder])
        except Exception as error:
            unavailable.update(dict.fromkeys((spec.name for spec in encoder.blocks), str(error)))
    return tuple(usable), unavailable


def load_all(encoders: Sequence[Encoder] | None = None) -> None:
    """Read the weights of every encoder now. Idempotent."""
    for encoder in get_encoders() if encoders is None else encoders:
        encoder.load()


@receiver(setting_changed)
def _forget(*, setting: str, **_: Any) -> None:
    if setting == "RECOMMENDER":
        set_encoders(None)
