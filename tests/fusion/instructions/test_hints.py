import pytest

from fusion.instructions.evaluation import slots_of
from fusion.types import Strength


@pytest.mark.parametrize(
    ("text", "wants"),
    [
        ("something for the gym", {"usage=Sports"}),
        ("a gift for my girlfriend", {"gender=Women"}),
        ("送女朋友的礼物", {"gender=Women"}),
        ("gift for a 5 year old", {"gender=Boys|Girls"}),
        ("冬天穿的", {"season=Winter"}),
        ("蹦迪穿的", {"usage=Party"}),
        ("for a vacation", {"usage=Travel"}),
        ("天冷", {"season=Winter"}),
    ],
)
def test_a_situation_a_recipient_or_an_age_suggests_wants(clothes, text, wants):
    instruction = clothes.parse(text)
    assert slots_of(instruction, Strength.WANT) == wants
    assert instruction.musts == ()


def test_a_hint_gives_way_to_what_the_request_says(clothes):
    assert slots_of(clothes.parse("women's watch for my husband"), Strength.WANT) == set()
