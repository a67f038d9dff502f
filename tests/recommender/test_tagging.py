"""Which tagger the settings name, and that a shop answers without one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fusion.encoders.text import TransformersTextEncoder
from fusion.instructions.adapter import base_of, write_adapter
from fusion.instructions.base import InstructionParser
from fusion.instructions.tagger import BUNDLED
from fusion.types import Instruction, Vocabulary
from recommender.encoders import set_encoders
from recommender.engine import Engine
from recommender.tagging import build_tagger, tagger_folder
from tests.encoders import HashedWords
from tests.fusion.encoders.conftest import save_small_bert


@pytest.fixture
def configure(settings, tmp_path):
    def change(**given):
        settings.RECOMMENDER = {**settings.RECOMMENDER, "DATA_DIR": tmp_path / "data", **given}

    yield change
    set_encoders(None)


def test_it_is_off_unless_it_is_switched_on(configure):
    configure()
    assert tagger_folder() is None
    assert build_tagger() is None


def test_a_trained_one_comes_before_the_bundled_one_when_told_so(configure, tmp_path):
    configure(TAGGER="trained")
    assert tagger_folder() == BUNDLED
    folder = tmp_path / "data" / "models" / "tagger"
    folder.mkdir(parents=True)
    (folder / "card.json").write_text("{}")
    assert tagger_folder() == folder
    configure(TAGGER="bundled")
    assert tagger_folder() == BUNDLED
    configure(TAGGER=str(tmp_path))
    assert tagger_folder() == tmp_path


def test_encoders_without_a_text_tower_mean_no_tagger(configure, caplog):
    configure(TAGGER="bundled")
    set_encoders([HashedWords()])
    assert build_tagger() is None
    assert "no encoder has a text tower" in caplog.text


@pytest.mark.django_db
@pytest.mark.parametrize("folder", ["missing", "of_another_encoder"])
def test_the_engine_reads_requests_with_a_tagger_that_cannot_be_used(configure, tmp_path, folder, caplog):
    encoder = TransformersTextEncoder(model=str(save_small_bert(tmp_path / "bert")))
    if folder == "of_another_encoder":
        other = {**base_of(encoder.identity("text")), "checksum": "another"}
        write_adapter(tmp_path / folder, {"head.bias": np.zeros(5)}, {"base": other, "n_layers": 1, "threshold": 0.9})
    configure(TAGGER=str(tmp_path / folder))
    set_encoders([encoder])
    engine = Engine()
    assert engine.tagger is None
    assert "event=tagger_off" in caplog.text
    encoder.load()
    assert engine.parser.parse("flurble under 20 dollars").musts[0].high == 2000


def test_a_folder_that_is_no_text_is_refused_as_a_setting(configure):
    from django.core.exceptions import ImproperlyConfigured

    from recommender.conf import get_settings

    configure(TAGGER=Path("x"))
    with pytest.raises(ImproperlyConfigured, match="TAGGER"):
        get_settings()


class Plain(InstructionParser):
    """A parser of a host's own, which knows no tagger."""

    def __init__(self, exchange_rates: object) -> None:
        self.rates = exchange_rates

    def fit(self, vocabulary: Vocabulary) -> None: ...

    def parse(self, text: str, *, language: str = "", currency: str = "") -> Instruction:
        return Instruction(text=text)


@pytest.mark.django_db
def test_a_parser_that_knows_no_tagger_is_given_none(configure):
    configure(PARSER={"BACKEND": "tests.recommender.test_tagging.Plain"})
    set_encoders([HashedWords()])
    assert Engine().parser.parse("x").text == "x"
