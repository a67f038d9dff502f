"""recommender.services.reconciliation: what no signal told."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from fusion.types import Item
from recommender import selectors
from recommender.encoders import set_encoders
from recommender.models import IndexedItem, ItemEmbedding, ItemFailure, StaleItem
from recommender.services.indexing import drain, reconcile
from shop.catalog.models import Product
from tests.encoders import HashedWords, MeanColours

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def words(request):
    if "host" in request.fixturenames:  # first: another setting forgets the encoders
        request.getfixturevalue("host")
    encoder = HashedWords()
    set_encoders([encoder])
    yield encoder
    set_encoders(None)


def marks() -> dict[str, str]:
    return dict(StaleItem.objects.values_list("item_id", "reason"))


def test_bulk_changes_are_found_and_only_what_differs_is_encoded(words):
    products = [Product(sku=str(n), slug=str(n), name=f"Lamp {n}", price_minor=100, currency="USD") for n in range(4)]
    Product.objects.bulk_create(products)
    assert reconcile().marked == {"new": 4}
    drain()
    Product.objects.filter(sku="0").update(name="Chair")
    Product.objects.filter(sku="1").update(price_minor=200)
    Product.objects.filter(sku="2").update(is_active=False)
    report = reconcile()
    assert (report.items, report.marked) == (3, {"missing": 1, "changed": 1, "removed": 1})
    words.encoded.clear()
    drain()
    assert words.encoded == ["Chair"]
    assert reconcile().marked == {}


def test_lost_vector_is_found(host):
    host.items = {"a": Item("a", "Lamp"), "b": Item("b", "Chair")}
    reconcile()
    drain()
    ItemEmbedding.objects.filter(item_id="b").delete()
    reconcile()
    assert marks() == {"b": "missing"}


def test_items_that_already_wait_are_not_marked_twice(host):
    host.items = {"a": Item("a", "Lamp")}
    assert reconcile().n_marked == 1
    assert reconcile().n_marked == 0


def test_unreadable_photo_is_tried_again_and_a_corrupt_one_is_not(host, make_photo):
    from fusion.types import Photo

    def absent() -> bytes:
        raise FileNotFoundError("lamp.jpg")

    set_encoders([HashedWords(), MeanColours()])
    host.items = {
        "absent": Item("absent", "Lamp", photos=(Photo("x", absent),)),
        "corrupt": Item("corrupt", "Lamp", photos=(make_photo(ref="y", data=b"no photo"),)),
    }
    reconcile()
    drain()
    assert ItemFailure.objects.count() == 2
    reconcile()
    assert marks() == {"absent": "missing"}


def test_everything_is_embedded_or_listed_with_its_reason(host, make_photo):
    set_encoders([HashedWords(), MeanColours()])
    host.items = {str(n): Item(str(n), f"Lamp {n}", photos=(make_photo("red"),)) for n in range(5)}
    host.items["bad"] = Item("bad", "Lamp", photos=(make_photo(ref="bad", data=b""),))
    call_command("reconcile")
    text, look = selectors.coverage().blocks
    assert (text.embedded, text.expected, text.share) == (6, 6, 1.0)
    assert (look.embedded, look.expected, look.failed, look.pending) == (5, 6, 1, 0)
    assert [(gap.item_id, gap.block) for gap in selectors.missing()] == [("bad", "look")]
    assert "The photo is empty" in next(selectors.missing()).reason


def test_vectors_of_an_encoder_that_is_gone_are_cleared_once_the_new_ones_are_there(host):
    host.items = {"a": Item("a", "Lamp")}
    reconcile()
    drain()
    set_encoders([HashedWords("2")])
    assert reconcile().cleared == 0
    drain()
    assert reconcile().cleared == 1
    assert ItemEmbedding.objects.count() == 1


def test_progress_counts_the_catalogue(host):
    host.items = {str(n): Item(str(n), f"Lamp {n}") for n in range(1100)}
    seen: list[tuple[int, int]] = []
    reconcile(lambda done, total: seen.append((done, total)))
    assert seen == [(500, 1100), (1000, 1100), (1100, 1100)]


def test_removed_item_is_marked(host):
    host.items = {"a": Item("a", "Lamp")}
    reconcile()
    drain()
    host.items.clear()
    reconcile()
    drain()
    assert IndexedItem.objects.get(pk="a").removed
