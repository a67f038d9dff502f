from fusion.suggesting.phrases import phrases_of, things_of
from fusion.types import ItemText
from tests.fusion.items import make_item

NAMES = {("color", "black", "zh"): "黑色", ("brand", "Nike", "zh"): "耐克", ("gender", "Women", "zh"): "女士"}


def name_of(field: str, value: str, language: str) -> str:
    return NAMES.get((field, value, language), value)


def texts(*items) -> list[str]:
    return [phrase.text for phrase in phrases_of(items, name_of)]


def test_a_thing_is_the_head_of_the_title():
    assert things_of(make_item("a", "Black lamp with wooden shade"))[0] == "category:lamp"
    assert things_of(make_item("a", "Case for camera, blue"))[0] != "category:camera"
    assert things_of(make_item("a", "XZ-9", category=("Home", "Chairs"))) == ("category:chair",)
    assert things_of(make_item("a", "XZ-9", translations={"zh": ItemText("舒适椅子")}))[0] == "category:chair"
    assert things_of(make_item("a", "XZ-9")) == ()


def test_phrases_are_things_and_things_with_a_value_in_both_languages():
    said = texts(make_item("a", "Desk chair", brand="Nike", attributes={"color": ["black"]}))
    assert {"chair", "black chair", "Nike chair", "Nike", "椅子", "黑色椅子", "耐克椅子"} <= set(said)


def test_only_what_some_item_is_at_once_is_a_phrase():
    said = texts(
        make_item("a", "Red chair", attributes={"color": ["red"]}),
        make_item("b", "Black lamp", attributes={"color": ["black"]}),
    )
    assert {"red chair", "black lamp"} <= set(said)
    assert not {"black chair", "red lamp"} & set(said)


def test_numbers_sizes_and_yes_or_no_make_no_phrase():
    said = texts(
        make_item("a", "Chair", attributes={"size": ["XL"], "weight": ["3 kg"], "foldable": ["yes"], "color": ["black"]})
    )
    assert not [text for text in said if any(odd in text for odd in ("XL", "kg", "yes"))]


def test_who_it_is_for_stands_behind():
    assert "sneakers for women" in texts(make_item("a", "Sneaker", attributes={"gender": ["Women"]}))


def test_a_price_is_a_round_bound_that_half_of_them_meet():
    said = texts(*(make_item(f"c{n}", "Chair", price=str(price)) for n, price in enumerate((12, 27, 44, 90))))
    assert "chair under $50" in said
    assert "50美元以下的椅子" in said
    assert not [text for text in texts(make_item("a", "Chair", price="12")) if "under" in text]


def test_heavier_phrases_come_first():
    items = [make_item(f"l{n}", "Lamp") for n in range(3)] + [make_item("c", "Chair")]
    said = texts(*items)
    assert said.index("lamp") < said.index("chair")
