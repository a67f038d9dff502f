import pytest

from fusion.instructions.evaluation import slots_of
from fusion.types import Operator, Strength

COLOURS = {"black": "Black", "red": "Red", "blue": "Blue", "grey": "Grey", "pink": "Pink"}
ZH_COLOURS = {"黑色": "Black", "红色": "Red", "蓝色": "Blue", "灰色": "Grey", "粉色": "Pink"}
TWINS = [
    *((f"{c} dress", f"a dress that isn't {c}", v) for c, v in COLOURS.items()),
    *((f"dress in {c}", f"dress, anything but {c}", v) for c, v in COLOURS.items()),
    *((f"{c}的连衣裙", f"不要{c}的连衣裙", v) for c, v in ZH_COLOURS.items()),
    *((f"连衣裙，{c}", f"连衣裙，除了{c}", v) for c, v in ZH_COLOURS.items()),
]


@pytest.mark.parametrize(("wanted", "refused", "value"), TWINS)
def test_a_request_and_its_negated_twin_are_both_right(clothes, wanted, refused, value):
    assert f"base colour={value}" in slots_of(clothes.parse(wanted), Strength.MUST)
    musts = slots_of(clothes.parse(refused), Strength.MUST)
    assert musts == {f"base colour!={value}", "category=Clothing/Dresses"}


def musts(parser, text):
    return slots_of(parser.parse(text), Strength.MUST)


def test_a_double_negation_is_none(clothes):
    assert musts(clothes, "I don't want anything that isn't cotton") == {"material=Cotton"}
    assert musts(clothes, "非耐克不要") == {"brand=Nike"}


def test_not_only_and_besides_also_negate_nothing(clothes):
    assert musts(clothes, "not only nike") == {"brand=Nike"}
    assert musts(clothes, "除了耐克还要阿迪达斯") == {"brand=Adidas|Nike"}


def test_a_negation_reaches_across_or_and_stops_at_the_clause(clothes):
    assert musts(clothes, "no puma or adidas, red dress") == {
        "brand!=Adidas|Puma",
        "base colour=Red",
        "category=Clothing/Dresses",
    }


def test_a_negation_behind_its_target_works_in_chinese(clothes):
    assert musts(clothes, "手表，卡西欧除外") == {"brand!=Casio", "category=Accessories/Watches"}


def test_what_no_field_knows_becomes_words_to_avoid(clothes):
    assert clothes.parse("nothing too flashy").avoid == "flashy"
    assert clothes.parse("没有鞋带的鞋").avoid == "鞋带"


def test_a_mild_dislike_is_an_avoid(clothes):
    (constraint,) = clothes.parse("最好不要黑色").constraints
    assert (constraint.strength, constraint.operator, constraint.values) == (Strength.AVOID, Operator.IN, ("Black",))


def test_soft_words_make_wants_and_absolute_words_make_musts(clothes):
    assert slots_of(clothes.parse("preferably black handbag"), Strength.WANT) == {"base colour=Black"}
    assert slots_of(clothes.parse("黑色优先"), Strength.WANT) == {"base colour=Black"}
    assert "usage=Formal" in musts(clothes, "only formal shirts")


def test_not_too_expensive_is_a_wish_for_cheaper_and_not_a_negation(clothes):
    for text in ("not too expensive", "不要太贵", "不想要贵的", "nothing expensive"):
        (want,) = clothes.parse(text).constraints
        assert (want.field, want.operator, want.high, want.strength) == ("price", Operator.LTE, None, Strength.WANT), text


def test_a_refused_superlative_is_no_order(clothes):
    assert clothes.parse("not the cheapest watch").order is None
    assert clothes.parse("the cheapest watch").order.field == "price"


@pytest.mark.parametrize("text", ["belt in brown, black works too", "棕色皮带，黑色也行"])
def test_a_second_choice_is_an_alternative(clothes, text):
    assert musts(clothes, text) == {"base colour=Black|Brown", "category=Accessories/Belts"}


def test_a_second_choice_without_a_first_is_only_wanted(clothes):
    assert musts(clothes, "belt, black works too") == {"category=Accessories/Belts"}


@pytest.mark.parametrize(
    "text", ["why is there no black belt", "don't you have black belts?", "怎么没有黑色皮带", "没有黑色皮带吗"]
)
def test_whoever_asks_why_there_is_none_wants_one(clothes, text):
    assert musts(clothes, text) == {"base colour=Black", "category=Accessories/Belts"}


def test_a_lower_bound_on_a_refused_thing_is_what_is_refused(clothes):
    assert musts(clothes, "500以上的皮带不要") == {"price<=500", "category=Accessories/Belts"}


def test_a_category_that_holds_another_one_adds_nothing(clothes):
    assert musts(clothes, "footwear: sandals") == {"category=Footwear/Sandals"}
