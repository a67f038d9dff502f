"""The training loop, on a tiny BERT with random weights: what comes out is what was trained, and it can be read again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from fusion.encoders.adapted import TokenLabeller
from fusion.encoders.request_bert import RequestBert
from fusion.encoders.text import TransformersTextEncoder
from fusion.exceptions import EncodingError
from fusion.instructions.adapter import LABELS, base_of, write_adapter
from fusion.instructions.tagger import AVOID, WANT, Tag, tagger_on
from fusion.learning import tagging
from fusion.learning.low_rank import TrainingOptions
from fusion.learning.tagging import labels_of, train
from fusion.learning.tagging_data import Sentence, Span, make
from fusion.learning.tagging_report import Judged, avoid_precision_recall, best_threshold
from tests.fusion.encoders.conftest import save_small_bert
from tests.instructions.suite import load_vocabulary


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_small_bert(tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="module")
def sentences() -> dict[str, list[Sentence]]:
    vocabulary = load_vocabulary("clothes")
    return {split: make([vocabulary], n, split) for split, n in (("train", 48), ("dev", 20), ("test", 20))}


@pytest.mark.parametrize("method", ["lora", "adalora"])
def test_a_trained_adapter_says_the_same_served_as_in_training(bert, sentences, tmp_path, monkeypatch, method):
    models = []
    build = tagging.adapted_model
    monkeypatch.setattr(tagging, "adapted_model", lambda *args: models.append(build(*args)) or models[0])
    options = TrainingOptions(method=method, epochs=2, rank=4, batch_tokens=64, learning_rate=0.05, patience=2)
    epochs: list[int] = []
    trained = train(bert, sentences, options, log_dir=tmp_path / "log", on_epoch=lambda epoch, metrics: epochs.append(epoch))
    assert epochs == [1, 2]
    assert list((tmp_path / "log").glob("events.out.tfevents.*"))
    encoder = TransformersTextEncoder(model=str(bert))
    base = base_of(encoder.identity("text"))
    write_adapter(tmp_path / "out", trained.tensors, {"base": base, **trained.card})
    tagger = tagger_on([encoder], tmp_path / "out")
    assert tagger is not None

    import torch

    adapter = tagger.load()
    plain = RequestBert(encoder.text_tower._model, bfloat16=False)
    ids, _ = encoder.text_tower.tokenise_with_offsets("a red shoe camera x")
    served = TokenLabeller(plain, adapter.tensors, adapter.n_layers)(ids)
    without = TokenLabeller(plain, {k: v * k.startswith("head") for k, v in adapter.tensors.items()}, adapter.n_layers)(ids)
    with torch.inference_mode():
        expected = models[0].eval()(input_ids=torch.tensor([ids])).logits[0].softmax(-1).numpy()
    error = np.abs(served - expected).max()
    assert error < 0.001  # the adapter is stored in half precision
    assert np.abs(without - expected).max() > 5 * error  # and changes what the encoder says


def test_the_card_says_what_was_trained_on_what(bert, sentences, tmp_path):
    trained = train(bert, sentences, TrainingOptions(epochs=1, n_layers=1, rank=2, seed=7))
    card = trained.card
    assert card["sentences"] == {"train": 48, "dev": 20, "test": 20}
    assert card["n_layers"] == 1
    assert card["training"]["seed"] == 7
    assert set(card["metrics"]["test"]) >= {"f1", "f1_en", "f1_zh", "avoid_precision_zh", "avoid_recall_en"}
    assert 0.5 <= card["threshold"] < 1
    assert "precision" in trained.reports["dev"].text
    assert {name for name in trained.tensors if not name.startswith("head")} == {
        f"layer.0.{projection}.{part}" for projection in ("query", "value") for part in ("down", "up")
    }
    json.dumps(dict(card))


def test_training_stops_when_dev_gets_no_better(bert, sentences):
    epochs: list[int] = []
    options = TrainingOptions(epochs=6, learning_rate=0.0, patience=2, rank=2)
    trained = train(bert, sentences, options, on_epoch=lambda epoch, metrics: epochs.append(epoch))
    assert epochs == [1, 2, 3]
    assert trained.card["training"]["best_epoch"] == 1


def test_an_unknown_method_is_named():
    with pytest.raises(EncodingError, match="'qlora' is not known; choose one of lora, adalora"):
        TrainingOptions(method="qlora")


def test_a_token_belongs_to_the_span_that_holds_most_of_it():
    sentence = Sentence("no navy blue boots", (Span(3, 12, AVOID), Span(13, 18, WANT)))
    places = [(0, 0), (0, 2), (3, 7), (8, 12), (12, 18), (0, 0)]
    found = [LABELS[label] if label >= 0 else "" for label in labels_of(sentence, places)]
    assert found == ["", "O", "B-AVOID", "I-AVOID", "B-WANT", ""]


def test_the_threshold_is_the_lowest_that_is_right_often_enough():
    sure = [Judged("en", [], [], {(0, 3)}, [Tag(0, 3, AVOID, 0.9)]) for _ in range(50)]
    wrong = [Judged("en", [], [], set(), [Tag(0, 3, AVOID, 0.7)]) for _ in range(50)]
    assert best_threshold([*sure, *wrong]) == 0.71
    assert avoid_precision_recall([*sure, *wrong], 0.5) == (0.5, 1.0)
    assert avoid_precision_recall([*sure, *wrong], 0.95) == (1.0, 0.0)
