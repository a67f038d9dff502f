"""recommender.services.refining: whatever is refined, the musts hold on what the host says now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fusion.chips import chip_key, read_chip
from fusion.columns import satisfies
from fusion.exceptions import InvalidQuery
from fusion.musts import as_applied
from fusion.types import Constraint, Item, Money
from recommender.catalog import Shopper, get_catalog
from recommender.encoders import set_encoders
from recommender.engine import get_engine, reset_engine
from recommender.models import Recommendation
from recommender.services.indexing import drain, mark_stale
from recommender.services.refining import ACTIONS, Refinement, refine, scene_of
from recommender.services.serving import RecommendationRequest, Served, recommend
from tests.encoders import HashedWords, MeanColours

pytestmark = pytest.mark.django_db
ANN = Shopper(visitor_id="v_ann")
COLOURS = ("red", "blue", "green", "black")
SET = ("color:in:blue", "brand:not_in:Acme", "price:lte:..1800 USD", "sort:in:-price", "category:in:Home/Seating")


@pytest.fixture
def shop(host) -> Iterator[type]:
    encoders = [HashedWords(), MeanColours()]
    set_encoders(encoders)
    reset_engine()
    for n in range(24):
        colour, kind = COLOURS[n % 4], ("lamp", "chair")[n % 2]
        host.items[f"i{n:02d}"] = Item(
            f"i{n:02d}", f"{colour.title()} {kind} {n}", category=("Home", "Lighting" if kind == "lamp" else "Seating"),
            brand=("Acme", "Birch")[n % 3 == 0], price=Money(1000 + 100 * (n % 12), "USD"), stock=0 if n == 5 else 3,
            attributes={"color": (colour,)} if n % 6 else {},
        )  # fmt: skip
    mark_stale(list(host.items))
    drain(encoders=encoders)
    # Since it was indexed: one sold out, one dearer, one no longer red. What is shown must be true now.
    host.items["i00"] = replace(host.items["i00"], stock=0)
    host.items["i01"] = replace(host.items["i01"], price=Money(99900, "USD"))
    host.items["i04"] = replace(host.items["i04"], attributes={"color": ("blue",)})
    yield host
    set_encoders(None)
    reset_engine()


def holds(served: Served) -> None:
    """The first ten meet every must in force on fresh rows, and are in stock."""
    columns = get_engine().collection.columns
    fresh = get_catalog().get_items([entry.item.item_id for entry in served.answer.items[:10]])
    for entry in served.answer.items[:10]:
        item = fresh[entry.item.item_id]
        assert item.in_stock
        indexed = get_engine().collection.item(item.item_id)
        known = replace(item, attributes={**(indexed.attributes if indexed else {}), **item.attributes})
        for must in served.answer.musts:
            assert satisfies(known, as_applied(must), columns.exchange, columns.currency), (item, must)


STEPS = st.lists(
    st.tuples(st.sampled_from(ACTIONS), st.integers(0, 5), st.sampled_from(SET), st.booleans()), min_size=1, max_size=4
)
TEXTS = (
    "red lamp under $15",
    "blue chair not Acme",
    "lamp",
    "cheapest green chair in stock",
    "红色的灯15美元以内",
    "purple sofa under $2",
)


def step_of(row: Recommendation, served: Served, action: str, place: int, key: str, with_item: bool) -> Refinement:
    chips = scene_of(row).chips
    ids = [entry.item.item_id for entry in served.answer.items]
    needs_item = with_item or action in ("more_like", "less_like")
    return Refinement(
        action,
        ids[place % len(ids)] if needs_item and ids else "",
        read_chip(key) if action == "set_chip" else None,
        chip_key(chips[place % len(chips)]) if action == "remove_chip" and chips else "",
        place % 3,
    )


@given(text=st.sampled_from(TEXTS), steps=STEPS)
@settings(max_examples=15, deadline=None, derandomize=True, database=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])  # fmt: skip
def test_hard_constraints_hold_in_the_first_ten_after_any_steps(
    shop, text: str, steps: list[tuple[str, int, str, bool]]
) -> None:
    served = recommend(RecommendationRequest(text=text), ANN)
    holds(served)
    for action, place, key, with_item in steps:
        row = served.recommendation
        try:
            served, _changes = refine(row.pk, step_of(row, served, action, place, key, with_item), ANN)
        except InvalidQuery:
            continue  # refused with a reason; the answer before stays
        holds(served)
        assert served.recommendation.parent_id == row.pk


def test_undo_restores_the_whole_request(shop) -> None:
    first = recommend(
        RecommendationRequest(text="red lamp", filters=(read_chip("brand:in:Birch"),), limit=5, surface="app"), ANN
    )
    second, _ = refine(first.recommendation.pk, Refinement("set_chip", chip=read_chip("color:in:blue")), ANN)
    third, _ = refine(second.recommendation.pk, Refinement("dearer"), ANN)
    back, _ = refine(third.recommendation.pk, Refinement("undo"), ANN)
    start, _ = refine(back.recommendation.pk, Refinement("undo"), ANN)

    def state(served: Served) -> dict[str, object]:
        return {name: value for name, value in served.recommendation.request.items() if name != "undo_to"}

    assert state(back) == state(second)
    assert state(start) == state(first)
    assert start.answer.ranking == first.answer.ranking
    assert start.recommendation.surface == "app"


def test_a_price_that_changed_a_moment_ago_is_the_one_compared_with(shop) -> None:
    first = recommend(RecommendationRequest(text="lamp"), ANN)
    shop.items["i08"] = replace(shop.items["i08"], price=Money(1250, "USD"))
    second, changes = refine(first.recommendation.pk, Refinement("cheaper", "i08"), ANN)
    bound = next(change.chip for change in changes if change.chip)
    assert (bound.high, bound.source) == (1249, "chip")
    assert all(entry.item.price and entry.item.price.amount_minor < 1250 for entry in second.answer.items)


def test_nothing_cheaper_gives_up_what_was_said_before_what_was_set(shop) -> None:
    first = recommend(RecommendationRequest(text="black chair"), ANN)
    cheapest = min(
        (e.item for e in first.answer.items if e.item.attributes.get("color") == ("black",)), key=lambda i: i.price.amount_minor
    )
    second, _ = refine(first.recommendation.pk, Refinement("cheaper", cheapest.item_id), ANN)
    assert [c.field for c in second.answer.relaxation.dropped] == ["color"]
    assert all(e.item.price.amount_minor < cheapest.price.amount_minor for e in second.answer.items)


def test_a_photo_that_was_never_uploaded_cannot_be_asked_with_again(shop) -> None:
    from tests.recommender.conftest import photo_bytes

    served = recommend(RecommendationRequest(photo=photo_bytes("red")), ANN)
    with pytest.raises(InvalidQuery, match="photo of this answer"):
        refine(served.recommendation.pk, Refinement("cheaper"), ANN)


def test_changes_name_constraints_by_what_they_say(shop) -> None:
    first = recommend(RecommendationRequest(text="red lamp"), ANN)
    _, changes = refine(first.recommendation.pk, Refinement("set_chip", chip=read_chip("color:in:blue")), ANN)
    said: list[tuple[bool, Constraint | None]] = [(change.added, change.chip) for change in changes]
    assert [(added, chip.values if chip else ()) for added, chip in said] == [(False, ("red",)), (True, ("blue",))]
