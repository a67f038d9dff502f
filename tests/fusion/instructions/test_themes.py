import pytest


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("something for the living room", ("living room",)),
        ("things for my kitchen", ("kitchen",)),
        ("something nice for a small flat", ("flat",)),
        ("gift for dad", ("gift for", "dad")),
        ("something red for the bedroom", ("bedroom",)),
        ("放在客厅的东西", ("客厅",)),
        ("厨房用的东西", ("厨房",)),
        ("送妈妈的礼物", ("妈妈", "礼物")),
        ("阳台上放点什么", ("阳台",)),
    ],
)
def test_a_place_a_person_or_a_situation_leaves_open_what_is_meant(clothes, text, words):
    instruction = clothes.parse(text)
    assert instruction.themes == words
    assert instruction.unparsed == ()


@pytest.mark.parametrize(
    "text",
    [
        "rug for the living room",
        "客厅用的沙发",
        "gizmo for the kitchen",
        "kitchen",
        "not for the office",
        "gift for a photographer",
        "someone who loves plants",
        "running shoes",
        "",
    ],
)
def test_a_thing_an_interest_or_an_unknown_word_is_no_theme(clothes, text):
    assert clothes.parse(text).themes == ()
