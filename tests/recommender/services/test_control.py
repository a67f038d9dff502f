from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from fusion.types import Constraint, Item, Money, Operator
from fusion.weighing import Context, Weigher, Weighing
from recommender import tasks
from recommender.catalog import Shopper
from recommender.control import current_control, refuse_when_frozen
from recommender.encoders import set_encoders
from recommender.engine import Engine, get_engine, reset_engine
from recommender.exceptions import LearningFrozen
from recommender.graph import current_graph, forget_graph
from recommender.models import Artefact, BehaviourVersion, Event, IndexedItem, Job, ModelChange, StaleItem
from recommender.services import behaviour, control, graphs, indexing
from recommender.services.outbox import mark_stale
from recommender.services.serving import RecommendationRequest, page, recommend
from tests.encoders import HashedWords

pytestmark = pytest.mark.django_db


class Exploring(Weigher):
    """A weigher that can be capped."""

    exploration_cap = 1.0

    def weigh(self, context: Context) -> Weighing:
        return Weighing(policy="exploring", propensity=1.0 - self.exploration_cap)


def item(item_id: str, title: str, gender: str, colour: str, category: str = "Shoes") -> Item:
    attributes = {"gender": (gender,), "color": (colour,)}
    return Item(item_id, title, category=(category,), price=Money.from_major(Decimal(10), "USD"), attributes=attributes)


@pytest.fixture
def shop(host) -> Iterator[Any]:
    set_encoders([HashedWords()])
    reset_engine()
    forget_graph()
    made = [
        item(f"{gender[0]}{n}", f"{colour} zib {n}", gender, colour)
        for n, (gender, colour) in enumerate([("Women", "Red"), ("Women", "Blue"), ("Men", "Red"), ("Men", "Blue")] * 2)
    ]
    host.items = {i.item_id: i for i in made}
    mark_stale(list(host.items))
    indexing.drain()
    yield host
    set_encoders(None)
    reset_engine()
    forget_graph()


def everything_of(engine: Engine) -> str:
    """All that serving knows, as one text."""
    engine.refresh()
    vocabulary = engine.collection.columns.vocabulary()
    items = [repr(engine.collection.item(i)) for i in sorted(filter(None, engine.collection.ids()))]
    columns = engine.collection.columns
    facets = repr(columns.facets(columns.mask(())))
    words = engine.collection.lexical.scores(["women", "men"], columns.n_rows)
    return json.dumps([vocabulary.values, items, facets, sorted(columns.fields), "Women" if words is not None else ""])


def ask(text: str, **given: Any) -> Any:
    return recommend(RecommendationRequest(text=text, **given), Shopper(visitor_id="v1", language="en"))


def test_frozen_learning_is_refused_everywhere_with_who_and_what_to_do(shop) -> None:
    Event.objects.create(kind="purchase", item_id="W0", user_id="u1")
    assert control.freeze("ann", "audit")
    with pytest.raises(LearningFrozen, match="by ann"):
        refuse_when_frozen()
    with pytest.raises(LearningFrozen):
        behaviour.learn()
    with pytest.raises(CommandError, match="models unfreeze"):
        call_command("learn_behaviour", stdout=StringIO())
    with pytest.raises(CommandError, match="models unfreeze"):
        call_command("train_tagger", stdout=StringIO())
    tasks.learn_behaviour()
    assert not Job.objects.filter(kind="behaviour").exists()
    assert control.unfreeze("ann", "audit is over")
    behaviour.learn()
    assert list(ModelChange.objects.values_list("action", "by", "reason").order_by("pk")) == [
        ("freeze", "ann", "audit"),
        ("unfreeze", "ann", "audit is over"),
    ]


def test_after_an_erasure_what_was_learnt_stays_withdrawn_while_frozen(shop) -> None:
    for n in range(6):
        for item_id in ("W0", "W1"):
            Event.objects.create(kind="purchase", item_id=item_id, user_id=f"u{n}")
    assert behaviour.learn().version
    control.freeze("ann", "audit")
    report = behaviour.relearn()
    assert report is not None
    assert (report.version, BehaviourVersion.objects.count()) == (0, 0)
    assert "ann" in report.reason


def test_freezing_stops_exploring_in_every_process_and_what_is_live_goes_on(shop) -> None:
    engines = [Engine(), Engine()]
    for engine in engines:
        engine.refresh()
        engine._live = Exploring()
        engine._set_weigher()
    control.cap_exploration(0.25, "ann", "carefully")
    for engine in engines:
        engine.refresh()
        assert engine.pipeline.weigher.exploration_cap == 0.25
    control.freeze("ann", "audit")
    for engine in engines:
        engine.refresh()
        assert engine.pipeline.weigher.exploration_cap == 0.0
    control.unfreeze("ann", "over")
    engines[0].refresh()
    assert engines[0].pipeline.weigher.exploration_cap == 0.25


def test_a_change_that_changes_nothing_is_not_recorded(shop) -> None:
    assert not control.unfreeze("ann", "it never was")
    assert control.cap_exploration(0.3, "ann", "more")
    assert not control.cap_exploration(0.3, "ann", "more")
    assert ModelChange.objects.count() == 1
    assert ModelChange.objects.get().evidence == {"before": {"exploration_cap": 0.1}, "after": {"exploration_cap": 0.3}}


@pytest.mark.parametrize("cap", [-0.01, 1.01, float("nan"), float("inf")])
def test_a_cap_that_is_no_share_is_refused(cap) -> None:
    with pytest.raises(ValueError, match="between 0"):
        control.cap_exploration(cap, "ann", "x")
    assert current_control().exploration_cap == 0.1


