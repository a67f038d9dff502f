import pytest

from fusion.instructions.tokens import segment, stem, tokenise


def words(text):
    return [token.word for token in tokenise(text)]


def test_a_hyphen_joins_letters_but_not_numbers():
    assert words("t-shirt 27-inch 30-50") == ["t", "shirt", "27", "inch", "30", "-", "50"]


def test_possessives_and_spelling_variants_are_unified():
    assert words("women's grey jewellery") == ["women", "gray", "jewelry"]


def test_contractions_stay_whole():
    assert words("don't isn't") == ["don't", "isn't"]


def test_thousands_separators_are_dropped_and_lists_of_numbers_are_not():
    assert words("1,500.50 and 1,2") == ["1500.50", "and", "1", ",", "2"]


def test_offsets_are_those_of_the_text():
    text = "黑色 shoes, 40码"
    assert [text[t.start : t.end] for t in tokenise(text)] == ["黑", "色", "shoes", ",", "40", "码"]


@pytest.mark.parametrize(
    ("word", "other"), [("shoes", "shoe"), ("dresses", "dress"), ("accessories", "accessory"), ("running", "run")]
)
def test_inflections_share_a_stem(word, other):
    assert stem(word) == stem(other)


def test_a_dictionary_word_made_of_retail_words_falls_into_them():
    assert segment("白衬衫") == ("白", "衬衫")


def test_a_word_that_merely_contains_a_colour_stays_whole():
    assert segment("红包") == ("红包",)
