from fusion.instructions.evaluation import slots_of
from fusion.types import Strength


def test_the_head_is_a_must_and_a_modifier_is_not(clothes, demo):
    assert slots_of(clothes.parse("bag"), Strength.MUST) == {"category=Accessories/Bags"}
    assert slots_of(clothes.parse("watch case"), Strength.MUST) == set()


def test_what_the_thing_is_for_is_not_asked_for(clothes):
    assert slots_of(clothes.parse("a bag for my watch"), Strength.MUST) == {"category=Accessories/Bags"}
    assert slots_of(clothes.parse("放手表的包"), Strength.MUST) == {"category=Accessories/Bags"}


def test_what_somebody_loves_is_a_want(demo):
    for text in ("a gift for someone who loves plants", "gift for plant lovers", "送给喜欢植物的人的礼物"):
        instruction = demo.parse(text)
        assert instruction.musts == (), text
        assert slots_of(instruction, Strength.WANT) == {"category=Home & Garden/Plants"}, text


def test_the_colour_of_a_part_is_not_the_colour_of_the_thing(clothes):
    for text in ("shoes with white soles", "t-shirt with a white logo", "白色鞋底的鞋", "带白色logo的T恤"):
        assert not any("colour" in slot for slot in slots_of(clothes.parse(text), Strength.MUST)), text
