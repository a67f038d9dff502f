"""LoRA and AdaLoRA of a small real BERT: what is trained is what is served, and a tower that does not help is left out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from fusion.encoders.adapted import TunedWords
from fusion.encoders.base import BlockSpec, Encoder, EncoderIdentity
from fusion.encoders.heads import Heads
from fusion.encoders.projected import ProjectedEncoder
from fusion.encoders.words import TextTower
from fusion.exceptions import ChecksumMismatch, EncodingError
from fusion.learning.adaptation import AdaptationOptions, PairData, TowerSource, train
from fusion.learning.adaptation_tower import TunedTower
from fusion.learning.low_rank import TrainingOptions
from fusion.types import Matrix
from tests.fusion.encoders.conftest import save_small_bert

WORDS = ("red", "shoe", "camera", "x", "椅")
TEXTS = [" ".join(chosen) for n in (2, 3) for chosen in permutations(WORDS, n)]  # 80 of them
DIM = 32


@pytest.fixture(scope="module")
def small_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_small_bert(tmp_path_factory.mktemp("tower"))


class SmallWords(Encoder):
    """A block "image" that the small BERT's words reach."""

    def __init__(self, folder: Path, tunable: bool = True) -> None:
        self.tower, self.tunable = TextTower(folder), tunable

    @property
    def blocks(self) -> tuple[BlockSpec, ...]:
        return (BlockSpec("image", DIM, "photo", "small", True),)

    def identity(self, block: str) -> EncoderIdentity:
        return EncoderIdentity("small", "bert", "1", DIM, "mean", "query: ")

    def load(self) -> None:
        self.tower.load()

    @property
    def is_loaded(self) -> bool:
        return self.tower.is_loaded

    @property
    def text_tower(self) -> TextTower | None:
        return self.tower if self.tunable else None

    def encode_texts(self, texts: Sequence[str]) -> Mapping[str, Matrix]:
        return {}

    def encode_photos(self, photos) -> Mapping[str, Matrix]:
        return {"image": np.ones((len(photos), DIM), np.float32) / np.sqrt(DIM)}

    def encode_instructions(self, texts: Sequence[str]) -> Mapping[str, Matrix]:
        return {"image": self.tower.encode_requests(texts, "query: ")}


def pairs(encoder: SmallWords) -> PairData:
    """Photos that show which words were said, whatever their order."""
    draw = np.random.default_rng(0)
    shown = draw.normal(size=(len(WORDS), DIM))
    photos = np.stack([sum(shown[WORDS.index(word)] for word in text.split()) for text in TEXTS])
    photos += 0.1 * draw.normal(size=photos.shape)
    photos = (photos / np.linalg.norm(photos, axis=1, keepdims=True)).astype(np.float32)
    order = draw.permutation(len(TEXTS)).tolist()
    parts = {"train": order[:60], "validation": order[60:]}
    return PairData(encoder.encode_instructions(TEXTS)["image"], photos, [(row,) for row in range(len(TEXTS))], parts)


def source(folder: Path) -> TowerSource:
    return TowerSource(str(folder), "query: ", "mean", TEXTS)


QUICK = AdaptationOptions(
    epochs=2, batch_size=20, learning_rate=3e-3, dropout=0.0, threads=1, tower_epochs=3, tower_learning_rate=3e-2, rank=4
)


@pytest.mark.parametrize("method", ["lora", "adalora"])
def test_what_was_trained_is_what_is_served(small_bert: Path, method: str) -> None:
    import torch

    tower = TunedTower(str(small_bert), TEXTS, "query: ", "mean", TrainingOptions(method, rank=4), total=30)
    optimizer = torch.optim.AdamW(tower.parameters, lr=0.05)
    before = tower.vectors(range(20), training=False)
    for step in range(3):
        optimizer.zero_grad()
        tower.vectors(range(20), training=True)[:, 0].sum().backward()
        optimizer.step()
        tower.allocate(step)
    after = tower.vectors(range(20), training=False)
    assert float((before - after).abs().max()) > 0.01
    served = TunedWords(TextTower(small_bert), tower.exported(), "query: ")(TEXTS[:20])
    np.testing.assert_allclose(served, after.numpy(), atol=2e-2)  # bfloat16 where the processor has it