@pytest.mark.parametrize("name", ["", "  ", "brand", "Category", "价格", "x" * 65, "a\x00b"])
def test_what_is_no_attribute_cannot_be_excluded(name) -> None:
    with pytest.raises(ValueError, match="attribute"):
        control.exclude_attributes([name], "ann", "x")
    assert current_control().excluded == ()


def test_an_excluded_attribute_leaves_no_trace_in_what_serves(shop) -> None:
    engine, other = get_engine(), Engine()
    assert "gender" in everything_of(engine)
    assert "Women" in everything_of(other)
    graphs.rebuild()
    asked = ask("women red zib")
    assert "gender" in [c.field for c in asked.answer.instruction.constraints]

    control.exclude_attributes(["gender"], "ann", "we sell to everybody")

    for held in (engine, other, Engine()):
        assert "gender" not in everything_of(held)
        assert "Women" not in everything_of(held)
        assert held.collection.columns.vocabulary().values["color"]
    served = current_graph()
    assert served is not None
    assert not any(node.key.startswith("gender=") for node in served.graph.nodes)
    assert any(node.key.startswith("color=") for node in served.graph.nodes)


def test_words_about_it_stay_plain_words_and_everything_else_is_understood(shop) -> None:
    control.exclude_attributes(["gender"], "ann", "we sell to everybody")
    answer = ask("red zib for women").answer
    assert [c.field for c in answer.instruction.constraints] == ["color"]
    assert "women" in answer.instruction.rest
    genders = {shop.items[r.item.item_id].attributes["gender"] for r in answer.items}
    assert genders == {("Women",), ("Men",)}
    assert not any("gender" in r.item.attributes for r in answer.items)
    said = " ".join(reason.label for r in answer.items for reason in r.reasons)
    assert "Women" not in said
    assert "Gender" not in said


def test_a_category_that_names_it_is_not_taken_for_it(shop) -> None:
    shop.items["w"] = replace(item("w", "zob", "Women", "Red"), category=("Women",))
    shop.items["m"] = replace(item("m", "zob", "Men", "Red"), category=("Men",))
    shop.items = {i: replace(x, attributes={}) for i, x in shop.items.items()}
    mark_stale(list(shop.items))
    indexing.drain()
    assert [c.field for c in ask("women zob").answer.instruction.constraints] == ["category"]
    control.exclude_attributes(["gender"], "ann", "we sell to everybody")
    assert ask("women zob").answer.instruction.constraints == ()


def test_filters_chips_and_older_answers_do_not_bring_it_back(shop) -> None:
    filters = (Constraint("gender", Operator.IN, ("Women",), source="filter"),)
    before = ask("zib", filters=filters, limit=2)
    assert before.answer.total == 4
    control.exclude_attributes(["gender"], "ann", "we sell to everybody")
    after = ask("zib", filters=filters)
    assert (after.answer.total, after.answer.relaxation.dropped) == (8, ())
    later = page(before.recommendation.pk, Shopper(visitor_id="v1"), offset=2, limit=2)
    assert len(later.answer.items) == 2
    assert later.answer.instruction.constraints == ()
    assert all("gender" not in r.item.attributes for r in later.answer.items)


def test_the_worker_embeds_again_without_it_and_with_it_when_it_is_allowed_again(shop) -> None:
    before = dict(IndexedItem.objects.values_list("pk", "content_hash"))
    control.exclude_attributes(["gender"], "ann", "we sell to everybody")
    assert StaleItem.objects.filter(reason="excluded").count() == 8
    report = indexing.drain()
    assert report.encoded == {"text": 8}
    assert not any("gender" in row.facts["attributes"] for row in IndexedItem.objects.all())
    assert indexing.reconcile().marked == {}
    control.exclude_attributes([], "ann", "the law changed")
    indexing.drain()
    assert dict(IndexedItem.objects.values_list("pk", "content_hash")) == before
    assert "gender" in everything_of(get_engine())


def test_the_settings_exclude_as_well_and_by_any_of_its_names(shop, settings) -> None:
    settings.RECOMMENDER = {**settings.RECOMMENDER, "EXCLUDE_ATTRIBUTES": ["sex"]}
    set_encoders([HashedWords()])
    assert "Women" not in everything_of(get_engine())
    assert ask("women zib").answer.instruction.constraints == ()


def test_a_setting_that_is_no_list_is_named(settings) -> None:
    settings.RECOMMENDER = {**settings.RECOMMENDER, "EXCLUDE_ATTRIBUTES": "gender"}
    with pytest.raises(ImproperlyConfigured, match=r"EXCLUDE_ATTRIBUTES.*list of names"):
        Engine()


def test_a_graph_that_is_built_later_has_no_trace_either(shop) -> None:
    control.exclude_attributes(["gender"], "ann", "we sell to everybody")
    graphs.rebuild()
    row = Artefact.objects.get()
    assert b"gender" not in bytes(row.data)
    assert b"color=Red" in bytes(row.data)


def test_taste_learns_nothing_of_it(shop) -> None:
    for item_id in ("W0", "W1", "W4", "W5"):
        Event.objects.create(kind="like", item_id=item_id, visitor_id="v1")

    def tastes() -> dict[str, float]:
        terms = ask("zib").answer.terms
        return {i: sum(t.z for t in addends if t.source == "taste") for i, addends in terms.items()}

    assert tastes()["W0"] > 0 > tastes()["M2"]
    control.exclude_attributes(["gender"], "ann", "we sell to everybody")
    assert set(tastes().values()) == {0.0}
