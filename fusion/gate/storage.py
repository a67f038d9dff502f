"""What was learnt as bytes and back: safetensors, whose metadata say which weigher they are for.

They are one JSON object under the key "attune" of safetensors' own metadata (which keep no order, and equal weights shall be
equal bytes):

              "weigher"  a key of LOADERS
              "format"   FORMAT
              "signals"  JSON list of "source/block", in the order of the tensors
              "bound"    the largest absolute log factor
              "encoder"  identity of the encoder of the words, "" where it is not known
              "policy"   the name that answers are logged under
              and whatever else a kind of weigher keeps

Nothing is unpickled and nothing is imported by a name from the file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping

import numpy as np

from fusion.exceptions import InvalidWeights
from fusion.gate.features import name_of, signal_of
from fusion.gate.weigher import NAME, GateWeigher
from fusion.gate.weights import GateWeights, gate_of
from fusion.types import Matrix, Vector
from fusion.weighing import Weigher

FORMAT = "1"
_KEY = "attune"
_ADVICE = "Train it again: manage.py train_fusion."
_MAX_HEADER = 1_000_000  # bytes; a gate's is about 1,000

Tensors = Mapping[str, Matrix | Vector]
Metadata = Mapping[str, str]
# (tensors, metadata, name to log under) -> weigher
Loader = Callable[[Tensors, Metadata, str], Weigher]


def to_bytes(weights: GateWeights) -> bytes:
    """A gate as ``load_weigher`` reads it. The same gate gives the same bytes."""
    return pack(weights.tensors, {**metadata_of(weights, NAME), "policy": policy_name(weights)})


def policy_name(weights: GateWeights) -> str:
    """What answers that a gate weighed are logged under: "gate-" and the beginning of a digest of its tensors."""
    digest = hashlib.sha256(b"".join(tensor.tobytes() for tensor in weights.tensors.values())).hexdigest()
    return f"{NAME}-{digest[:8]}"


def metadata_of(weights: GateWeights, weigher: str) -> dict[str, str]:
    """What a file says about a gate, alone or inside another weigher."""
    return {
        "weigher": weigher,
        "format": FORMAT,
        "signals": json.dumps([name_of(signal) for signal in weights.signals]),
        "bound": repr(weights.bound),
        "encoder": weights.encoder,
    }


def pack(tensors: Tensors, metadata: Metadata) -> bytes:
    """Tensors and metadata as safetensors."""
    from safetensors.numpy import save

    arrays = {name: np.ascontiguousarray(tensor) for name, tensor in sorted(tensors.items())}
    return bytes(save(arrays, metadata={_KEY: json.dumps(dict(metadata), sort_keys=True)}))


def unpack(data: bytes) -> tuple[dict[str, Matrix], dict[str, str]]:
    """(tensors, metadata) of bytes that ``pack`` wrote.

    Raises:
        InvalidWeights: they are no safetensors, or of another format.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        size = int.from_bytes(data[:8], "little")
        if not 0 < size <= min(len(data) - 8, _MAX_HEADER):
            raise ValueError(f"a header of {size} bytes in {len(data)}")
        metadata = json.loads(json.loads(data[8 : 8 + size])["__metadata__"][_KEY])
        tensors = load(data)
    except (SafetensorError, ValueError, AttributeError, TypeError, KeyError) as error:
        raise InvalidWeights(f"These {len(data)} bytes are no learnt weights ({error!r}). {_ADVICE}") from error
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise InvalidWeights(f"The metadata of these weights are no mapping of texts. {_ADVICE}")
    if metadata.get("format") != FORMAT:
        raise InvalidWeights(f"These weights are of format {metadata.get('format')!r}, this reads {FORMAT!r}. {_ADVICE}")
    return tensors, metadata


def gate_in(tensors: Tensors, metadata: Metadata) -> GateWeights:
    """The gate among the tensors of a weigher.

    Raises:
        InvalidWeights: it is not whole.
    """
    try:
        signals = [signal_of(name) for name in json.loads(metadata["signals"])]
        bound = float(metadata["bound"])
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise InvalidWeights(f"The weights do not say which signals they are for ({error!r}). {_ADVICE}") from error
    return gate_of(tensors, signals, bound, metadata.get("encoder", ""))


def _load_gate(tensors: Tensors, metadata: Metadata, name: str) -> Weigher:
    return GateWeigher(gate_in(tensors, metadata), name or metadata.get("policy") or NAME)


def _load_policy(tensors: Tensors, metadata: Metadata, name: str) -> Weigher:
    from fusion.policy.storage import load  # a policy holds a gate, so it is read by a module that imports this one

    return load(tensors, metadata, name)


# Every kind of weigher that can be stored.
LOADERS: Mapping[str, Loader] = {NAME: _load_gate, "policy": _load_policy}


def load_weigher(data: bytes, *, name: str = "", encoder: str = "") -> Weigher:
    """The weigher that the bytes hold.

    Args:
        name: the policy that answers are logged under; "" is the one that was stored.
        encoder: identity of the encoder that will encode the words; "" does not check it.
    Raises:
        InvalidWeights: the bytes are not whole, of an unknown weigher, or learnt with another encoder; the message says which.
    """
    tensors, metadata = unpack(data)
    loader = LOADERS.get(metadata.get("weigher", ""))
    if loader is None:
        known = ", ".join(sorted(LOADERS))
        raise InvalidWeights(f"There is no weigher {metadata.get('weigher')!r}; known: {known}. {_ADVICE}")
    learnt_with = metadata.get("encoder", "")
    if encoder and learnt_with and learnt_with != encoder:
        raise InvalidWeights(f"These weights were learnt with the encoder {learnt_with}, the shop's is {encoder}. {_ADVICE}")
    return loader(tensors, metadata, name)
