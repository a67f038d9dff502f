"""The want/avoid tagger on disk: low-rank tensors and a head as safetensors, and a card that says what they are.

The card names the tensors' file by its sha256 and is replaced last, by one rename: a training that is killed leaves what was
there before. Nothing is unpickled and nothing is loaded that the card does not vouch for.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fusion.encoders.adapted import PROJECTIONS
from fusion.encoders.base import EncoderIdentity
from fusion.encoders.checksums import require_sha256
from fusion.exceptions import ChecksumMismatch, FusionError, MissingDependency
from fusion.types import Matrix

CARD = "card.json"
FORMAT = 1
LABELS = ("O", "B-WANT", "I-WANT", "B-AVOID", "I-AVOID")
_ADVICE = "Train it again: manage.py train_tagger."


@dataclass(frozen=True, slots=True)
class Adapter:
    """A tagger's own weights.

    Attributes:
        tensors: "layer.{i}.{query|value}.{down|up}", (rank, dim) and (dim, rank) with LoRA's scaling in "up"; "head.weight"
            (n_labels, dim) and "head.bias" (n_labels,).
        card: what was trained on what, and how good it is.
    """

    tensors: Mapping[str, Matrix]
    card: Mapping[str, Any]

    @property
    def n_layers(self) -> int:
        return int(self.card["n_layers"])

    @property
    def threshold(self) -> float:
        """From which probability on an AVOID is believed; chosen on the dev sentences."""
        return float(self.card["threshold"])


def base_of(identity: EncoderIdentity) -> dict[str, Any]:
    """What of an encoder an adapter depends on: the weights, not how their output is pooled or prefixed."""
    kept = asdict(identity)
    return {"backend": kept["backend"], "model": Path(kept["model"]).name, "checksum": kept["checksum"], "dim": kept["dim"]}


def write_adapter(folder: Path, tensors: Mapping[str, Matrix], card: Mapping[str, Any]) -> Path:
    """Write half-precision tensors and their card; who reads meanwhile gets the old pair or the new one. Returns the card."""
    from safetensors.numpy import save

    folder.mkdir(parents=True, exist_ok=True)
    content = save({name: np.ascontiguousarray(tensor, dtype=np.float16) for name, tensor in tensors.items()})
    digest = hashlib.sha256(content).hexdigest()
    name = f"adapter-{digest[:12]}.safetensors"
    before = _file_of(folder)
    _replace(folder / name, content)
    full = {"format": FORMAT, "file": name, "sha256": digest, "labels": list(LABELS), **card}
    _replace(folder / CARD, (json.dumps(full, indent=1, ensure_ascii=False) + "\n").encode())
    for stale in folder.glob("adapter-*.safetensors"):
        if stale.name not in (name, before):  # someone may have read the card before this one a moment ago
            stale.unlink(missing_ok=True)
    return folder / CARD


def _file_of(folder: Path) -> str:
    try:
        return str(read_card(folder)["file"])
    except FusionError:
        return ""


def _replace(path: Path, content: bytes) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)


def read_card(folder: Path) -> dict[str, Any]:
    """
    Raises:
        MissingDependency: no card that can be read.
        ChecksumMismatch: the card is of another format or of other labels.
    """
    try:
        card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise MissingDependency(f"{folder} has no readable {CARD} ({error}). {_ADVICE}") from error
    wanted = {"file", "sha256", "base", "n_layers", "threshold"}
    if not isinstance(card, dict) or card.get("format") != FORMAT or card.get("labels") != list(LABELS) or wanted - set(card):
        raise ChecksumMismatch(f"{folder / CARD} is no card of a tagger of format {FORMAT}. {_ADVICE}")
    return card


def require_base(card: Mapping[str, Any], base: EncoderIdentity, folder: Path) -> None:
    """Refuse an adapter of another text encoder.

    Raises:
        ChecksumMismatch: the card names another base; the message says which.
    """
    if card["base"] != base_of(base):
        raise ChecksumMismatch(
            f"The tagger in {folder} was trained on {_named(card['base'])}, but the text encoder is {_named(base_of(base))}. "
            f"{_ADVICE}"
        )


def read_adapter(folder: Path, base: EncoderIdentity) -> Adapter:
    """The adapter in the folder, for this text encoder.

    Raises:
        MissingDependency: a file is missing.
        ChecksumMismatch: a file is not the one that was written, or the adapter belongs to another text encoder.
    """
    card = read_card(folder)
    require_base(card, base, folder)
    path = folder / Path(str(card["file"])).name
    require_sha256(path, str(card["sha256"]), advice=_ADVICE)
    from safetensors.numpy import load_file

    tensors = {name: tensor.astype(np.float32) for name, tensor in load_file(str(path)).items()}
    return Adapter(_whole(tensors, int(card["n_layers"]), base.dim, path), card)


def _whole(tensors: dict[str, Matrix], n_layers: int, dim: int, path: Path) -> dict[str, Matrix]:
    """The tensors, if they are all there, finite and of one rank."""
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    rank = shapes.get("layer.0.query.down", (0,))[0]
    expected: dict[str, tuple[int, ...]] = {"head.weight": (len(LABELS), dim), "head.bias": (len(LABELS),)}
    for i in range(n_layers):
        for projection in PROJECTIONS:
            expected[f"layer.{i}.{projection}.down"] = (rank, dim)
            expected[f"layer.{i}.{projection}.up"] = (dim, rank)
    if shapes != expected or not all(np.isfinite(tensor).all() for tensor in tensors.values()):
        raise ChecksumMismatch(f"{path} does not hold the tensors that its card speaks of. {_ADVICE}")
    return tensors


def _named(base: Any) -> str:
    known = base if isinstance(base, dict) else {}
    return f"{known.get('backend')}/{known.get('model')} ({str(known.get('checksum'))[:12]}...)"
