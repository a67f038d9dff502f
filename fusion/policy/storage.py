"""A policy as bytes and back, in the form of every learnt weigher (``fusion/gate/storage.py``).

Beside the gate's own tensors, where there is a gate, the tensors are the learner's under "policy.NAME"; the metadata name the
learner, its options, the features, the bounds, and the arms with their factors, so that a stored policy means the same for
ever.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from fusion.exceptions import InvalidWeights
from fusion.gate.features import name_of, signal_of
from fusion.gate.storage import FORMAT, Metadata, Tensors, gate_in, metadata_of, pack
from fusion.gate.weigher import GateWeigher
from fusion.policy.arms import Arm
from fusion.policy.features import FEATURES
from fusion.policy.learner import Bounds, Learner
from fusion.policy.learners import create
from fusion.policy.weigher import NAME, PolicyWeigher

_PREFIX = "policy."
_ADVICE = "Learn it again: manage.py learn_policy."


def to_bytes(weigher: PolicyWeigher) -> bytes:
    """A policy as ``load_weigher`` reads it. The same policy gives the same bytes."""
    learner = weigher.learner
    tensors: dict[str, Any] = {f"{_PREFIX}{name}": tensor for name, tensor in learner.tensors().items()}
    metadata = {"weigher": NAME, "format": FORMAT, "gate": "", "policy": weigher.name}
    if weigher.gate is not None:
        tensors |= weigher.gate.weights.tensors
        metadata |= {**metadata_of(weigher.gate.weights, NAME), "gate": weigher.gate.name}
    metadata |= {
        "learner": learner.kind,
        "options": json.dumps(learner.settings(), sort_keys=True),
        "features": json.dumps(FEATURES),
        "bounds": json.dumps(asdict(weigher.bounds)),
        "arms": json.dumps([[arm.name, {name_of(s): f for s, f in arm.factors.items()}] for arm in weigher.arms]),
    }
    return pack(tensors, metadata)


def load(tensors: Tensors, metadata: Metadata, name: str) -> PolicyWeigher:
    """The policy in a file's tensors and metadata.

    Args:
        name: the policy that answers are logged under; "" is the one that was stored.
    Raises:
        InvalidWeights: it is not whole, or was learnt on other features.
    """
    try:
        if (known := tuple(json.loads(metadata["features"]))) != FEATURES:
            raise ValueError(f"it was learnt on the features {known}, this version sees {FEATURES}")
        arms = tuple(_arm(*given) for given in json.loads(metadata["arms"]))
        learner = create(metadata["learner"], len(arms), len(FEATURES), json.loads(metadata["options"]))
        learner.restore(_own(tensors))
        bounds = Bounds(**json.loads(metadata["bounds"]))
        gate = GateWeigher(gate_in(tensors, metadata), metadata["gate"]) if metadata.get("gate") else None
        return PolicyWeigher(learner, arms, gate=gate, bounds=bounds, name=name or metadata.get("policy") or NAME)
    except (KeyError, ValueError, TypeError) as error:
        raise InvalidWeights(f"This policy cannot be used: {error}. {_ADVICE}") from error


def policy_name(learner: Learner, gate: GateWeigher | None) -> str:
    """What answers of a policy are logged under: "policy-" and the beginning of a digest of its tensors and its gate's name."""
    tensors = learner.tensors()
    digest = hashlib.sha256(b"".join(np.ascontiguousarray(tensors[name]).tobytes() for name in sorted(tensors)))
    digest.update(f"{learner.kind}\x1f{gate.name if gate else ''}".encode())
    return f"{NAME}-{digest.hexdigest()[:8]}"


def _own(tensors: Tensors) -> dict[str, Any]:
    return {name.removeprefix(_PREFIX): np.asarray(t, np.float64) for name, t in tensors.items() if name.startswith(_PREFIX)}


def _arm(name: str, factors: Mapping[str, float]) -> Arm:
    return Arm(name, {signal_of(signal): float(factor) for signal, factor in factors.items()})
