import numpy as np

from fusion.collection import ItemCollection, ItemRecord
from fusion.index.exact import ExactIndex
from tests.fusion.items import collection_of, make_item, unit


def test_a_removed_item_is_gone_and_its_row_is_used_again() -> None:
    collection = collection_of([make_item("a"), make_item("b")], {"text": {"a": unit(1, 0), "b": unit(0, 1)}})
    collection.update([], removed=["a", "never-there"])
    assert "a" not in collection
    assert collection.columns.mask([]).sum() == 1
    collection.update([ItemRecord(make_item("c"), {"text": unit(1, 1)})])
    assert collection.id_of(0) == "c"
    assert sorted(collection.ids()) == ["b", "c"]
    assert collection.item("a") is None


def test_an_item_that_lost_its_photo_loses_the_vector() -> None:
    collection = collection_of([make_item("a")], {"look": {"a": unit(1, 0)}})
    collection.update([ItemRecord(make_item("a"))])
    _, present = collection.index.vectors("look", collection.rows_of(["a"]))
    assert not present[0]
    assert len(collection.reference("look")) == 0


def test_the_calibration_sample_is_the_same_whatever_the_order_items_came_in() -> None:
    items = [make_item(f"i{n}") for n in range(1500)]
    vectors = {i.item_id: unit(1, n + 1) for n, i in enumerate(items)}
    forward = collection_of(items, {"text": vectors}).reference("text")
    backward = collection_of(items[::-1], {"text": vectors}).reference("text")
    assert forward.shape == (1024, 2)
    np.testing.assert_array_equal(forward, backward)


def test_a_price_change_asks_for_no_new_words() -> None:
    collection = ItemCollection(ExactIndex({}))
    collection.update([ItemRecord(make_item("a", "Red shoe", price="10"))])
    assert collection.rebuild_lexical()
    assert collection.take_values_changed()
    collection.update([ItemRecord(make_item("a", "Red shoe", price="12"))])
    assert not collection.rebuild_lexical()
    assert not collection.take_values_changed()
    collection.update([ItemRecord(make_item("a", "Blue shoe", price="12"))])
    assert collection.rebuild_lexical()
    assert collection.take_values_changed()


def test_popularity_is_replaced_as_a_whole() -> None:
    collection = collection_of([make_item("a"), make_item("b")])
    collection.set_popularity({"a": 2.0, "gone": 9.0})
    collection.set_popularity({"b": 1.0})
    assert list(collection.columns.numbers("popularity")) == [0.0, 1.0]
