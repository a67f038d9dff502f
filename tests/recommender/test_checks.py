"""recommender.checks: what cannot work is said before it is tried, without reading a weight."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.conf import settings as django_settings

from fusion.types import Item
from recommender.checks import check_settings, check_stored_vectors
from recommender.encoders import set_encoders
from recommender.services.indexing import drain, mark_stale
from tests.encoders import HashedWords


def ids(settings, **given: object) -> list[str]:
    settings.RECOMMENDER = {**settings.RECOMMENDER, **given}
    return [message.id for message in check_settings()]


def test_demo_shop_is_in_order():
    assert check_settings() == []


def test_unknown_key_is_named(settings):
    settings.RECOMMENDER = {**settings.RECOMMENDER, "CATALOGUE": "x"}
    (message,) = check_settings()
    assert (message.id, "CATALOGUE" in message.msg) == ("recommender.E001", True)


@pytest.mark.parametrize("path", ["", "nowhere.Catalog", "django.db.models.Model", "recommender.catalog.Catalog"])
def test_catalog_that_is_none_is_an_error(settings, path):
    assert ids(settings, CATALOG=path) == ["recommender.E002"]


def test_watched_model_that_does_not_exist_is_an_error(settings, monkeypatch):
    from shop.recommendations import ShopCatalog

    monkeypatch.setattr(ShopCatalog, "watched_models", ("catalog.Prodct",))
    assert ids(settings) == ["recommender.E003"]


def test_unknown_encoder_is_an_error(settings):
    assert ids(settings, ENCODERS=[{"BACKEND": "clipp"}]) == ["recommender.E004"]


def test_two_encoders_for_one_block_are_an_error(settings):
    words = {"BACKEND": "tests.encoders.HashedWords"}
    assert ids(settings, ENCODERS=[words, words]) == ["recommender.E005"]


def test_no_encoder_is_an_error(settings):
    assert ids(settings, ENCODERS=[]) == ["recommender.E006"]


@pytest.mark.django_db
def test_vectors_of_another_encoder_are_a_warning_that_names_the_command(host):
    host.items = {"a": Item("a", "Lamp")}
    mark_stale(["a"])
    drain(encoders=[HashedWords("1")])
    set_encoders([HashedWords("1")])
    assert check_stored_vectors(databases=["default"]) == []
    set_encoders([HashedWords("2")])
    (message,) = check_stored_vectors(databases=["default"])
    set_encoders(None)
    assert (message.id, message.hint) == ("recommender.W001", "Run manage.py index --all.")


def test_checks_import_no_torch(tmp_path):
    script = (
        "import django, sys; django.setup()\n"
        "from recommender.checks import check_settings\n"
        "check_settings()\n"
        "heavy = {'torch', 'open_clip', 'transformers', 'torchvision'} & set(sys.modules)\n"
        "sys.exit(repr(heavy) if heavy else 0)"
    )
    env = {**os.environ, "DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "shop.settings"}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=django_settings.BASE_DIR, env=env, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr.decode()[-300:]) == (0, "") or done.returncode == 0, done.stderr.decode()


READER = {"BACKEND": "fusion.instructions.llm.LLMParser"}
ENDPOINT = {"base_url": "https://reader.example/v1", "model": "small"}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ["recommender.E007", "recommender.E007"]),
        ({"base_url": "https://reader.example/v1"}, ["recommender.E007"]),
        ({"base_url": "reader.example", "model": "small"}, ["recommender.E008"]),
        ({**ENDPOINT, "api_key_env": "NO_SUCH_KEY"}, ["recommender.W002"]),
        ({**ENDPOINT, "api_key_env": "READER_API_KEY"}, []),
        (ENDPOINT, []),
    ],
)
def test_remote_reader_that_lacks_something_is_named(settings, monkeypatch, options, expected):
    monkeypatch.setenv("READER_API_KEY", "secret")
    assert ids(settings, PARSER={**READER, "OPTIONS": options}) == expected
