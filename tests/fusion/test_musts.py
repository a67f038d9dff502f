from fusion.musts import as_applied
from fusion.types import Constraint, Operator


def test_what_is_for_everybody_is_for_her_and_for_him() -> None:
    assert "unisex" in as_applied(Constraint("gender", Operator.IN, ("Women",))).values
    assert "男女通用" in as_applied(Constraint("gender", Operator.IN, ("男士",))).values
    assert "unisex" in as_applied(Constraint("Gender", Operator.IN, ("Men",))).values


def test_children_and_refusals_and_other_fields_stay_as_they_are() -> None:
    for constraint in (
        Constraint("gender", Operator.IN, ("Girls",)),
        Constraint("gender", Operator.NOT_IN, ("Men",)),
        Constraint("color", Operator.IN, ("Women",)),
        Constraint("price", Operator.LTE, high=100),
    ):
        assert as_applied(constraint) is constraint
