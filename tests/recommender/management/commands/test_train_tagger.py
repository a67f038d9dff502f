"""manage.py train_tagger, on a tiny BERT: what it writes can be served, and what is missing is said."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from fusion.encoders.text import TransformersTextEncoder
from fusion.instructions.adapter import read_adapter
from fusion.types import Item
from recommender.encoders import set_encoders
from recommender.engine import reset_engine
from recommender.models import Correction
from tests.encoders import HashedWords
from tests.fusion.encoders.conftest import save_small_bert

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("train_tagger", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def indexed(host, settings, tmp_path) -> TransformersTextEncoder:
    settings.RECOMMENDER = {**settings.RECOMMENDER, "DATA_DIR": tmp_path / "data"}
    encoder = TransformersTextEncoder(model=str(save_small_bert(tmp_path / "bert")))
    set_encoders([encoder])
    reset_engine()
    host.items = {
        str(i): Item(str(i), f"shoe {i}", category=("Shoes",), brand=brand, attributes={"color": ("red", "blue")})
        for i, brand in enumerate(["Zorblax", "Quuxer", "Frobnic"])
    }
    call_command("index", stdout=io.StringIO())
    yield encoder
    set_encoders(None)
    reset_engine()


def test_it_trains_on_the_index_and_on_corrections_and_can_be_run_again(indexed, tmp_path):
    Correction.objects.create(text="Shoes, skip the flurble", wanted=["shoes"], unwanted=["flurble"])
    said = run("--limit", "50", "--epochs", "1", "--rank", "2")
    assert "Sentences: 55 train, 50 dev, 50 test; 1 corrections among them, 5 times each." in said
    folder = tmp_path / "data" / "models" / "tagger"
    first = read_adapter(folder, indexed.identity("text"))
    assert first.card["sentences"]["train"] == 55
    assert list((folder / "log").glob("events.*"))
    run("--limit", "50", "--epochs", "1", "--rank", "2", "--seed", "5")
    assert read_adapter(folder, indexed.identity("text")).card["training"]["seed"] == 5


def test_another_folder_may_be_named(indexed, tmp_path):
    run(
        "--limit", "50", "--epochs", "1", "--rank", "2", "--layers", "1", "--method", "adalora", "--out", str(tmp_path / "mine")
    )
    card = json.loads((tmp_path / "mine" / "card.json").read_text())
    assert card["training"]["method"] == "adalora"
    assert card["n_layers"] == 1


def test_an_empty_index_says_what_to_do(host):
    set_encoders([HashedWords()])
    reset_engine()
    with pytest.raises(CommandError, match=r"index is empty.*run manage\.py index first"):
        run()
    set_encoders(None)
    reset_engine()


def test_an_encoder_without_a_text_model_says_so(indexed):
    set_encoders([HashedWords()])
    with pytest.raises(CommandError, match=r"No encoder .* has a text model"):
        run("--limit", "50")


def test_too_few_sentences_are_refused(indexed):
    with pytest.raises(CommandError, match="--limit is 5; give at least 50"):
        run("--limit", "5")


def test_a_place_that_cannot_be_written_is_named(indexed, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(CommandError, match="cannot be written"):
        run("--limit", "50", "--epochs", "1", "--rank", "2", "--out", str(Path(tmp_path / "file" / "x")))
