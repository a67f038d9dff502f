"""fusion.item_text: what an item says to an encoder."""

from __future__ import annotations

from fusion.item_text import MAX_CHARACTERS, item_text
from fusion.types import Item, ItemText


def test_title_comes_first_then_labels_description_and_translations():
    item = Item(
        "a",
        "Trail runner",
        description="Grips wet rock.",
        category=("Apparel", "Shoes", "Running shoes"),
        brand="Salomon",
        attributes={"size": ("42", "43"), "color": ("red",)},
        translations={"zh": ItemText("越野跑鞋", "湿石防滑。")},
    )
    assert item_text(item) == "Trail runner. Salomon. Running shoes. red. 42 43. Grips wet rock.. 越野跑鞋. 湿石防滑。"


def test_labels_lose_words_that_the_title_has_said():
    item = Item(
        "a", "Puma Men Black Shoes", brand="Puma", category=("Shoes",), attributes={"color": ("Black",), "use": ("Men Sport",)}
    )
    assert item_text(item) == "Puma Men Black Shoes. Sport"


def test_order_of_attributes_does_not_matter():
    one = Item("a", "Lamp", attributes={"b": ("x",), "a": ("y",)})
    two = Item("a", "Lamp", attributes={"a": ("y",), "b": ("x",)})
    assert item_text(one) == item_text(two) == "Lamp. y. x"


def test_description_that_repeats_the_title_is_said_once():
    assert item_text(Item("a", "Lamp", description="Lamp")) == "Lamp"


def test_item_without_words_has_no_text():
    assert item_text(Item("a", "  ")) == ""


def test_text_is_cut_where_no_encoder_reads_on():
    assert len(item_text(Item("a", "Lamp", description="word " * 5000))) == MAX_CHARACTERS
