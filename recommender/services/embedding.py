"""From items to vectors, without a database: what must be encoded, decoding photos ahead, encoding in batches."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from fusion.exceptions import EncodingError, InvalidQuery
from fusion.item_text import item_text
from fusion.types import Item, Matrix, Vector
from recommender.encoders import Block

if TYPE_CHECKING:
    from PIL.Image import Image

logger = logging.getLogger(__name__)

T = TypeVar("T")
Row = Mapping[str, Vector] | EncodingError  # what one text or photo gave: block -> vector, or why it gave none

# Twice the side of the widest tower's input: an encoder resizes again, so a decoded photo never needs more, and a batch of
# 40-megapixel photos stays small in memory.
SHORT_SIDE = 448


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a block of an item has no vector, or why one of its photos is missing from it."""

    item_id: str
    block: str
    reason: str
    permanent: bool


@dataclass(frozen=True, slots=True)
class Work:
    """One item, what its blocks read (as hashes) and which of them must be encoded.

    Attributes:
        hashes: block -> hash of its content and its encoder's identity; a block that has nothing to read is absent.
        content_hash: over everything that is encoded or measured.
        todo: names of the blocks to encode.
        measure: whether the colours of the first photo are to be measured.
    """

    item: Item
    hashes: Mapping[str, str]
    content_hash: str
    todo: frozenset[str] = frozenset()
    measure: bool = False

    @property
    def is_idle(self) -> bool:
        return not self.todo and not self.measure


@dataclass(slots=True)
class Photos:
    """An item's decoded photos: the good ones in order, what its first photo's colours are, and what failed."""

    images: list[Image] = field(default_factory=list)
    colours: tuple[str, ...] = ()
    problems: list[tuple[str, bool]] = field(default_factory=list)


@dataclass(slots=True)
class Encoded:
    """What came out of a batch: vectors by (item id, block), colours by item id, and the problems.

    ``partial`` names the (item id, block) pairs whose vector misses a photo that may be readable later.
    """

    vectors: dict[tuple[str, str], Vector] = field(default_factory=dict)
    colours: dict[str, tuple[str, ...]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    partial: set[tuple[str, str]] = field(default_factory=set)


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, ensure_ascii=True).encode()).hexdigest()


def fingerprint(item: Item, blocks: Sequence[Block], *, measure_colours: bool) -> tuple[dict[str, str], str]:
    """(block -> content hash, hash of everything that is encoded or measured)."""
    text, refs = item_text(item), [photo.ref for photo in item.photos]
    hashes: dict[str, str] = {}
    for block in blocks:
        content: object = refs if block.reads_photos else text
        if content:
            hashes[block.name] = _digest(block.encoder_id, content)
    return hashes, _digest(sorted(hashes.items()), refs if measure_colours else [])


def decode_photos(work: Work, *, every: bool, measure: bool, max_bytes: int, max_pixels: int) -> Photos:
    """Read and decode an item's photos. Runs in a thread beside the forward of the batch before; never raises.

    Args:
        every: all photos, for the photo blocks; otherwise the first one only, for its colours.
        measure: measure the first readable photo's colours.
    """
    from fusion.photos import open_photo

    photos = Photos()
    for number, photo in enumerate(work.item.photos if every else work.item.photos[:1], 1):
        try:
            image = _shrink(open_photo(photo.read(), max_bytes=max_bytes, max_pixels=max_pixels))
            if measure and not photos.images:
                photos.colours = _colours(image)
            photos.images.append(image)
        except InvalidQuery as error:
            photos.problems.append((f"Photo {number}: {error}", True))
        except OSError as error:
            photos.problems.append((f"Photo {number} cannot be read: {error}", False))
        except Exception as error:  # a host's storage may raise anything; the other photos and items go on
            photos.problems.append((f"Photo {number}: {type(error).__name__}: {error}", False))
    return photos


def _colours(image: Image) -> tuple[str, ...]:
    """The measured colours; a photo that cannot be measured is still a photo."""
    try:
        from fusion.colours import measure_colours

        return tuple(measure_colours(image))
    except Exception as error:
        logger.warning("event=colours_failed error=%r", error)
        return ()


def _shrink(image: Image) -> Image:
    short = min(image.size)
    if short <= SHORT_SIDE:
        return image
    width, height = (max(1, round(side * SHORT_SIDE / short)) for side in image.size)
    return image.resize((width, height), reducing_gap=2.0)


def _by_encoder(blocks: Sequence[Block], *, reads_photos: bool) -> list[list[Block]]:
    groups: dict[int, list[Block]] = {}
    for block in blocks:
        if block.reads_photos == reads_photos:
            groups.setdefault(id(block.encoder), []).append(block)
    return list(groups.values())


