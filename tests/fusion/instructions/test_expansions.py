from fusion.instructions.language import languages_of
from fusion.instructions.parser import LexiconParser
from fusion.types import Vocabulary


def parser_over(titles: dict[str, int]) -> LexiconParser:
    parser = LexiconParser()
    parser.fit(Vocabulary(titles=titles))
    return parser


def test_chinese_words_are_also_searched_in_english_where_the_catalogue_speaks_it() -> None:
    parser = parser_over({"padded": 1, "chair": 3})
    assert parser.parse("一把舒服的椅子").expansions == ("chair",)
    assert parser.parse("红色的皮沙发").expansions == ("red", "leather", "sofa")


def test_english_words_are_also_searched_in_chinese_where_the_catalogue_speaks_it() -> None:
    assert parser_over({"软垫椅子": 3}).parse("a chair").expansions == ("椅子",)


def test_nothing_is_translated_into_a_language_that_the_catalogue_does_not_speak() -> None:
    assert parser_over({"chair": 3}).parse("a chair").expansions == ()
    assert parser_over({"椅子": 3}).parse("椅子").expansions == ()


def test_what_is_not_wanted_is_not_searched_for() -> None:
    assert "black" not in parser_over({"shoe": 3}).parse("不要黑色的跑鞋").expansions


def test_a_brand_name_among_chinese_titles_does_not_make_a_catalogue_english() -> None:
    assert languages_of({"跑鞋": 30, "nike": 2}) == {"zh"}
    assert languages_of({"chair": 3, "椅子": 3}) == {"en", "zh"}
    assert languages_of({}) == frozenset()
