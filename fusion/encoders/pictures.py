"""What happens to a photo before a network sees it, and how photos become batches. Shared by every photo encoder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_ASPECT = 4.0


def tame(photo: Image, size: int) -> Image:
    """The same photo at a size that is cheap to resize well: its long side cut to MAX_ASPECT times the short one, then
    box-averaged by whole factors while the short side stays at least twice ``size``.

    A 1 x 5000 strip would otherwise be resized to a million rows before the centre is cut out.
    """
    width, height = photo.size
    limit = max(1, round(min(width, height) * MAX_ASPECT))
    if max(width, height) > limit:
        left, top = max(0, (width - limit) // 2), max(0, (height - limit) // 2)
        photo = photo.crop((left, top, left + min(width, limit), top + min(height, limit)))
    factor = min(photo.size) // (2 * size)
    return photo.reduce(factor) if factor > 1 else photo


def photo_batches(photos: Sequence[Image], preprocess: Callable[[Image], Any], size: int, batch_size: int) -> Iterator[Any]:
    """Tensors of (b, 3, size, size), in the order given."""
    import torch

    for start in range(0, len(photos), batch_size):
        chunk = photos[start : start + batch_size]
        yield torch.stack([preprocess(tame(photo.convert("RGB"), size)) for photo in chunk])
