"""recommender.selectors: counts that add up."""

from __future__ import annotations

import pytest

from fusion.types import Item
from recommender import selectors
from recommender.encoders import set_encoders
from recommender.services import ledger
from recommender.services.indexing import drain, mark_stale
from tests.encoders import HashedWords, MeanColours

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(host, make_photo):
    set_encoders([HashedWords(), MeanColours()])
    host.items = {
        "good": Item("good", "Lamp", photos=(make_photo(),)),
        "bad": Item("bad", "Lamp", photos=(make_photo(ref="bad", data=b"no photo"),)),
        "plain": Item("plain", "Lamp"),
    }
    yield host
    set_encoders(None)


def test_expected_is_embedded_failed_and_pending_together(shop):
    mark_stale(shop.items)
    waiting = selectors.coverage()
    assert (waiting.items, waiting.stale, waiting.is_complete) == (0, 3, False)
    drain()
    text, look = selectors.coverage().blocks
    assert (text.block, text.expected, text.embedded, text.failed, text.pending) == ("text", 3, 3, 0, 0)
    assert (look.block, look.expected, look.embedded, look.failed, look.pending) == ("look", 2, 1, 1, 0)
    assert look.percent == 50.0


def test_another_encoder_makes_everything_pending(shop):
    mark_stale(shop.items)
    drain()
    set_encoders([HashedWords("2")])
    (text,) = selectors.coverage().blocks
    assert (text.expected, text.embedded, text.pending) == (3, 0, 3)
    assert {gap.reason for gap in selectors.missing()} == {"It was never marked: run manage.py reconcile."}


def test_worker_counts_as_long_as_it_beats(shop):
    assert selectors.coverage().workers == 0
    ledger.beat(models_loaded=True)
    ledger.beat(models_loaded=True)
    assert selectors.coverage().workers == 1
