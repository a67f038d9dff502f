"""What every Encoder must do. A test class names its encoder and inherits the rest."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from fusion.encoders.base import Encoder

TEXTS = ["a red shoe", "", "   ", "一把舒服的椅子", "camera " * 900, "emoji \U0001f600 and a lone \ud800 surrogate", "x"]
PHOTOS = [
    Image.new("RGB", (64, 64), "red"),
    Image.new("RGB", (1, 5000), "blue"),
    Image.new("RGB", (5000, 1), "green"),
    Image.new("RGB", (1, 1), "white"),
    Image.effect_noise((900, 300), 60).convert("RGB"),
]


class EncoderContract:
    """Inherit and give an ``encoder`` fixture."""

    @pytest.fixture
    def encoder(self) -> Encoder:
        raise NotImplementedError

    def encode(self, encoder: Encoder, modality: str, inputs: list) -> dict[str, np.ndarray]:
        if modality == "photo":
            return dict(encoder.encode_photos(inputs))
        return dict(encoder.encode_texts(inputs) if modality == "text" else encoder.encode_instructions(inputs))

    def inputs(self, modality: str) -> list:
        return PHOTOS if modality == "photo" else TEXTS

    def expected(self, encoder: Encoder, modality: str) -> dict[str, int]:
        if modality == "words":
            return {spec.name: spec.dim for spec in encoder.blocks if spec.words}
        return {spec.name: spec.dim for spec in encoder.blocks if spec.modality == modality}

    @pytest.mark.parametrize("modality", ["text", "photo", "words"])
    def test_fills_its_blocks_with_finite_unit_float32_rows(self, encoder, modality):
        made = self.encode(encoder, modality, self.inputs(modality))
        assert {name: matrix.shape[1] for name, matrix in made.items()} == self.expected(encoder, modality)
        for matrix in made.values():
            assert matrix.dtype == np.float32
            assert len(matrix) == len(self.inputs(modality))
            assert np.isfinite(matrix).all()
            np.testing.assert_allclose(np.linalg.norm(matrix, axis=1), 1.0, atol=1e-4)

    @pytest.mark.parametrize("modality", ["text", "photo", "words"])
    def test_many_at_once_equal_one_by_one_in_the_order_given(self, encoder, modality):
        inputs = self.inputs(modality)
        together = self.encode(encoder, modality, inputs)
        for name, matrix in together.items():
            alone = np.concatenate([self.encode(encoder, modality, [one])[name] for one in inputs])
            np.testing.assert_allclose(matrix, alone, atol=1e-3)

    @pytest.mark.parametrize("modality", ["text", "photo", "words"])
    def test_nothing_gives_empty_matrices_of_the_right_width(self, encoder, modality):
        made = self.encode(encoder, modality, [])
        assert {name: matrix.shape for name, matrix in made.items()} == {
            name: (0, dim) for name, dim in self.expected(encoder, modality).items()
        }

    def test_identity_is_stable_and_differs_between_blocks(self, encoder):
        ids = [encoder.identity(spec.name).id for spec in encoder.blocks]
        assert ids == [encoder.identity(spec.name).id for spec in encoder.blocks]
        assert len(set(ids)) == len(ids)
        assert all(encoder.identity(spec.name).dim == spec.dim for spec in encoder.blocks)

    def test_probe_passes_and_load_is_idempotent(self, encoder):
        encoder.load()
        encoder.load()
        assert encoder.is_loaded
        encoder.probe()
