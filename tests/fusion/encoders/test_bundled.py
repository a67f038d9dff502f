from __future__ import annotations

import os
import shutil

import numpy as np
import pytest
from PIL import Image

from fusion.encoders.bundled import BundledEncoder, load_open_clip
from fusion.encoders.bundled_weights import folder_in
from fusion.exceptions import ChecksumMismatch, EncodingError, MissingDependency
from tests.contracts.encoder_contract import EncoderContract


@pytest.fixture(scope="module")
def loaded(bundled_models_dir):
    encoder = BundledEncoder(models_dir=bundled_models_dir)
    encoder.load()
    return encoder


@pytest.mark.models
class TestBundled(EncoderContract):
    @pytest.fixture
    def encoder(self, loaded):
        return loaded


@pytest.mark.models
def test_a_request_is_encoded_once_for_the_text_and_the_image_block(loaded):
    made = loaded.encode_instructions(["black running shoes"])
    assert set(made) == {"text", "image"}
    assert made["text"] is made["image"]


@pytest.mark.models
def test_languages_meet_in_one_space(loaded):
    english = loaded.encode_instructions(["a comfortable chair", "running shoes", "camera"])["text"]
    chinese = loaded.encode_instructions(["一把舒服的椅子", "跑鞋", "相机"])["text"]
    assert (english @ chinese.T).argmax(axis=1).tolist() == [0, 1, 2]


@pytest.mark.models
def test_words_are_read_without_the_photo_network(bundled_models_dir):
    encoder = BundledEncoder(models_dir=bundled_models_dir)
    encoder.encode_instructions(["camera"])
    assert encoder._trunk is None
    assert not encoder.is_loaded


@pytest.mark.models
def test_a_subset_of_blocks_fills_only_those(bundled_models_dir, loaded):
    look = BundledEncoder(models_dir=bundled_models_dir, blocks=("look",))
    photo = Image.effect_noise((300, 200), 50).convert("RGB")
    made = look.encode_photos([photo])
    assert set(made) == {"look"}
    assert look.encode_instructions(["camera"]) == {}
    assert look.encode_texts(["camera"]) == {}
    np.testing.assert_allclose(made["look"], loaded.encode_photos([photo])["look"], atol=1e-5)


@pytest.mark.models
def test_open_clip_itself_gives_the_same_vectors(bundled_models_dir, loaded):
    import torch

    model, preprocess = load_open_clip(folder_in(bundled_models_dir))
    photo = Image.effect_noise((300, 280), 50).convert("RGB")
    with torch.inference_mode():
        image = model.encode_image(preprocess(photo)[None], normalize=True).numpy()
        ids = torch.tensor(loaded._words._tokenise(["query: camera"]))
        text = model.encode_text(ids, normalize=True).numpy()
    np.testing.assert_allclose(loaded.encode_photos([photo])["image"], image, atol=1e-4)
    np.testing.assert_allclose(loaded._words.encode(["camera"], "query: "), text, atol=1e-4)
    # A shopper's words take the short forward, which rounds to bfloat16 where the processor offers it.
    assert float(loaded.encode_instructions(["camera"])["image"][0] @ text[0]) > 0.9999


@pytest.mark.models
def test_tampered_weights_are_refused(bundled_models_dir, tmp_path):
    folder = folder_in(tmp_path)
    shutil.copytree(folder_in(bundled_models_dir), folder, copy_function=os.link)
    weights = folder / "text" / "model.safetensors"
    changed = bytearray(weights.read_bytes())
    changed[-1] ^= 1
    weights.unlink()
    weights.write_bytes(changed)
    with pytest.raises(ChecksumMismatch, match=r"model\.safetensors has sha256"):
        BundledEncoder(models_dir=tmp_path, blocks=("text",)).load()


def test_weights_that_were_never_fetched_say_how_to_get_them(tmp_path):
    with pytest.raises(MissingDependency, match="prepare_models"):
        BundledEncoder(models_dir=tmp_path).load()


def test_temperature_is_part_of_the_image_identity_only(tmp_path):
    plain, warm = BundledEncoder(models_dir=tmp_path), BundledEncoder(models_dir=tmp_path, temperature=9.0)
    assert plain.identity("image").id != warm.identity("image").id
    assert plain.identity("text").id == warm.identity("text").id
    assert plain.identity("look").id == warm.identity("look").id


def test_unknown_blocks_and_temperatures_are_refused(tmp_path):
    with pytest.raises(EncodingError, match="choose from text, image, look"):
        BundledEncoder(models_dir=tmp_path, blocks=("txt",))
    with pytest.raises(EncodingError, match="above 0"):
        BundledEncoder(models_dir=tmp_path, temperature=0)


@pytest.mark.models
def test_eight_bit_requests_stay_close_and_do_not_depend_on_their_company(bundled_models_dir, loaded):
    fast = BundledEncoder(models_dir=bundled_models_dir, int8_requests=True, recent=0, blocks=("text",))
    texts = ["black running shoes", "一把舒服的椅子", "a gift for someone who loves plants"]
    together = fast.encode_instructions(texts)["text"]
    alone = np.concatenate([fast.encode_instructions([text])["text"] for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-6)
    assert ((together * loaded.encode_instructions(texts)["text"]).sum(axis=1) > 0.99).all()
    np.testing.assert_allclose(fast.encode_texts(texts)["text"], loaded.encode_texts(texts)["text"], atol=1e-5)
