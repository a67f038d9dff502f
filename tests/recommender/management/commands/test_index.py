"""manage.py index, reconcile and prepare_models: what an operator types."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from fusion.types import Item
from recommender.encoders import set_encoders
from recommender.models import Job
from tests.encoders import HashedWords, MeanColours


@pytest.fixture
def words(host, make_photo):
    encoder = HashedWords()
    set_encoders([encoder, MeanColours()])
    host.items = {
        "good": Item("good", "Lamp", photos=(make_photo(),)),
        "bad": Item("bad", "Chair", photos=(make_photo(ref="bad", data=b"no photo"),)),
    }
    yield encoder
    set_encoders(None)


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_index_embeds_what_is_new_and_says_what_failed(words):
    said = run("index")
    assert "2 items" in said
    assert ["look", "2", "1", "1", "0", "50.0%"] in [line.split() for line in said.splitlines()]
    assert "bad look: Photo 1: " in said
    assert Job.objects.get().state == "done"


@pytest.mark.django_db
def test_second_index_encodes_nothing_and_all_encodes_everything(words):
    run("index")
    words.encoded.clear()
    assert "nothing to encode" in run("index")
    assert words.encoded == []
    run("index", "--all")
    assert sorted(words.encoded) == ["Chair", "Lamp"]


@pytest.mark.django_db
def test_reconcile_lists_what_is_missing_with_its_reason(words):
    said = run("reconcile")
    assert "2 items compared: new=2" in said
    assert "look: 1 of 2 embedded (50.0%)" in said
    assert "bad look: Photo 1: " in said


@pytest.mark.models
def test_prepare_models_names_the_blocks():
    assert "text: 384 numbers a vector" in run("prepare_models")


def test_prepare_models_fails_where_an_encoder_has_no_files():
    class Absent(HashedWords):
        def identity(self, block):
            raise FileNotFoundError("no weights here")

    set_encoders([Absent()])
    try:
        with pytest.raises(CommandError, match="no weights here"):
            run("prepare_models")
    finally:
        set_encoders(None)
