import pytest

from fusion.instructions.tokens import tokenise
from fusion.instructions.typos import TypoIndex

INDEX = TypoIndex({"adidas", "purple", "leather", "sunglasses", "jacket"}, {"hates"}, {"leader": 3})


def corrected(text):
    return [token.word for token in INDEX.correct(tokenise(text))]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("addidas", "adidas"), ("pruple", "purple"), ("leater", "leather"), ("sunglases", "sunglasses"), ("jakcet", "jacket")],
)
def test_a_slip_of_one_or_two_letters_is_corrected(typed, meant):
    assert corrected(typed) == [meant]


@pytest.mark.parametrize("word", ["hates", "hanes", "leader", "leaders", "people", "jack", "12345", "xyzzyx"])
def test_real_words_short_words_and_numbers_are_left_alone(word):
    assert corrected(word) == [word]


def test_offsets_stay_those_of_what_was_typed():
    token = INDEX.correct(tokenise("red addidas"))[1]
    assert (token.start, token.end) == (4, 11)


def test_a_slip_in_a_bound_is_seen_before_a_number_only():
    assert corrected("undr 300") == ["under", "300"]
    assert corrected("undr lamps")[0] == "undr"


@pytest.mark.parametrize(
    ("typed", "meant"), [("witout", "without"), ("blak", "black"), ("gren", "green"), ("adidass", "adidas")]
)
def test_slips_in_small_words_and_plain_colours_are_corrected(typed, meant):
    assert corrected(typed) == [meant]


@pytest.mark.parametrize("word", ["back", "while", "when", "whole"])
def test_words_that_look_like_a_slip_of_a_colour_are_left_alone(word):
    assert corrected(word) == [word]
