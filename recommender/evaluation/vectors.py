"""Vectors of a catalogue from a file, by the shop's own encoders, kept by content hash so that the next run encodes nothing."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

from fusion.types import Item, Vector
from recommender.conf import get_settings
from recommender.encoders import Block
from recommender.services.embedding import Encoded, Work, decode_photos, encode_photos, encode_texts, fingerprint

logger = logging.getLogger(__name__)
Progress = Callable[[int, int], None]
# Written down this often, so that a run that is cut off has not encoded for nothing.
SAVE_EVERY = 512


class VectorCache:
    """One safetensors file a block and encoder below DATA_DIR/evaluation: content hashes and float16 vectors. Deletable."""

    def __init__(self, folder: Path, block: Block) -> None:
        name = hashlib.sha256(block.encoder_id.encode()).hexdigest()[:12]
        self.path, self.dim = folder / f"{block.name}-{name}.safetensors", block.spec.dim
        self._kept: dict[str, Vector] = {}
        self._fresh = False
        self._read()

    def _read(self) -> None:
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        if not self.path.exists():
            return
        try:
            stored = load_file(self.path)
            hashes, vectors = stored["hashes"], stored["vectors"].astype(np.float32)
            if vectors.shape != (len(hashes), self.dim):
                raise ValueError(f"shape {vectors.shape}")
        except (SafetensorError, KeyError, ValueError, OSError) as error:
            logger.warning("event=evaluation_cache_unreadable file=%s error=%r", self.path.name, error)
            return
        self._kept = {bytes(row).hex(): vector for row, vector in zip(hashes, vectors, strict=True)}

    def get(self, content_hash: str) -> Vector | None:
        return self._kept.get(content_hash)

    def put(self, content_hash: str, vector: Vector) -> None:
        # as the index stores it, so that a cached run and a fresh one are the same
        self._kept[content_hash] = vector.astype(np.float16).astype(np.float32)
        self._fresh = True

    def save(self) -> None:
        """Write what is new; other runs see the old file or the new one, never half of one."""
        from safetensors.numpy import save_file

        if not self._fresh:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        hashes = np.frombuffer(bytes.fromhex("".join(self._kept)), np.uint8).reshape(len(self._kept), -1)
        part = self.path.with_suffix(f".{os.getpid()}.part")
        save_file({"hashes": hashes.copy(), "vectors": np.stack(list(self._kept.values())).astype(np.float16)}, part)
        part.replace(self.path)
        self._fresh = False


def embed(
    items: Sequence[Item], blocks: Sequence[Block], on_progress: Progress | None = None
) -> tuple[dict[str, dict[str, Vector]], list[tuple[str, str]]]:
    """Vectors of every item, from the cache or the encoders.

    Returns:
        (item id -> block -> (dim,), [(item id, why a block has no vector)]).
    """
    folder = get_settings().DATA_DIR / "evaluation"
    caches = {block.name: VectorCache(folder, block) for block in blocks}
    works = [_work(item, blocks, caches) for item in items]
    todo = [work for work in works if work.todo]
    problems: list[tuple[str, str]] = []
    for start in range(0, len(todo), SAVE_EVERY):
        chunk = todo[start : start + SAVE_EVERY]
        encoded = _encode(chunk, blocks, lambda done, start=start: on_progress and on_progress(start + done, len(todo)))  # type: ignore[misc]
        hashes = {work.item.item_id: work.hashes for work in chunk}
        for (item_id, block), vector in encoded.vectors.items():
            caches[block].put(hashes[item_id][block], vector)
        for cache in caches.values():
            cache.save()
        problems += [(problem.item_id, f"{problem.block}: {problem.reason}") for problem in encoded.problems]
    return {work.item.item_id: _vectors(work, caches) for work in works}, problems


def _work(item: Item, blocks: Sequence[Block], caches: Mapping[str, VectorCache]) -> Work:
    hashes, content_hash = fingerprint(item, blocks, measure_colours=False)
    missing = frozenset(name for name, given in hashes.items() if caches[name].get(given) is None)
    return Work(item, hashes, content_hash, missing)


def _vectors(work: Work, caches: Mapping[str, VectorCache]) -> dict[str, Vector]:
    return {name: vector for name, given in work.hashes.items() if (vector := caches[name].get(given)) is not None}


def _encode(works: Sequence[Work], blocks: Sequence[Block], on_done: Callable[[int], object]) -> Encoded:
    conf, result = get_settings(), Encoded()
    encode_texts(works, blocks, result, batch_size=conf.BATCH_SIZE, heartbeat=lambda: None)
    pictured = frozenset(block.name for block in blocks if block.reads_photos)
    with ThreadPoolExecutor(1, thread_name_prefix="attune-decode") as pool:
        for start in range(0, len(works), conf.BATCH_SIZE):
            batch = [replace(work, todo=work.todo & pictured) for work in works[start : start + conf.BATCH_SIZE]]
            photos = {
                work.item.item_id: pool.submit(
                    decode_photos,
                    work,
                    every=True,
                    measure=False,
                    max_bytes=conf.MAX_PHOTO_BYTES,
                    max_pixels=conf.MAX_PHOTO_PIXELS,
                )
                for work in batch
                if work.todo
            }
            encode_photos(batch, photos, blocks, result, batch_size=conf.BATCH_SIZE, heartbeat=lambda: None)
            on_done(start + len(batch))
    return result
