"""recommender.services.indexing: from what a shop says to stored vectors."""

from __future__ import annotations

import threading
from decimal import Decimal

import numpy as np
import pytest
from django.db import connection

from fusion.exceptions import EncodingError, MissingDependency
from fusion.types import Item, Money, Photo
from recommender.models import IndexedItem, IndexState, ItemEmbedding, ItemFailure, StaleItem
from recommender.services import leases
from recommender.services.indexing import drain, mark_all_stale, mark_stale
from tests.encoders import HashedWords, MeanColours

pytestmark = pytest.mark.django_db


def put(host, *items: Item) -> None:
    host.items.update({item.item_id: item for item in items})
    mark_stale([item.item_id for item in items])


def stored_vector(item_id: str, block: str) -> np.ndarray:
    return np.frombuffer(ItemEmbedding.objects.get(item_id=item_id, block=block).vector, dtype="<f2").astype(np.float32)


def revision() -> int:
    return IndexState.objects.get(pk=1).revision


def test_item_is_stored_with_its_vectors_facts_and_a_revision(host, make_photo):
    put(host, Item("a", "Red lamp", price=Money(1000, "USD"), photos=(make_photo("red"),)))
    words = HashedWords()
    report = drain(encoders=[words, MeanColours()])
    assert (report.items, dict(report.encoded), report.revision, report.finished) == (1, {"text": 1, "look": 1}, 1, True)
    assert stored_vector("a", "text") == pytest.approx(words.encode_instructions(["Red lamp"])["text"][0], abs=1e-3)
    assert np.linalg.norm(stored_vector("a", "look")) == pytest.approx(1.0, abs=1e-3)
    row = IndexedItem.objects.get(pk="a")
    assert (row.facts["title"], row.n_photos, row.removed) == ("Red lamp", 1, False)
    assert not StaleItem.objects.exists()


def test_price_edit_touches_no_encoder_and_bumps_the_revision(host, make_photo):
    put(host, Item("a", "Red lamp", price=Money(1000, "USD"), photos=(make_photo(),)))
    drain(encoders=[HashedWords(), MeanColours()])
    put(host, Item("a", "Red lamp", price=Money.from_major(Decimal("20"), "USD"), photos=(make_photo(),)))
    words, looks = HashedWords(), MeanColours()
    report = drain(encoders=[words, looks])
    assert (words.loads, looks.loads, report.unchanged, dict(report.encoded)) == (0, 0, 1, {})
    assert IndexedItem.objects.get(pk="a").facts["price_minor"] == 2000
    assert revision() == 2


def test_save_without_a_change_writes_nothing_and_keeps_the_revision(host):
    put(host, Item("a", "Red lamp"))
    drain(encoders=[HashedWords()])
    mark_stale(["a"])
    assert drain(encoders=[HashedWords()]).encoded == {}
    assert revision() == 1


def test_new_words_encode_the_text_block_only(host, make_photo):
    put(host, Item("a", "Red lamp", photos=(make_photo(),)))
    drain(encoders=[HashedWords(), MeanColours()])
    put(host, Item("a", "Blue lamp", photos=(make_photo(),)))
    words, looks = HashedWords(), MeanColours()
    drain(encoders=[words, looks])
    assert (words.encoded, looks.n_encoded) == (["Blue lamp"], 0)


def test_vector_of_several_photos_is_their_normalised_mean(host, make_photo):
    photos = [make_photo("red"), make_photo("blue")]
    put(host, Item("a", "Lamp", photos=tuple(photos)))
    drain(encoders=[MeanColours()])
    put(host, Item("r", "Lamp", photos=(photos[0],)), Item("b", "Lamp", photos=(photos[1],)))
    drain(encoders=[MeanColours()])
    mean = stored_vector("r", "look") + stored_vector("b", "look")
    assert stored_vector("a", "look") == pytest.approx(mean / np.linalg.norm(mean), abs=2e-3)


def test_item_that_is_gone_loses_its_vectors_and_is_marked_removed(host):
    put(host, Item("a", "Lamp"), Item("b", "Chair"))
    drain(encoders=[HashedWords()])
    del host.items["a"]
    mark_stale(["a"])
    report = drain(encoders=[HashedWords()])
    assert (report.removed, report.revision) == (1, 2)
    assert IndexedItem.objects.get(pk="a").removed
    assert list(ItemEmbedding.objects.values_list("item_id", flat=True)) == ["b"]


def test_item_that_comes_back_is_embedded_again(host):
    lamp = Item("a", "Lamp")
    put(host, lamp)
    drain(encoders=[HashedWords()])
    host.items.clear()
    mark_stale(["a"])
    drain(encoders=[HashedWords()])
    put(host, lamp)
    drain(encoders=[HashedWords()])
    assert ItemEmbedding.objects.filter(item_id="a").count() == 1
    assert not IndexedItem.objects.get(pk="a").removed


