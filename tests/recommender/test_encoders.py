"""recommender.encoders: one set of encoders a process."""

from __future__ import annotations

import pytest

from recommender.encoders import blocks_of, get_encoders, load_all, set_encoders, usable_blocks
from tests.encoders import HashedWords, MeanColours


@pytest.fixture(autouse=True)
def forget():
    yield
    set_encoders(None)


def test_settings_name_the_encoders_and_a_process_makes_them_once(settings):
    one = {"BACKEND": "tests.encoders.HashedWords", "OPTIONS": {"version": "7"}}
    settings.RECOMMENDER = {**settings.RECOMMENDER, "ENCODERS": [one]}
    (encoder,) = get_encoders()
    assert encoder.identity("text").checksum == "7"
    assert get_encoders()[0] is encoder


def test_another_setting_makes_other_encoders(settings):
    set_encoders([HashedWords()])
    settings.RECOMMENDER = {**settings.RECOMMENDER, "ENCODERS": [{"BACKEND": "tests.encoders.MeanColours"}]}
    assert isinstance(get_encoders()[0], MeanColours)


def test_blocks_carry_the_identity_of_their_vectors():
    words = HashedWords()
    assert [(block.name, block.encoder_id) for block in blocks_of([words])] == [("text", words.identity("text").id)]


def test_encoder_without_its_files_does_not_hide_the_others():
    class Absent(MeanColours):
        def identity(self, block):
            raise FileNotFoundError("no weights")

    blocks, unavailable = usable_blocks([Absent(), HashedWords()])
    assert ([block.name for block in blocks], unavailable) == (["text"], {"look": "no weights"})


def test_load_all_reads_every_weight():
    encoders = [HashedWords(), MeanColours()]
    load_all(encoders)
    assert all(encoder.is_loaded for encoder in encoders)
