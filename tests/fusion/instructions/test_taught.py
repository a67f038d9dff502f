"""What people taught, in a request: the same morphology, scopes and prices as for what the lexicon knows."""

from __future__ import annotations

import pytest

from fusion.instructions.evaluation import order_of, slots_of
from fusion.instructions.parser import LexiconParser
from fusion.instructions.teaching import Correction, StopPhrase, Synonym, Teaching
from fusion.types import Instruction, Strength
from tests.instructions.suite import load_vocabulary

SHOES, DRESSES = "category=Footwear/Shoes/Sports Shoes", "category=Clothing/Dresses"


@pytest.fixture(scope="module")
def parser() -> LexiconParser:
    parser = LexiconParser()
    parser.fit(load_vocabulary("clothes"))
    return parser


def read(parser: LexiconParser, text: str, *lessons: Synonym | StopPhrase | Correction) -> Instruction:
    parser.teach(
        Teaching(
            tuple(lesson for lesson in lessons if isinstance(lesson, Synonym)),
            tuple(lesson for lesson in lessons if isinstance(lesson, StopPhrase)),
            tuple(lesson for lesson in lessons if isinstance(lesson, Correction)),
        )
    )
    return parser.parse(text)


def musts(instruction: Instruction) -> set[str]:
    return slots_of(instruction, Strength.MUST)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("blonkies under $50", {SHOES, "price<=50"}),
        ("a red blonky, not over 50", {SHOES, "base colour=Red", "price<=50"}),
        ("Blonkies but no leather", {SHOES, "material!=Leather"}),
        ("anything but blonkies", {SHOES.replace("=", "!=")}),
        ("帮我找 blonkies，三百以内", {SHOES, "price<=300"}),
        ("my blonkeis", {SHOES}),  # a slip in a taught word
    ],
)
def test_a_taught_word_is_read_like_one_of_the_lexicon(parser, text, expected):
    assert musts(read(parser, text, Synonym("blonkies", "sports shoes"))) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我要老爹鞋，两百块以内", {SHOES, "price<=200"}),
        ("不要老爹鞋", {SHOES.replace("=", "!=")}),
        ("黑色老爹鞋", {SHOES, "base colour=Black"}),
        ("黑色老爹鞋，不要皮的", {SHOES, "base colour=Black", "material!=Leather"}),
    ],
)
def test_a_taught_chinese_word_may_mean_an_english_value(parser, text, expected):
    assert musts(read(parser, text, Synonym("老爹鞋", "category=sports shoes"))) == expected


def test_a_value_is_meant_whatever_its_case_and_its_field_whatever_it_is_called(parser):
    assert musts(read(parser, "midnight shirt", Synonym("midnight", "colour=navy blue|BLACK"))) == {
        "base colour=Black|Navy Blue",
        "category=Clothing/Tops/Shirts",
    }


def test_a_value_that_the_catalogue_no_longer_has_leaves_the_word_as_it_was(parser):
    assert musts(read(parser, "midnight shirt", Synonym("midnight", "colour=gone"))) == {"category=Clothing/Tops/Shirts"}


def test_a_word_may_mean_several_at_once_and_stands_where_it_was_said(parser):
    lesson = Synonym("LBD", "little black dress")
    text = "an LBD under 80"
    found = read(parser, text, lesson)
    assert musts(found) == {"base colour=Black", DRESSES, "price<=80"}
    assert {text[slice(*c.span)] for c in found.constraints if c.span and c.values} == {"LBD"}
    assert found.rest == "LBD"
    assert "little black dress" in found.expansions


def test_refusing_what_means_several_at_once_refuses_none_of_them_alone(parser):
    found = read(parser, "no LBD, red shirt", Synonym("LBD", "little black dress"))
    assert musts(found) == {"base colour=Red", "category=Clothing/Tops/Shirts"}
    assert found.avoid == "LBD little black dress"


def test_a_taught_price_sets_a_bound_and_is_not_searched(parser):
    found = read(parser, "pocket money shirt", Synonym("pocket money", "under 20"))
    assert musts(found) == {"price<=20", "category=Clothing/Tops/Shirts"}
    assert (found.rest, found.expansions) == ("shirt", ())


def test_words_without_a_value_widen_the_search_both_ways(parser):
    lesson = Synonym("vaporwave", "retro neon", two_way=True)
    assert read(parser, "vaporwave shirt", lesson).expansions == ("retro neon",)
    assert read(parser, "retro neon shirt", lesson).expansions == ("vaporwave",)
    assert read(parser, "nothing vaporwave", lesson).avoid == "vaporwave retro neon"
    assert read(parser, "vaporwave shirt", lesson).unparsed == ()
    assert read(parser, "vaporwave shirt").unparsed == ("vaporwave",)