def test_corrupt_photo_fails_alone_with_its_reason_and_is_not_tried_again(host, make_photo):
    good, bad = make_photo("red"), make_photo(ref="bad", data=b"\xff\xd8\xff no photo")
    put(host, Item("a", "Lamp", photos=(bad,)), Item("b", "Chair", photos=(good,)))
    drain(encoders=[HashedWords(), MeanColours()])
    failure = ItemFailure.objects.get()
    assert (failure.item_id, failure.block, failure.permanent) == ("a", "look", True)
    assert failure.reason.startswith("Photo 1: The photo cannot be read")
    assert set(ItemEmbedding.objects.values_list("item_id", "block")) == {("a", "text"), ("b", "text"), ("b", "look")}
    mark_stale(["a"])
    looks = MeanColours()
    drain(encoders=[HashedWords(), looks])
    assert looks.loads == 0


def test_good_photo_beside_a_corrupt_one_is_used_and_the_other_reported(host, make_photo):
    put(host, Item("a", "Lamp", photos=(make_photo("red"), make_photo(ref="bad", data=b""))))
    drain(encoders=[MeanColours()])
    assert ItemEmbedding.objects.get(item_id="a").block == "look"
    assert ItemFailure.objects.get(item_id="a").reason == "Photo 2: The photo is empty (0 bytes). Choose another file."


def test_photo_file_that_comes_back_is_embedded_on_the_next_look(host, make_photo):
    def absent() -> bytes:
        raise FileNotFoundError("lamp.jpg")

    put(host, Item("a", "Lamp", photos=(Photo("red", absent),)))
    drain(encoders=[MeanColours()])
    assert not ItemFailure.objects.get(item_id="a").permanent
    put(host, Item("a", "Lamp", photos=(make_photo("red"),)))
    drain(encoders=[MeanColours()])
    assert ItemEmbedding.objects.filter(item_id="a").exists()
    assert not ItemFailure.objects.exists()


def test_vector_of_a_photo_that_was_taken_away_goes_too(host, make_photo):
    put(host, Item("a", "Lamp", photos=(make_photo(),)))
    drain(encoders=[HashedWords(), MeanColours()])
    put(host, Item("a", "Lamp"))
    drain(encoders=[HashedWords(), MeanColours()])
    assert list(ItemEmbedding.objects.values_list("block", flat=True)) == ["text"]


def test_vector_of_a_replaced_photo_does_not_outlive_it(host, make_photo):
    put(host, Item("a", "Lamp", photos=(make_photo("red"),)))
    drain(encoders=[MeanColours()])
    put(host, Item("a", "Lamp", photos=(make_photo(ref="new", data=b"broken"),)))
    drain(encoders=[MeanColours()])
    assert not ItemEmbedding.objects.exists()


class Picky(HashedWords):
    """Fails on one word, whatever shares its batch."""

    def encode_texts(self, texts):
        if any("poison" in text for text in texts):
            raise EncodingError("this text is too strange", permanent=True)
        return super().encode_texts(texts)


def test_text_that_fails_its_batch_fails_alone(host):
    put(host, Item("a", "Lamp"), Item("b", "poison"), Item("c", "Chair"))
    report = drain(encoders=[Picky()])
    assert report.encoded == {"text": 2}
    assert list(ItemFailure.objects.values_list("item_id", "reason")) == [("b", "this text is too strange")]


class Absent(HashedWords):
    """An encoder whose weights are not there."""

    def load(self):
        raise MissingDependency("Run manage.py prepare_models.")


class Nameless(HashedWords):
    """An encoder that does not even know its identity before its files are there."""

    def identity(self, block):
        raise MissingDependency("Run manage.py prepare_models.")


@pytest.mark.parametrize("encoder", [Absent, Nameless])
def test_without_weights_the_facts_go_on_and_the_reason_is_listed(host, encoder):
    put(host, Item("a", "Lamp"))
    report = drain(encoders=[encoder()])
    assert (report.items, report.finished) == (1, True)
    assert IndexedItem.objects.get(pk="a").facts["title"] == "Lamp"
    assert "prepare_models" in ItemFailure.objects.get(item_id="a", block="text").reason
    mark_stale(["a"])
    drain(encoders=[HashedWords()])
    assert ItemEmbedding.objects.filter(item_id="a").exists()
    assert not ItemFailure.objects.exists()


def test_unchanged_second_run_encodes_nothing_and_all_encodes_everything(host):
    put(host, *(Item(str(n), f"Lamp {n}") for n in range(40)))
    assert drain(encoders=[HashedWords()]).encoded == {"text": 40}
    mark_stale(host.items)
    assert drain(encoders=[HashedWords()]).encoded == {}
    mark_all_stale()
    assert drain(encoders=[HashedWords()]).encoded == {"text": 40}


def test_another_encoder_keeps_both_vectors_until_the_old_ones_are_cleared(host):
    put(host, Item("a", "Lamp"))
    drain(encoders=[HashedWords("1")])
    mark_stale(["a"])
    drain(encoders=[HashedWords("2")])
    assert ItemEmbedding.objects.filter(item_id="a", block="text").count() == 2


class Interrupted(HashedWords):
    """Runs something in the middle of its first forward."""

    def __init__(self, action):
        super().__init__()
        self.action = action

    def encode_texts(self, texts):
        if self.action:
            action, self.action = self.action, None
            action()
        return super().encode_texts(texts)


