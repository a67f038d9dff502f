"""A small weigher that is really stored and read: one factor for each named signal, as safetensors bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
from safetensors.numpy import load, save

from fusion.weighing import Context, Weigher, Weighing

PATH = "tests.recommender.weighers.load_fixed"


class FixedFactors(Weigher):
    """The same factors for every request."""

    def __init__(self, factors: Mapping[tuple[str, str], float], policy: str) -> None:
        self.weighing = Weighing(dict(factors), policy=policy, arm="only")

    def weigh(self, context: Context) -> Weighing:
        return self.weighing


def fixed_bytes(factors: Mapping[str, float], policy: str = "fixed") -> bytes:
    """{"words/text": 2.0} as safetensors bytes."""
    values = np.array(list(factors.values()), np.float32)
    return save({"factors": values}, metadata={"signals": json.dumps(list(factors)), "policy": policy})


def load_fixed(data: bytes, *, encoder: str = "") -> Weigher:
    """The weigher that ``fixed_bytes`` wrote."""
    length = int.from_bytes(data[:8], "little")
    metadata = json.loads(data[8 : 8 + length])["__metadata__"]
    values = load(data)["factors"]
    signals = [tuple(name.split("/")) for name in json.loads(metadata["signals"])]
    return FixedFactors({(s, b): float(v) for (s, b), v in zip(signals, values, strict=True)}, metadata["policy"])
