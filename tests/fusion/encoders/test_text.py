from __future__ import annotations

import shutil

import numpy as np
import pytest

from fusion.encoders.text import TransformersTextEncoder
from fusion.encoders.words import batches_by_length
from fusion.exceptions import EncodingError, MissingDependency
from tests.contracts.encoder_contract import EncoderContract


class TestSmallBert(EncoderContract):
    @pytest.fixture
    def encoder(self, small_bert):
        return TransformersTextEncoder(model=str(small_bert), query_prefix="query: ", passage_prefix="passage: ")


def test_construction_reads_no_weights(small_bert):
    assert not TransformersTextEncoder(model=str(small_bert)).is_loaded


def test_pooling_and_prefixes_change_the_vectors_and_the_identity(small_bert):
    mean = TransformersTextEncoder(model=str(small_bert))
    first = TransformersTextEncoder(model=str(small_bert), pooling="cls", query_prefix="query: ")
    assert mean.identity("text").id != first.identity("text").id
    assert not np.allclose(mean.encode_texts(["a red shoe"])["text"], first.encode_texts(["a red shoe"])["text"], atol=1e-3)


def test_a_model_that_is_nowhere_says_what_to_do(tmp_path):
    with pytest.raises(MissingDependency, match=r"cannot be read.*Give a folder with config\.json"):
        TransformersTextEncoder(model=str(tmp_path / "nothing")).load()


def test_a_folder_with_a_pickle_only_is_refused(small_bert, tmp_path):
    import torch

    folder = tmp_path / "pickled"
    shutil.copytree(small_bert, folder)
    (folder / "model.safetensors").unlink()
    torch.save({"embeddings.word_embeddings.weight": torch.zeros(1)}, folder / "pytorch_model.bin")
    with pytest.raises(MissingDependency, match=r"model\.safetensors"):
        TransformersTextEncoder(model=str(folder)).load()


def test_an_unknown_pooling_is_refused_with_the_known_ones():
    with pytest.raises(EncodingError, match="choose one of mean, cls"):
        TransformersTextEncoder(model="x", pooling="max")


def test_batches_hold_texts_of_like_length_within_the_budget():
    lengths = [9, 2, 100, 3, 9, 2]
    batches = batches_by_length(lengths, 20)
    assert batches == [[1, 5, 3], [0, 4], [2]]
    assert batches_by_length([], 20) == []
