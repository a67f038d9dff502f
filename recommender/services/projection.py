"""Vectors of learnt encoder versions, made of the stored ones: no photo is read again, whatever is learnt.

A version's vector follows its item in the very transaction that writes the item (``follow``), and ``build`` makes those of all
items, beside what is served. Both skip what is current, so a build that was cut off goes on where it was.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

import numpy as np
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from fusion.types import Matrix
from recommender.adapted import Derivation, derivation_of, kept_derivations
from recommender.exceptions import PromotionRefused
from recommender.models import IndexedItem, IndexState, ItemEmbedding, ModelVersion
from recommender.services import leases, ledger

logger = logging.getLogger(__name__)

JOB = "encoder"  # of the ledger
CHUNK = 500
Progress = Callable[[int, int], None]
_Row = tuple[str, bytes]  # content hash, vector


def follow(item_ids: Sequence[str]) -> None:
    """Bring the kept versions' vectors of items that were just written up to date; the caller's transaction holds the lock."""
    if item_ids and _any_version():
        for derivation in kept_derivations():
            _derive(item_ids, derivation)


def _any_version() -> bool:
    """One cheap query: most shops have none."""
    return IndexState.objects.filter(pk=1).exclude(encoder=0, encoder_next=0).exists()


def begin(version: ModelVersion) -> None:
    """From now on every save makes this version's vectors, too. What another build left behind that died is taken over.

    Raises:
        PromotionRefused: another version is being built right now.
    """
    with transaction.atomic():
        leases.lock_index()
        building = IndexState.objects.values_list("encoder_next", flat=True).get(pk=1)
        if building not in (0, version.pk) and ledger.runs(JOB):
            said = _("The vectors of encoder version %(id)d are being built. Wait until that has ended.")
            raise PromotionRefused({"building": said % {"id": building}})
        IndexState.objects.filter(pk=1).update(encoder_next=version.pk)


def end(version: ModelVersion) -> None:
    """Whether it was put in force or given up: nothing is being built any more."""
    IndexState.objects.filter(pk=1, encoder_next=version.pk).update(encoder_next=0)


def build(version: ModelVersion, on_progress: Progress = lambda done, total: None) -> int:
    """Make the vectors that a version lacks, a short transaction a chunk; returns how many were made.

    Raises:
        ValueError, FusionError: the version cannot be served.
    """
    derivation = derivation_of(version)
    ids = list(_deriving(derivation).order_by("pk").values_list("pk", flat=True))
    made = done = 0
    for chunk in _chunks(ids):
        with transaction.atomic():
            leases.lock_index()
            made += _derive(chunk, derivation)
        done += len(chunk)
        on_progress(done, len(ids))
    logger.info("event=version_built version=%d items=%d made=%d", version.pk, len(ids), made)
    return made


def missing(version: ModelVersion) -> int:
    """Items that have what a version's vector is made of, and not the vector."""
    derivation = derivation_of(version)
    own = ItemEmbedding.objects.filter(item_id=OuterRef("pk"), block=derivation.block, encoder_id=derivation.encoder_id)
    return _deriving(derivation).filter(~Exists(own)).count()


def _deriving(derivation: Derivation) -> QuerySet[IndexedItem]:
    """Items that have every vector that the version reads."""
    items = IndexedItem.objects.filter(removed=False)
    for block, encoder_id in derivation.base_ids:
        stored = ItemEmbedding.objects.filter(item_id=OuterRef("pk"), block=block, encoder_id=encoder_id)
        items = items.filter(Exists(stored))
    return items


def _derive(item_ids: Sequence[str], derivation: Derivation) -> int:
    """Make the vectors of these items that are not current, and delete those that have nothing to be made of any more."""
    stored = _read(item_ids, derivation)
    whole = [item_id for item_id in item_ids if all(key in stored.get(item_id, {}) for key in derivation.base_ids)]
    own = (derivation.block, derivation.encoder_id)
    hashes = {item_id: _digest(derivation, stored[item_id]) for item_id in whole}
    stale = [item_id for item_id in whole if stored[item_id].get(own, ("", b""))[0] != hashes[item_id]]
    gone = [item_id for item_id in item_ids if item_id not in hashes and own in stored.get(item_id, {})]
    ItemEmbedding.objects.filter(item_id__in=gone, block=own[0], encoder_id=own[1]).delete()
    if not stale:
        return 0
    base = {
        block: np.stack([np.frombuffer(stored[item_id][block, encoder_id][1], "<f2") for item_id in stale]).astype(np.float32)
        for block, encoder_id in derivation.base_ids
    }
    _write(stale, derivation, hashes, derivation.encoder.heads.photos(base))
    return len(stale)


def _read(item_ids: Sequence[str], derivation: Derivation) -> dict[str, dict[tuple[str, str], _Row]]:
    """Item id -> (block, encoder id) -> what is stored, of the version's own vector and of what it is made of."""
    encoder_ids = {derivation.encoder_id, *(encoder_id for _block, encoder_id in derivation.base_ids)}
    rows = ItemEmbedding.objects.filter(item_id__in=list(item_ids), encoder_id__in=encoder_ids)
    found: dict[str, dict[tuple[str, str], _Row]] = {}
    for item_id, block, encoder_id, content_hash, vector in rows.values_list(
        "item_id", "block", "encoder_id", "content_hash", "vector"
    ):
        found.setdefault(item_id, {})[block, encoder_id] = (content_hash, bytes(vector))
    return found


def _digest(derivation: Derivation, stored: Mapping[tuple[str, str], _Row]) -> str:
    digest = hashlib.sha256(derivation.encoder_id.encode())
    for key in derivation.base_ids:
        digest.update(hashlib.sha256(stored[key][1]).digest())
    return digest.hexdigest()


def _write(item_ids: Sequence[str], derivation: Derivation, hashes: Mapping[str, str], vectors: Matrix) -> None:
    rows = [
        ItemEmbedding(
            item_id=item_id,
            block=derivation.block,
            encoder_id=derivation.encoder_id,
            dim=len(vector),
            vector=vector.astype("<f2").tobytes(),
            content_hash=hashes[item_id],
        )
        for item_id, vector in zip(item_ids, vectors, strict=True)
    ]
    ItemEmbedding.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["item", "block", "encoder_id"],
        update_fields=["dim", "vector", "content_hash", "embedded_at"],
    )


def _chunks(ids: Sequence[str]) -> Iterator[list[str]]:
    rest = iter(ids)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
