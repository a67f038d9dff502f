"""Learnt versions as a process reads them: is what is stored what was written, and the weigher that it holds."""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.utils.module_loading import import_string

from fusion.weighing import Weigher
from recommender.conf import get_settings
from recommender.models import ModelVersion

# (data, encoder=) -> Weigher; the metadata of the safetensors bytes say which class they are for.
LOAD_WEIGHER = "fusion.gate.load_weigher"


def sha256_of(data: bytes) -> str:
    """The hex digest that is kept beside the bytes."""
    return hashlib.sha256(data).hexdigest()


def sha256_of_folder(folder: Path) -> str:
    """One digest over the names and the bytes of all files of a folder, in the order of their names.

    Raises:
        ValueError: there is no such folder, or it holds no file.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if not files:
        raise ValueError(f"{folder} holds no files.")
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def folder_of(version: ModelVersion) -> Path | None:
    """The folder that a version lives in; None where its data are in its row.

    Raises:
        ValueError: ``about["folder"]`` leads out of DATA_DIR/models.
    """
    named = version.about.get("folder")
    if not named:
        return None
    root = get_settings().models_dir.resolve()
    folder = (root / str(named)).resolve()
    if not folder.is_relative_to(root) or folder == root:
        raise ValueError(f"Model version {version.pk} names the folder {named!r}, which is not one of {root}.")
    return folder


def verify(version: ModelVersion) -> None:
    """Raises ValueError when what is stored of a version is gone, or is not what was written."""
    folder = folder_of(version)
    if folder is None and not version.data:
        raise ValueError(f"The data of model version {version.pk} are not kept any more.")
    found = sha256_of(bytes(version.data)) if folder is None else sha256_of_folder(folder)
    if found != version.sha256:
        raise ValueError(f"Model version {version.pk} is damaged: its sha256 is {found}, {version.sha256} was stored.")


def weigher_of(version: ModelVersion, encoder: str = "") -> Weigher:
    """The weigher that a "fusion" version holds.

    Args:
        encoder: identity of the encoder of the words that it will see; "" does not check that it learnt with this one.
    Raises:
        ValueError: its data are not those that were stored, or hold no weigher.
    """
    verify(version)
    weigher = import_string(LOAD_WEIGHER)(bytes(version.data), encoder=encoder)
    if not isinstance(weigher, Weigher):
        raise ValueError(f"Model version {version.pk} holds a {type(weigher).__name__}, no weigher.")
    return weigher
