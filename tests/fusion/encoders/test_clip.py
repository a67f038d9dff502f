from __future__ import annotations

import shutil

import numpy as np
import pytest
from PIL import Image

from fusion.encoders.clip import OpenClipEncoder
from fusion.exceptions import EncodingError, MissingDependency
from tests.contracts.encoder_contract import EncoderContract


class TestSmallClip(EncoderContract):
    @pytest.fixture
    def encoder(self, small_clip):
        return OpenClipEncoder(model=f"local-dir:{small_clip}")


def test_a_local_folder_gives_what_open_clip_itself_gives(small_clip):
    import open_clip
    import torch

    model, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{small_clip}")
    model.eval()
    photo = Image.effect_noise((48, 40), 60).convert("RGB")
    with torch.inference_mode():
        image = model.encode_image(preprocess(photo)[None], normalize=True).numpy()
        text = model.encode_text(open_clip.get_tokenizer(f"local-dir:{small_clip}")(["a camera"]), normalize=True).numpy()
    encoder = OpenClipEncoder(model=f"local-dir:{small_clip}")
    np.testing.assert_allclose(encoder.encode_photos([photo])["image"], image, atol=1e-5)
    np.testing.assert_allclose(encoder.encode_instructions(["a camera"])["image"], text, atol=1e-5)


def test_dimension_and_identity_need_no_weights(small_clip):
    encoder = OpenClipEncoder(model=f"local-dir:{small_clip}")
    assert encoder.blocks[0].dim == 24
    assert encoder.identity("image").backend == "open_clip"
    assert not encoder.is_loaded


def test_other_weights_are_another_identity(small_clip, tmp_path):
    from safetensors.torch import load_file, save_file

    other = tmp_path / "other"
    shutil.copytree(small_clip, other)
    weights = load_file(other / "open_clip_model.safetensors")
    weights["logit_scale"] = weights["logit_scale"] + 1
    save_file(weights, other / "open_clip_model.safetensors")
    ids = {OpenClipEncoder(model=f"local-dir:{folder}").identity("image").checksum for folder in (small_clip, other)}
    assert len(ids) == 2


def test_the_prompt_wraps_the_words_and_is_part_of_the_identity(small_clip):
    plain = OpenClipEncoder(model=f"local-dir:{small_clip}")
    wrapped = OpenClipEncoder(model=f"local-dir:{small_clip}", prompt="a photo of {}")
    np.testing.assert_allclose(
        wrapped.encode_instructions(["shoes"])["image"], plain.encode_instructions(["a photo of shoes"])["image"], atol=1e-6
    )
    assert plain.identity("image").id != wrapped.identity("image").id


def test_a_folder_with_a_pickle_only_is_refused_before_it_is_read(small_clip, tmp_path):
    folder = tmp_path / "pickled"
    shutil.copytree(small_clip, folder)
    (folder / "open_clip_model.safetensors").rename(folder / "open_clip_pytorch_model.bin")
    with pytest.raises(MissingDependency, match=r"no \.safetensors weights.*can carry code"):
        OpenClipEncoder(model=f"local-dir:{folder}").load()


def test_a_pt_checkpoint_is_refused(tmp_path):
    checkpoint = tmp_path / "model.pt"
    checkpoint.write_bytes(b"\x80\x04anything")
    with pytest.raises(EncodingError, match=r"not a \.safetensors file"):
        OpenClipEncoder(model="ViT-B-32", pretrained=str(checkpoint)).load()


def test_a_missing_folder_and_an_unknown_model_say_so(tmp_path):
    with pytest.raises(MissingDependency, match=r"open_clip_config\.json is missing"):
        _ = OpenClipEncoder(model=f"local-dir:{tmp_path}").blocks
    with pytest.raises(MissingDependency, match="has no model 'ViT-Q-99'"):
        _ = OpenClipEncoder(model="ViT-Q-99").blocks


def test_a_prompt_without_a_place_for_the_words_is_refused(small_clip):
    with pytest.raises(EncodingError, match="must contain"):
        OpenClipEncoder(model=f"local-dir:{small_clip}", prompt="a photo")