def test_save_while_its_item_is_being_encoded_is_not_lost(host):
    put(host, Item("a", "Red lamp"))
    words = Interrupted(lambda: put(host, Item("a", "Blue lamp")))
    drain(encoders=[words])
    assert words.encoded == ["Red lamp", "Blue lamp"]
    assert IndexedItem.objects.get(pk="a").facts["title"] == "Blue lamp"
    assert not StaleItem.objects.exists()


def test_result_of_a_lost_lease_is_thrown_away(host):
    put(host, Item("a", "Red lamp"))

    def lose():
        StaleItem.objects.update(claim="", owner="", claimed_until=None)
        host.items["a"] = Item("a", "Blue lamp")

    drain(encoders=[Interrupted(lose)])
    assert IndexedItem.objects.get(pk="a").facts["title"] == "Blue lamp"
    assert revision() == 1


def test_item_that_ends_its_worker_three_times_is_put_aside_and_the_rest_goes_on(host):
    put(host, Item("a", "Lamp"), Item("poison", "Bomb"), Item("b", "Chair"))

    class Dies(HashedWords):
        def encode_texts(self, texts):
            if any("Bomb" in text for text in texts):
                raise KeyboardInterrupt  # not an Exception: nothing in the worker catches it
            return super().encode_texts(texts)

    deaths = 0
    while StaleItem.objects.exists():
        try:
            drain(encoders=[Dies()])
        except KeyboardInterrupt:
            deaths += 1
            StaleItem.objects.update(claim="", owner="", claimed_until=None, attempts=deaths)
            StaleItem.objects.exclude(item_id="poison").update(attempts=1)
    assert deaths == 3
    failure = ItemFailure.objects.get()
    assert (failure.item_id, failure.block, failure.permanent) == ("poison", "item", True)
    assert set(ItemEmbedding.objects.values_list("item_id", flat=True)) == {"a", "b"}
    assert IndexedItem.objects.get(pk="poison").facts["title"] == "Bomb"
    mark_stale(["poison"])
    assert drain(encoders=[Dies()]).encoded == {}
    mark_stale(["poison"], "retry")
    assert drain(encoders=[HashedWords()]).encoded == {"text": 1}
    assert not ItemFailure.objects.exists()


def test_item_that_the_shop_cannot_read_is_found_and_put_aside(host):
    put(host, Item("a", "Lamp"), Item("b", "Chair"), Item("c", "Table"))
    host.failing = {"b"}
    drain(encoders=[HashedWords()])
    assert set(ItemEmbedding.objects.values_list("item_id", flat=True)) == {"a", "c"}
    assert "price service has no row for ['b']" in ItemFailure.objects.get(item_id="b").reason
    assert not StaleItem.objects.exists()


def test_item_whose_facts_cannot_be_stored_is_put_aside(host):
    put(host, Item("a", "Lamp"), Item("b", "Chair", rating=object()))
    drain(encoders=[HashedWords()])
    assert "not JSON serializable" in ItemFailure.objects.get(item_id="b").reason
    assert list(ItemEmbedding.objects.values_list("item_id", flat=True)) == ["a"]


def test_shop_that_fails_throughout_stops_the_drain_and_loses_nothing(host):
    put(host, *(Item(str(n), f"Lamp {n}") for n in range(40)))
    host.failing = set(host.items)
    with pytest.raises(RuntimeError, match="price service"):
        drain(encoders=[HashedWords()])
    assert StaleItem.objects.count() + ItemFailure.objects.count() == 40
    assert StaleItem.objects.count() >= 38


def test_limit_stops_after_so_many_items(host):
    put(host, *(Item(str(n), f"Lamp {n}") for n in range(50)))
    report = drain(encoders=[HashedWords()], limit=35)
    assert (report.items, report.finished) == (35, False)
    assert StaleItem.objects.count() == 15


def test_progress_ends_at_the_number_of_items(host):
    put(host, *(Item(str(n), f"Lamp {n}") for n in range(70)))
    seen: list[tuple[int, int]] = []
    drain(encoders=[HashedWords()], on_progress=lambda done, total: seen.append((done, total)))
    assert seen == [(32, 70), (64, 70), (70, 70)]


def test_what_a_person_saves_overtakes_a_whole_reindex(host):
    put(host, *(Item(str(n), f"Lamp {n}") for n in range(64)))
    drain(encoders=[HashedWords()])
    mark_all_stale()
    put(host, Item("new", "New lamp"))
    assert "new" in leases.claim(32).item_ids


@pytest.mark.django_db(transaction=True)
def test_two_drains_at_once_encode_each_item_once(host):
    put(host, *(Item(str(n), f"Lamp {n}") for n in range(200)))
    encoders = [HashedWords(seconds=0.01), HashedWords(seconds=0.01)]

    def work(encoder: HashedWords) -> None:
        try:
            drain(encoders=[encoder])
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(encoder,)) for encoder in encoders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(encoders[0].encoded + encoders[1].encoded) == sorted(f"Lamp {n}" for n in range(200))
    assert ItemEmbedding.objects.count() == 200
    assert not StaleItem.objects.exists()