def test_one_way_does_not_come_back(parser):
    assert read(parser, "retro neon shirt", Synonym("vaporwave", "retro neon")).expansions == ()


def test_both_sides_of_a_two_way_synonym_mean_what_either_meant(parser):
    lesson = Synonym("skirts", "dresses", two_way=True)
    either = {"category=Clothing/Bottoms/Skirts|Clothing/Dresses"}
    assert musts(read(parser, "skirts", lesson)) == either
    assert musts(read(parser, "dresses", lesson)) == either
    assert musts(read(parser, "skirts", Synonym("skirts", "dresses"))) == {DRESSES}


def test_synonyms_of_synonyms_are_followed_and_circles_end(parser):
    chain = (Synonym("blonk", "blink"), Synonym("blink", "blank"), Synonym("blank", "brand=nike"))
    assert musts(read(parser, "blonk shirt", *chain)) == {"brand=Nike", "category=Clothing/Tops/Shirts"}
    circle = (Synonym("blonk", "blink"), Synonym("blink", "blonk"))
    assert musts(read(parser, "blonk shirt", *circle)) == {"category=Clothing/Tops/Shirts"}


def test_a_longer_known_phrase_wins_over_a_taught_part_of_it(parser):
    lesson = Synonym("shoes", "dresses")
    assert musts(read(parser, "sports shoes", lesson)) == {SHOES}
    assert musts(read(parser, "shoes", lesson)) == {DRESSES}


def test_a_lesson_holds_in_the_requests_of_its_language(parser):
    lesson = Synonym("ins", "brand=nike", language="zh")
    assert "brand=Nike" in musts(read(parser, "ins 衬衫", lesson))
    assert "brand=Nike" not in musts(read(parser, "ins shirt", lesson))


def test_a_stop_phrase_is_passed_over_and_leaves_scopes_alone(parser):
    lessons = (StopPhrase("bestie"), StopPhrase("家人们"))
    assert read(parser, "bestie shirt", *lessons).rest == "shirt"
    assert musts(read(parser, "not bestie red shirt", *lessons)) == musts(read(parser, "not red shirt"))
    assert read(parser, "家人们 衬衫", *lessons).rest == "衬衫"
    assert read(parser, "bestie shirt", *lessons).unparsed == ()


CORRECTION = Correction(
    "Boots, purple is out",
    musts=("base colour!=red", "price<=30"),
    wants=("season=winter",),
    avoids=("brand=Puma",),
    order="price asc",
    rest="boots",
    avoid="purple",
)


@pytest.mark.parametrize("text", ["Boots, purple is out", "  boots,  PURPLE is out!! ", "ｂｏｏｔｓ, purple is out"])
def test_a_corrected_request_is_read_as_corrected(parser, text):
    found = read(parser, text, CORRECTION)
    assert musts(found) == {"base colour!=Red", "price<=30"}
    assert slots_of(found, Strength.WANT) == {"season=Winter"}
    assert slots_of(found, Strength.AVOID) == {"brand=Puma"}
    assert (order_of(found), found.rest, found.avoid, found.unparsed) == ("price asc", "boots", "purple", ())
    assert found.order is not None
    assert found.order.label == "cheapest first"
    assert [c.label for c in found.constraints if c.field == "price"] == ["up to CN¥30"]  # the currency of this catalogue


def test_a_longer_request_is_not_touched_by_the_correction_of_a_shorter_one(parser):
    assert musts(read(parser, "Boots, purple is out, cotton", CORRECTION)) == musts(
        read(parser, "Boots, purple is out, cotton")
    )


def test_slots_that_the_catalogue_no_longer_has_are_left_out(parser):
    found = read(parser, "what is hip", Correction("what is hip", musts=("brand=Gone", "base colour=Red")))
    assert musts(found) == {"base colour=Red"}
    assert found.rest == "Red"


def test_lessons_outlive_a_changed_catalogue(parser):
    read(parser, "", Synonym("blonkies", "category=T-Shirts"))
    parser.fit(load_vocabulary("clothes"))
    assert musts(parser.parse("blonkies")) == {"category=Clothing/Tops/T-Shirts"}


def test_many_words_that_all_mean_each_other_are_taught_in_time(parser):
    """Followed path by path, twenty words would take longer than anyone lives."""
    words = [f"blonk{letter}" for letter in "abcdefghijklmnopqrs"]
    lessons = [Synonym(one, other, two_way=True) for i, one in enumerate(words) for other in words[i + 1 :]]
    assert musts(read(parser, "blonkq", *lessons, Synonym("blonka", "brand=nike"))) == {"brand=Nike"}
