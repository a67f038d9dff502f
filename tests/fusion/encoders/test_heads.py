from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from fusion.encoders.heads import Heads
from fusion.exceptions import ChecksumMismatch, EncodingError

DIM, LOOK = 6, 4


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def heads(seed: int = 0, scale: float = 0.5) -> Heads:
    draw = np.random.default_rng(seed)
    shapes = {"words.weight": (DIM, DIM), "words.bias": (DIM,), "photo.weight": (DIM, DIM + LOOK), "photo.bias": (DIM,)}
    tensors = {name: draw.normal(0, scale, shape).astype(np.float32) for name, shape in shapes.items()}
    return Heads("image", ("image", "look"), {"image": "x:1", "look": "x:2"}, tensors, {"seed": seed})


def test_heads_of_zeros_are_the_encoder_as_it_was() -> None:
    draw = np.random.default_rng(1)
    given, look = unit(draw.normal(size=(5, DIM))), unit(draw.normal(size=(5, LOOK)))
    still = heads(scale=0.0)
    np.testing.assert_allclose(still.words(given), given, atol=1e-6)
    np.testing.assert_allclose(still.photos({"image": given, "look": look}), given, atol=1e-6)


def test_a_head_adds_a_linear_map_of_all_inputs_and_normalises() -> None:
    draw = np.random.default_rng(2)
    image, look, made = unit(draw.normal(size=(3, DIM))), unit(draw.normal(size=(3, LOOK))), heads()
    weight, bias = made.tensors["photo.weight"], made.tensors["photo.bias"]
    expected = np.stack([i + weight[:, :DIM] @ i + weight[:, DIM:] @ s + bias for i, s in zip(image, look, strict=True)])
    np.testing.assert_allclose(made.photos({"look": look, "image": image}), unit(expected), atol=1e-5)
    with pytest.raises(EncodingError, match="need look"):
        made.photos({"image": image})


def test_what_is_stored_comes_back_in_half_precision_and_equal_heads_are_equal_bytes() -> None:
    data = heads().to_bytes()
    assert data == heads().to_bytes()
    found = Heads.from_bytes(data, hashlib.sha256(data).hexdigest())
    assert (found.block, found.inputs, dict(found.base), dict(found.about)) == (
        "image", ("image", "look"), {"image": "x:1", "look": "x:2"}, {"seed": 0},
    )  # fmt: skip
    for name, tensor in heads().tensors.items():
        np.testing.assert_allclose(found.tensors[name], tensor, atol=2e-3)
    assert found.sha256 == hashlib.sha256(data).hexdigest()


def test_altered_or_foreign_bytes_are_refused() -> None:
    data = heads().to_bytes()
    with pytest.raises(ChecksumMismatch, match="sha256"):
        Heads.from_bytes(data[:-1] + bytes([data[-1] ^ 1]), hashlib.sha256(data).hexdigest())
    for other in (b"", b"nonsense", b"\x00" * 64):
        with pytest.raises(ChecksumMismatch, match="no heads"):
            Heads.from_bytes(other, hashlib.sha256(other).hexdigest())


@pytest.mark.parametrize(
    "broken",
    [
        lambda h: replace(h, tensors={**h.tensors, "words.bias": np.zeros(DIM + 1, np.float32)}),
        lambda h: replace(h, tensors={**h.tensors, "photo.bias": np.full(DIM, np.nan, np.float32)}),
        lambda h: replace(h, tensors={name: t for name, t in h.tensors.items() if name != "photo.weight"}),
        lambda h: replace(h, inputs=("look", "image")),
        lambda h: replace(h, base={"image": "x:1"}),
    ],
)
def test_heads_that_are_not_whole_are_refused_when_they_are_read(broken) -> None:
    data = broken(heads()).to_bytes()
    with pytest.raises(ChecksumMismatch, match="not what they should be"):
        Heads.from_bytes(data, hashlib.sha256(data).hexdigest())
