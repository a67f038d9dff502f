"""Encoders with learnt heads, as versions: which encoder a version makes, and which versions' vectors are kept up to date."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from django.db.models import QuerySet

from fusion.encoders.base import Encoder
from fusion.encoders.heads import Heads
from fusion.encoders.projected import ProjectedEncoder
from fusion.exceptions import FusionError
from recommender.encoders import get_encoders
from recommender.learnt import verify
from recommender.models import IndexState, ModelVersion

logger = logging.getLogger(__name__)

KIND = ModelVersion.Kind.ENCODER


@dataclass(frozen=True, slots=True)
class Derivation:
    """A version and the encoder that it makes of a configured one.

    Attributes:
        block: the block whose vectors it changes; ``encoder_id`` is the identity that they carry.
        base_ids: (block, encoder id) of the stored vectors that its vectors are made of.
    """

    version: int
    encoder: ProjectedEncoder
    block: str
    encoder_id: str
    base_ids: tuple[tuple[str, str], ...]


def derivation_of(version: ModelVersion, encoders: Sequence[Encoder] | None = None) -> Derivation:
    """
    Raises:
        ValueError: what is stored of the version is not what was written.
        ChecksumMismatch: its heads are damaged, or are of another encoder than the configured ones.
    """
    verify(version)
    heads = _heads(version.pk, version.sha256)
    base = _base_of(heads, get_encoders() if encoders is None else encoders)
    encoder = ProjectedEncoder(base, heads)
    return Derivation(version.pk, encoder, heads.block, encoder.identity(heads.block).id, tuple(sorted(heads.base.items())))


@lru_cache(maxsize=8)
def _heads(version: int, sha256: str) -> Heads:
    return Heads.from_bytes(bytes(ModelVersion.objects.values_list("data", flat=True).get(pk=version)), sha256)


def _base_of(heads: Heads, encoders: Sequence[Encoder]) -> Encoder:
    """The encoder that fills the heads' block; its identity is compared when the heads are put behind it."""
    filling = [encoder for encoder in encoders if any(spec.name == heads.block for spec in encoder.blocks)]
    if not filling:
        raise FusionError(f"No configured encoder fills the block {heads.block!r}, which the heads were trained for.")
    return filling[0]


def encoders_of(version: int) -> tuple[Encoder, ...]:
    """The configured encoders as a version wants them; 0 leaves them as they are.

    Raises:
        ValueError, FusionError: the version cannot be served; the message says why.
    """
    encoders = get_encoders()
    if not version:
        return encoders
    row = ModelVersion.objects.filter(pk=version, kind=KIND).first()
    if row is None:
        raise ValueError(f"There is no encoder version {version}.")
    made = derivation_of(row, encoders).encoder
    return tuple(made if encoder is made.base else encoder for encoder in encoders)


def kept_versions() -> QuerySet[ModelVersion]:
    """Versions whose vectors follow every save: the one in force, the one being built, and the one a rollback goes to."""
    from recommender.services.versions import fallback  # reads the record of changes, and imports this module's neighbours

    state = IndexState.objects.filter(pk=1).values_list("encoder", "encoder_next").first() or (0, 0)
    back = fallback(KIND) if any(state) else None
    return ModelVersion.objects.filter(pk__in=[*filter(None, state), *([back.pk] if back else [])], kind=KIND)


def kept_derivations() -> tuple[Derivation, ...]:
    """Of the kept versions, those that fit the configured encoders; the log names the others."""
    found = []
    for version in kept_versions().order_by("pk"):
        try:
            found.append(derivation_of(version))
        except (ValueError, FusionError) as error:
            logger.warning("event=version_not_derived version=%d error=%r", version.pk, str(error))
    return tuple(found)
