import pytest

from fusion.instructions.parser import LexiconParser
from fusion.suggesting.folding import read_typed
from fusion.suggesting.index import Found, SuggestionIndex
from fusion.types import ItemText, Vocabulary
from tests.fusion.items import make_item

ITEMS = [
    make_item("c1", "Black desk chair", category=("Home & Garden", "Furniture"), attributes={"color": ["black"]},
              translations={"zh": ItemText("黑色办公椅")}),
    make_item("c2", "Cafe chair", category=("Home & Garden", "Furniture"), attributes={"color": ["white"]}),
    make_item("k1", "Compact camera", category=("Electronics", "Photo"), brand="Kodak"),
    make_item("p1", "Orchid plant", category=("Home & Garden", "Plants")),
]  # fmt: skip


@pytest.fixture(scope="module")
def index() -> SuggestionIndex:
    parser = LexiconParser()
    parser.fit(
        Vocabulary(
            {
                "color": {"black": 1, "white": 1},
                "category": {"Home & Garden/Furniture": 2, "Electronics/Photo": 1},
                "brand": {"Kodak": 1},
            }
        )
    )
    return SuggestionIndex(ITEMS, parser.value_name)


def asked(index, typed, language="en", most=6):
    return index.suggest(read_typed(typed), language, most)


def requests(index, typed, language="en"):
    return [request.text for request in asked(index, typed, language).requests]


def test_requests_categories_and_items_come_for_one_beginning(index):
    found = asked(index, "f")
    assert "furniture" in [c.name.lower() for c in found.categories]
    found = asked(index, "cha")
    assert found.requests[0].text == "chair"
    assert {item.item_id for item in found.items} == {"c1", "c2"}


def test_chinese_finds_an_english_catalogue_and_the_other_way_round(index):
    assert "黑色椅子" in requests(index, "黑色")
    assert [item.item_id for item in asked(index, "办公椅").items] == ["c1"]
    assert asked(index, "家具").categories[0].path == ("Home & Garden", "Furniture")
    assert asked(index, "furn", "zh").categories[0].name == "家具"


def test_pinyin_finds_chinese_whatever_the_page_speaks(index):
    assert requests(index, "yizi", "zh")[0] == "椅子"
    assert requests(index, "yizi", "en")[0] == "椅子"
    assert "黑色椅子" in requests(index, "hsyz", "zh")


def test_pinyin_does_not_mix_into_english_that_was_found(index):
    assert not [text for text in requests(index, "cha", "en") if not text.isascii()]


def test_slips_are_seen_only_where_nothing_matches_as_it_stands(index):
    assert requests(index, "camrea")[0] == "camera"
    assert [item.item_id for item in asked(index, "kodka").items] == ["k1"]
    assert "camera" not in requests(index, "cafe")


def test_brand_finds_the_item(index):
    assert [item.item_id for item in asked(index, "kodak").items] == ["k1"]


def test_a_long_request_has_its_last_word_completed(index):
    found = asked(index, "a gift for someone who loves pla").requests
    assert found[0].text == "a gift for someone who loves plant"
    assert found[0].ranges == ((0, len("a gift for someone who loves pla")),)
    assert requests(index, "送给妈妈的相") == ["送给妈妈的相机"]


def test_what_is_typed_already_is_not_suggested_and_nothing_comes_twice(index):
    for typed in ("chair", "black chair", "椅子"):
        found = requests(index, typed)
        assert typed not in found
        assert len(found) == len(set(found))


def test_no_kind_has_more_rows_than_asked(index):
    found = asked(index, "c", most=2)
    assert max(len(found.requests), len(found.categories), len(found.items)) <= 2


def test_an_empty_catalogue_suggests_nothing():
    found = asked(SuggestionIndex([], lambda field, value, language: value), "chair")
    assert found == Found()
