from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from fusion.types import Item, Money
from recommender import engine as engine_module
from recommender.catalog import Shopper
from recommender.encoders import set_encoders
from recommender.engine import Engine, get_engine, reset_engine
from recommender.models import Event, IndexedItem, IndexState
from recommender.popularity import popularity_of_items
from recommender.services import indexing
from recommender.services.outbox import mark_stale
from recommender.services.serving import RecommendationRequest, recommend
from tests.encoders import HashedWords

pytestmark = pytest.mark.django_db


def item(item_id: str, title: str, price: str = "10") -> Item:
    return Item(item_id, title, price=Money.from_major(Decimal(price), "USD"))


@pytest.fixture
def words(host) -> Iterator[HashedWords]:
    encoder = HashedWords()
    set_encoders([encoder])
    reset_engine()
    host.items = {"a": item("a", "red shoe"), "b": item("b", "blue chair")}
    mark_stale(["a", "b"])
    indexing.drain()
    yield encoder
    set_encoders(None)
    reset_engine()


def test_a_process_reads_the_index_once_and_then_only_what_changed(words: HashedWords, host, django_assert_num_queries) -> None:
    engine = get_engine()
    engine.refresh()
    assert sorted(engine.collection.ids()) == ["a", "b"]
    with django_assert_num_queries(1):
        engine.refresh()
    host.items["c"] = item("c", "green lamp")
    del host.items["a"]
    mark_stale(["a", "c"])
    indexing.drain()
    engine.refresh()
    assert sorted(engine.collection.ids()) == ["b", "c"]
    assert engine.revision == IndexState.objects.get().revision


def test_two_processes_that_saw_different_deltas_hold_the_same(words: HashedWords, host) -> None:
    early = Engine()
    early.refresh()
    host.items["a"] = item("a", "red boot", "20")
    mark_stale(["a"])
    indexing.drain()
    early.refresh()
    late = Engine()
    late.refresh()
    for engine in (early, late):
        held = engine.collection.item("a")
        assert held is not None
        assert (held.title, held.price) == ("red boot", Money(2000, "USD"))
    assert early.collection.columns.vocabulary() == late.collection.columns.vocabulary()


def test_tables_that_were_restored_to_an_earlier_state_are_read_anew(words: HashedWords) -> None:
    engine = get_engine()
    engine.refresh()
    IndexedItem.objects.filter(pk="b").delete()
    IndexedItem.objects.update(revision=0)
    IndexState.objects.update(revision=0)
    engine.refresh()
    assert engine.collection.ids() == ["a"]


def test_vectors_of_another_encoder_are_not_mixed_in(words: HashedWords) -> None:
    set_encoders([HashedWords(version="2")])
    reset_engine()
    engine = get_engine()
    engine.refresh()
    rows = engine.collection.rows_of(["a"])
    assert not engine.collection.index.vectors("text", rows)[1][0]
    assert engine.blank_blocks == ("text",)
    assert "index" in recommend(RecommendationRequest(text="shoe"), Shopper()).answer.degraded
    mark_stale(["a", "b"])
    indexing.drain()
    assert recommend(RecommendationRequest(text="shoe"), Shopper()).answer.degraded == ()


def test_what_shoppers_lately_did_becomes_popularity(words: HashedWords, monkeypatch) -> None:
    Event.objects.create(kind="purchase", item_id="b")
    engine = get_engine()
    engine.refresh()
    popularity = dict(zip(engine.collection.ids(), engine.collection.columns.numbers("popularity"), strict=True))
    assert popularity["a"] == 0.0
    assert popularity["b"] == pytest.approx(popularity_of_items()["b"]) != 0.0


def test_ready_only_when_the_models_answered_a_probe_and_the_index_was_read(words: HashedWords) -> None:
    engine = get_engine()
    assert not engine.ready().ready
    engine.warm_up()
    state = engine.ready()
    assert (state.ready, state.models, state.items, state.degraded) == (True, {"HashedWords": "ok"}, 2, ())


def test_a_model_that_fails_its_probe_is_named_and_keeps_the_process_unready(words: HashedWords, monkeypatch) -> None:
    def fail() -> None:
        raise OSError("weights are gone")

    monkeypatch.setattr(words, "load", fail)
    engine = get_engine()
    engine.warm_up()
    assert not engine.ready().ready
    assert engine.ready().models == {"HashedWords": "weights are gone"}


def test_in_a_large_catalogue_words_are_learnt_beside_serving(words: HashedWords, host, monkeypatch) -> None:
    monkeypatch.setattr(engine_module, "INLINE_ITEMS", 1)
    engine = get_engine()
    engine.refresh()
    assert len(engine.collection.lexical) == 2  # the first time there is nothing to serve from, so it waits


def test_a_remote_reader_without_an_answer_degrades_the_answer_and_nothing_else(words: HashedWords, settings) -> None:
    options = {"base_url": "http://127.0.0.1:9/v1", "model": "small", "seconds": 2.0}
    reader = {"BACKEND": "fusion.instructions.llm.LLMParser", "OPTIONS": options}
    settings.RECOMMENDER = {**settings.RECOMMENDER, "PARSER": reader}
    set_encoders([words])  # a changed setting forgets them
    served = recommend(RecommendationRequest(text="red shoe"), Shopper())
    assert served.answer.degraded == ("reader",)
    assert served.answer.items[0].item.item_id == "a"


def test_unknown_words_are_linked_by_meaning_only_where_switched_on_and_never_load_a_model(words, host, settings) -> None:
    host.items["z"] = Item("z", "a thing", category=("Zorblax Quux",))
    mark_stale(["z"])
    indexing.drain()
    off = Engine()
    off.refresh()
    off._prepare_parser()
    assert off.parser.parse("quux zorblax").constraints == ()
    settings.RECOMMENDER = {**settings.RECOMMENDER, "LINK_UNKNOWN": True}
    set_encoders([words])
    words.loads = 0
    on = Engine()
    on.refresh()
    on._prepare_parser()  # fails quietly: nothing is loaded
    assert on.parser.parse("quux zorblax").constraints == ()
    assert words.loads == 0
    words.load()
    on._prepare_parser()
    (want,) = on.parser.parse("quux zorblax").constraints
    assert (want.field, want.values) == ("category", ("Zorblax Quux",))