def encode_texts(
    works: Sequence[Work], blocks: Sequence[Block], result: Encoded, *, batch_size: int, heartbeat: Callable[[], None]
) -> None:
    """Encode the texts that the works ask for into ``result``. One bad text fails itself only.

    Args:
        heartbeat: called after every forward.
    """
    for group in _by_encoder(blocks, reads_photos=False):
        names = {block.name for block in group}
        # Texts of like length share a batch: the longest one decides what a batch costs.
        asked = sorted(((item_text(w.item), w) for w in works if w.todo & names), key=lambda pair: len(pair[0]))
        for start in range(0, len(asked), batch_size):
            chunk = asked[start : start + batch_size]
            rows = _forward(group[0].encoder.encode_texts, [text for text, _ in chunk])
            for block in group:
                for (_, work), row in zip(chunk, rows, strict=True):
                    _keep(result, work, block.name, row)
            heartbeat()


def encode_photos(
    works: Sequence[Work],
    photos: MutableMapping[str, Future[Photos]],
    blocks: Sequence[Block],
    result: Encoded,
    *,
    batch_size: int,
    heartbeat: Callable[[], None],
) -> None:
    """Encode the photos that the works ask for into ``result``, and keep their colours. One bad photo fails itself only.

    Args:
        photos: item id -> its photos, being decoded; what was used is taken out, so that it can be freed.
        heartbeat: called after every forward.
    """
    groups = _by_encoder(blocks, reads_photos=True)
    names = {block.name for group in groups for block in group}
    decoded = [(work, photos.pop(work.item.item_id).result()) for work in works if work.item.item_id in photos]
    for work, given in decoded:
        if work.measure:
            result.colours[work.item.item_id] = given.colours
        for name in sorted(work.todo & names):
            result.problems += [Problem(work.item.item_id, name, reason, forever) for reason, forever in given.problems]
            if any(not forever for _, forever in given.problems):
                result.partial.add((work.item.item_id, name))
    for group in groups:
        wanted = {block.name for block in group}
        owners = [(work, image) for work, given in decoded if work.todo & wanted for image in given.images]
        rows: list[Row] = []
        for start in range(0, len(owners), batch_size):
            rows += _forward(group[0].encoder.encode_photos, [image for _, image in owners[start : start + batch_size]])
            heartbeat()
        _merge(result, [work for work, _ in owners], rows, group)


def _merge(result: Encoded, owners: Sequence[Work], rows: Sequence[Row], group: Sequence[Block]) -> None:
    """Several photos of one item become one vector: their mean, normalised."""
    per_item: dict[str, tuple[Work, list[Row]]] = {}
    for work, row in zip(owners, rows, strict=True):
        per_item.setdefault(work.item.item_id, (work, []))[1].append(row)
    for work, given in per_item.values():
        good = [row for row in given if not isinstance(row, EncodingError)]
        bad = [row for row in given if isinstance(row, EncodingError)]
        for block in group:
            for error in bad:
                _keep(result, work, block.name, error)
            if good:
                _keep(result, work, block.name, {block.name: mean_vector(np.stack([row[block.name] for row in good]))})


def mean_vector(rows: Matrix) -> Vector:
    """(n, dim) unit rows -> (dim,) their mean, normalised; the first row where they cancel out."""
    mean: Vector = rows.mean(axis=0)
    length = float(np.linalg.norm(mean))
    return rows[0] if length < 1e-6 else (mean / length).astype(np.float32)


def _keep(result: Encoded, work: Work, block: str, row: Row) -> None:
    if block not in work.todo:
        return
    item_id = work.item.item_id
    if isinstance(row, EncodingError):
        result.problems.append(Problem(item_id, block, str(row), row.permanent))
        if not row.permanent:
            result.partial.add((item_id, block))
    elif not np.isfinite(row[block]).all():
        result.problems.append(Problem(item_id, block, "The encoder gave a vector that is not finite.", True))
    else:
        result.vectors[item_id, block] = row[block]


def _forward(encode_batch: Callable[[Sequence[T]], Mapping[str, Matrix]], batch: Sequence[T]) -> list[Row]:
    """One forward; when it fails, one forward for each member, so that the others of the batch go on."""
    try:
        matrices = encode_batch(batch)
        return [{name: matrix[row] for name, matrix in matrices.items()} for row in range(len(batch))]
    except Exception as error:
        if len(batch) == 1:
            known = isinstance(error, EncodingError)
            return [error if known else EncodingError(f"{type(error).__name__}: {error}")]  # type: ignore[list-item]
        logger.warning("event=batch_failed size=%d error=%r", len(batch), error)
    return [row for member in batch for row in _forward(encode_batch, [member])]
