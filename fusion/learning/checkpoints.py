"""A training that can be killed at any moment: what it knows after each epoch, in one file that is replaced by one rename.

The file is safetensors: parameters, the best ones so far and AdamW's moments; the epoch, the best result and the fingerprint of
options and data are its metadata. A checkpoint of other options or other data is not resumed.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fusion.exceptions import InvalidWeights
from fusion.gate.storage import FORMAT, pack, unpack
from fusion.types import Matrix, Vector

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checkpoint:
    """The state after an epoch.

    Attributes:
        tensors: whatever the training needs to go on.
        epoch: the last whole one, from 1.
        numbers: best result, best epoch and the like.
    """

    tensors: Mapping[str, Matrix | Vector]
    epoch: int
    numbers: Mapping[str, float]


def write(path: Path, checkpoint: Checkpoint, fingerprint: str) -> None:
    """Replace the file: who is killed here leaves the one before."""
    about = {
        "format": FORMAT,
        "weigher": "checkpoint",
        "fingerprint": fingerprint,
        "epoch": str(checkpoint.epoch),
        "numbers": json.dumps(dict(checkpoint.numbers)),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    with partial.open("wb") as file:
        file.write(pack(checkpoint.tensors, about))
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)


def read(path: Path, fingerprint: str) -> Checkpoint | None:
    """What to go on from; None where there is nothing, or nothing of this training. A damaged file is named in the log."""
    if not path.is_file():
        return None
    try:
        tensors, about = unpack(path.read_bytes())
        if about.get("fingerprint") != fingerprint:
            return None
        numbers = {name: float(value) for name, value in json.loads(about["numbers"]).items()}
        epoch = int(about["epoch"])
    except (InvalidWeights, KeyError, ValueError) as error:
        logger.warning("event=checkpoint_refused path=%s error=%r hint='training starts anew'", path, str(error))
        return None
    if not all(np.isfinite(tensor).all() for tensor in tensors.values()):
        logger.warning("event=checkpoint_refused path=%s error='numbers that are not finite'", path)
        return None
    return Checkpoint(tensors, epoch, numbers)
