from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from recommender.encoders import set_encoders
from recommender.engine import reset_engine
from recommender.exceptions import PromotionRefused
from recommender.models import ModelVersion
from recommender.services import indexing, projection, switching, versions
from recommender.services.outbox import mark_stale
from tests.encoders import ColourSpace
from tests.recommender.encoder_shop import coloured, version_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop(host) -> Iterator[Any]:
    set_encoders([ColourSpace()])
    reset_engine()
    host.items = coloured(6)
    mark_stale(list(host.items))
    indexing.drain()
    yield host
    set_encoders(None)
    reset_engine()


def test_an_encoder_is_built_and_put_in_force_and_back_in_one_step_each() -> None:
    version = version_of(ColourSpace())
    assert projection.missing(version) == 6
    assert switching.refusals(version) == []
    change = switching.promote(version, "ann", "recall doubled")
    assert (change.version, projection.missing(version)) == (version, 0)
    assert versions.live("encoder") == version
    assert switching.roll_back("encoder", "ann", "slower").version is None


def test_what_takes_long_is_a_command_s_work(monkeypatch) -> None:
    monkeypatch.setattr(switching, "BUILT_AT_ONCE", 5)
    version = version_of(ColourSpace())
    assert [refusal.code for refusal in switching.refusals(version)] == ["not_built"]
    with pytest.raises(PromotionRefused, match=f"manage.py models promote {version.pk}"):
        switching.promote(version, "ann", "recall doubled")
    assert projection.missing(version) == 6
    switching.promote(version, "ann", "recall doubled", wait=True)
    assert versions.live("encoder") == version


def test_a_damaged_encoder_is_refused_as_damaged() -> None:
    version = version_of(ColourSpace())
    ModelVersion.objects.filter(pk=version.pk).update(data=b"other")
    version.refresh_from_db()
    assert [refusal.code for refusal in switching.refusals(version)] == ["damaged"]
    with pytest.raises(PromotionRefused, match="damaged"):
        switching.promote(version, "ann", "please", force=True)
