import pytest


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Show me black running shoes under $50 please", "black running shoes"),
        ("帮我找300以内的黑色跑鞋", "黑色跑鞋"),
        ("cheapest watch, not casio", "watch"),
        ("a gift for someone who loves plants under $30", "a gift for someone who loves plants"),
        ("不要黑色的裙子", "裙子"),
        ("under 50", ""),
    ],
)
def test_bounds_orders_negations_and_chatter_are_not_embedded(clothes, text, rest):
    assert clothes.parse(text).rest.removeprefix("a ") == rest.removeprefix("a ")


def test_words_that_nobody_knows_are_listed_as_they_were_typed(clothes):
    assert clothes.parse("Black Zorblax shirt").unparsed == ("zorblax",)
    assert clothes.parse("black slim shirt").unparsed == ()