@pytest.mark.parametrize("method", ["lora", "adalora"])
def test_a_tower_is_tuned_together_with_the_heads_and_goes_through_their_bytes(small_bert: Path, method: str) -> None:
    encoder = SmallWords(small_bert)
    data = pairs(encoder)
    heads_alone = train(data, QUICK)
    tuned = train(data, replace(QUICK, method=method, tower_epochs=12), tower=source(small_bert))
    assert tuned.validation["mrr"] > heads_alone.validation["mrr"] >= tuned.validation["mrr_before"]
    assert tuned.best_epoch > QUICK.epochs
    content = Heads("image", ("image",), {"image": encoder.identity("image").id}, tuned.tensors, {}).to_bytes()
    heads = Heads.from_bytes(content, hashlib.sha256(content).hexdigest())
    assert {name.split(".")[1] for name in heads.tower} == {"0", "1"}
    served = ProjectedEncoder(encoder, heads).encode_instructions(TEXTS[:5])["image"]
    plain = heads.words(encoder.encode_instructions(TEXTS[:5])["image"])
    np.testing.assert_allclose(np.linalg.norm(served, axis=1), 1.0, atol=1e-4)
    assert not np.allclose(served, plain, atol=1e-3)


def test_a_tower_that_makes_validation_no_better_is_not_paid_for(small_bert: Path) -> None:
    data = pairs(SmallWords(small_bert))
    still = train(data, replace(QUICK, method="lora", tower_learning_rate=1e-12), tower=source(small_bert))
    assert not any(name.startswith("tower.") for name in still.tensors)
    assert still.best_epoch == train(data, QUICK).best_epoch


def test_a_run_that_was_cut_off_in_the_tower_goes_on_there(small_bert: Path, tmp_path: Path) -> None:
    class Killed(Exception):
        pass

    def die(epoch: int, metrics) -> None:
        if epoch == 4:
            raise Killed

    data, options = pairs(SmallWords(small_bert)), replace(QUICK, method="lora")
    file = tmp_path / "checkpoint.safetensors"
    whole = train(data, options, tower=source(small_bert))
    with pytest.raises(Killed):
        train(data, options, tower=source(small_bert), checkpoint=file, on_epoch=die)
    epochs: list[int] = []
    resumed = train(data, options, tower=source(small_bert), checkpoint=file, on_epoch=lambda n, metrics: epochs.append(n))
    assert epochs == [1, 2, 4, 5]  # the heads take a second; of the tower one epoch was kept
    for name, tensor in whole.tensors.items():
        np.testing.assert_allclose(resumed.tensors[name], tensor, atol=1e-5)
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_tuned_or_served_is_refused(small_bert: Path) -> None:
    encoder = SmallWords(small_bert)
    data = pairs(encoder)
    with pytest.raises(EncodingError, match="needs an encoder whose text tower"):
        train(data, replace(QUICK, method="lora"))
    with pytest.raises(EncodingError, match="choose one of heads, lora, adalora"):
        AdaptationOptions(method="full")
    with pytest.raises(EncodingError, match="only a tower that takes the mean"):
        TunedTower(str(small_bert), TEXTS, "", "cls", TrainingOptions(), 10)
    tuned = train(data, replace(QUICK, method="lora"), tower=source(small_bert))
    content = Heads("image", ("image",), {"image": encoder.identity("image").id}, tuned.tensors, {}).to_bytes()
    heads = Heads.from_bytes(content, hashlib.sha256(content).hexdigest())
    with pytest.raises(ChecksumMismatch, match="none that can be tuned"):
        ProjectedEncoder(SmallWords(small_bert, tunable=False), heads)
    broken = dict(list(tuned.tensors.items())[:-1])
    content = Heads("image", ("image",), {"image": "x"}, broken, {}).to_bytes()
    with pytest.raises(ChecksumMismatch, match="not what they should be"):
        Heads.from_bytes(content, hashlib.sha256(content).hexdigest())
