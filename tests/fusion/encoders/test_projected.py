from __future__ import annotations

import hashlib

import numpy as np
import pytest
from PIL import Image

from fusion.encoders.heads import Heads
from fusion.encoders.projected import ProjectedEncoder
from fusion.exceptions import ChecksumMismatch
from tests.contracts.encoder_contract import EncoderContract
from tests.encoders import DIM, ColourSpace


def heads_for(encoder: ColourSpace, seed: int = 0) -> Heads:
    draw = np.random.default_rng(seed)
    shapes = {"words.weight": (DIM, DIM), "words.bias": (DIM,), "photo.weight": (DIM, DIM + 48), "photo.bias": (DIM,)}
    tensors = {name: draw.normal(0, 0.1, shape).astype(np.float32) for name, shape in shapes.items()}
    base = {block: encoder.identity(block).id for block in ("image", "look")}
    data = Heads("image", ("image", "look"), base, tensors, {}).to_bytes()
    return Heads.from_bytes(data, hashlib.sha256(data).hexdigest())


class TestProjected(EncoderContract):
    @pytest.fixture
    def encoder(self) -> ProjectedEncoder:
        base = ColourSpace()
        return ProjectedEncoder(base, heads_for(base))


def test_only_the_learnt_block_changes_its_identity_space_and_vectors() -> None:
    base = ColourSpace()
    adapted = ProjectedEncoder(base, heads_for(base))
    red = Image.new("RGB", (8, 8), "red")
    before, after = base.encode_photos([red]), adapted.encode_photos([red])
    assert adapted.identity("look") == base.identity("look")
    assert adapted.identity("image").id != base.identity("image").id
    assert adapted.identity("image").id != ProjectedEncoder(base, heads_for(base, seed=1)).identity("image").id
    assert [spec.space for spec in adapted.blocks] != [spec.space for spec in base.blocks]
    np.testing.assert_array_equal(before["look"], after["look"])
    assert not np.allclose(before["image"], after["image"])


def test_an_item_s_vector_is_made_of_its_stored_ones_as_its_photo_s_would_be() -> None:
    base = ColourSpace()
    adapted = ProjectedEncoder(base, heads_for(base))
    blue = Image.new("RGB", (8, 8), "blue")
    stored = {name: rows[0] for name, rows in base.encode_photos([blue]).items()}
    np.testing.assert_allclose(adapted.item_vector(stored), adapted.encode_photos([blue])["image"][0], atol=1e-6)


def test_heads_of_another_encoder_are_refused() -> None:
    with pytest.raises(ChecksumMismatch, match="trained on"):
        ProjectedEncoder(ColourSpace("2"), heads_for(ColourSpace("1")))
