"""The photos that a row names: found, checked, cleaned and stored, a few at a time."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import Storage

from shop.catalog.importing.rows import ProductRow
from shop.catalog.models import ProductImage, photo_path
from shop.catalog.photos import MAX_BYTES, PhotoError, checksum_of, clean_photo


@dataclass(frozen=True, slots=True)
class StoredPhoto:
    """A photo that the row wants. ``name`` is "" for one that the product has already (its file was not stored again)."""

    checksum: str
    name: str = ""
    width: int = 0
    height: int = 0


@dataclass(slots=True)
class RowPhotos:
    """The photos of one row in its order, and why some are not usable."""

    photos: list[StoredPhoto] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def collect_photos(row: ProductRow, root: Path, known: Collection[str], *, storage: Storage, write: bool) -> RowPhotos:
    """Read each photo of a row, skip those whose checksum the product has, clean the others and store them.

    Args:
        known: checksums of the product's photos.
        write: False checks everything and stores nothing.
    """
    found = RowPhotos()
    seen: set[str] = set()
    for given in row.photos:
        try:
            data = _read(given, root)
            checksum = checksum_of(data)
            if checksum in seen:
                continue
            found.photos.append(StoredPhoto(checksum) if checksum in known else _store(data, storage, write))
            seen.add(checksum)
        except (PhotoError, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            found.problems.append(f"photo {given}: {reason}")
    return found


def _read(given: str, root: Path) -> bytes:
    """The bytes of a photo below the image folder; a path that climbs out of it is refused."""
    if "://" in given:
        raise PhotoError("this is an address; download the photo and give its path")
    base = os.path.abspath(root)
    path = os.path.normpath(os.path.join(base, given))
    if not path.startswith(base + os.sep):
        raise PhotoError(f"the path leads out of the image folder {root}; move the photo into it")
    if os.path.isfile(path) and os.path.getsize(path) > MAX_BYTES:
        raise PhotoError(f"the file has more than {MAX_BYTES // 1048576} MB")
    with open(path, "rb") as file:
        return file.read()


def _store(data: bytes, storage: Storage, write: bool) -> StoredPhoto:
    photo = clean_photo(data)
    name = storage.save(photo_path(ProductImage(), ""), ContentFile(photo.data)) if write else ""
    return StoredPhoto(photo.checksum, name, photo.width, photo.height)
