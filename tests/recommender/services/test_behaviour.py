"""recommender.services.behaviour: what is learnt from a log, what is not, and how it comes into force."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from fusion.types import Item
from fusion.weights import DEFAULT_WEIGHTS, share_out
from recommender import tasks
from recommender.catalog import Feedback, Shopper
from recommender.encoders import set_encoders
from recommender.engine import Engine, get_engine, reset_engine
from recommender.models import BehaviourVersion, Event, IndexState, Job
from recommender.services import behaviour, indexing
from recommender.services.feedback import erase, record
from recommender.services.outbox import mark_stale
from recommender.services.serving import RecommendationRequest, recommend
from tests.encoders import HashedWords
from tests.hosts.memory import MemoryCatalog

pytestmark = pytest.mark.django_db

TITLES = {
    "tent": "red tent",
    "stove": "gas stove",
    "lamp": "night lamp",
    "sofa": "grey sofa",
    "rug": "wool rug",
    "new": "oak bed",
}


@pytest.fixture
def shop(host: type[MemoryCatalog]) -> Iterator[type[MemoryCatalog]]:
    set_encoders([HashedWords()])
    reset_engine()
    host.items = {item_id: Item(item_id, title) for item_id, title in TITLES.items()}
    mark_stale(list(TITLES))
    indexing.drain()
    yield host
    set_encoders(None)
    reset_engine()


def bought(shopper: str, *items: str, kind: str = "purchase", received: datetime | None = None, **fields: object) -> None:
    at = received or timezone.now() - timedelta(hours=1)
    Event.objects.bulk_create(
        Event(kind=kind, item_id=item, user_id=shopper, occurred_at=at, received_at=at, **fields) for item in items
    )


def campers(n: int, start: int = 0, items: Sequence[str] = ("tent", "stove"), **fields: object) -> None:
    """So many shoppers who chose the tent and the stove; as many others took the sofa and the rug."""
    for number in range(start, start + n):
        bought(f"camper-{number}", *items, **fields)  # type: ignore[arg-type]


def rooms(n: int) -> None:
    for number in range(n):
        bought(f"room-{number}", "sofa", "rug", "lamp")


def pairs() -> set[tuple[str, str]]:
    engine = Engine()
    engine.refresh()
    lists = engine.collection.neighbours
    if lists is None:
        return set()
    return {
        (a, lists.item_ids[other])
        for n, a in enumerate(lists.item_ids)
        for other in lists.others[lists.starts[n] : lists.starts[n + 1]]
    }


def test_what_enough_shoppers_bought_together_is_learnt_and_served_with_its_reason(shop) -> None:
    campers(6)
    rooms(6)
    report = behaviour.learn()
    assert (report.model, report.n_shoppers, report.n_items, report.n_events) == ("ease", 12, 5, 30)
    bought("me", "tent")
    answer = recommend(RecommendationRequest(), Shopper(user_id="me")).answer
    first = answer.items[0]
    assert first.item.item_id == "stove"
    assert ("behaviour", "history") in {(term.block, term.source) for term in first.terms}
    assert "People who bought red tent also bought this" in {reason.label for reason in first.reasons}


def test_a_pair_that_too_few_shoppers_chose_is_never_shown_whoever_repeats_it(shop) -> None:
    campers(4)
    for _ in range(9):
        bought("camper-0", "tent", "stove")
    rooms(5)
    behaviour.learn()
    assert ("tent", "stove") not in pairs()
    assert ("sofa", "rug") in pairs()
    campers(1, start=4)
    behaviour.learn()
    assert {("tent", "stove"), ("stove", "tent")} <= pairs()


def test_a_log_that_is_too_small_leaves_nothing_in_force_and_the_command_says_so(shop) -> None:
    campers(4)
    out = StringIO()
    call_command("learn_behaviour", stdout=out)
    assert "Nothing learnt from 8 events." in out.getvalue()
    assert "same 5 shoppers" in out.getvalue()
    assert not BehaviourVersion.objects.exists()
    assert pairs() == set()


def test_a_log_without_an_event_is_no_error(shop) -> None:
    report = behaviour.learn()
    assert (report.version, report.n_events, report.n_shoppers) == (0, 0, 0)


def test_a_log_that_shrank_below_the_floor_takes_out_of_force_what_was_learnt_from_it(shop) -> None:
    campers(5)
    behaviour.learn()
    assert pairs()
    Event.objects.filter(user_id="camper-0").delete()
    assert behaviour.learn().version == 0
    assert pairs() == set()


def test_only_what_had_been_received_is_learnt_from(shop) -> None:
    cut = timezone.now() - timedelta(days=1)
    campers(4, received=cut - timedelta(hours=1))
    campers(1, start=4, received=cut + timedelta(hours=1))
    assert behaviour.learn(before=cut).version == 0
    assert behaviour.learn().version > 0


def test_simulated_events_count_only_when_that_is_asked_for_and_mark_the_version(shop) -> None:
    campers(5, simulated=True)
    assert behaviour.learn().version == 0
    version = behaviour.learn(simulated=True).version
    assert BehaviourVersion.objects.get(pk=version).simulated


def test_shoppers_who_may_not_be_remembered_and_events_of_nobody_are_left_out(shop, monkeypatch) -> None:
    campers(5)
    Event.objects.filter(user_id="camper-1").update(user_id="")
    assert behaviour.learn().version == 0
    campers(1, start=5)
    assert behaviour.learn().version > 0
    monkeypatch.setattr(shop, "may_remember", lambda self, *, user_id="", visitor_id="": user_id != "camper-2")
    assert behaviour.learn().version == 0


def test_what_was_returned_is_not_chosen(shop) -> None:
    campers(5)
    bought("camper-0", "stove", kind="return")
    assert behaviour.learn().version == 0


def test_a_pair_that_was_only_looked_at_is_not_said_to_be_bought(shop) -> None:
    campers(6, kind="view")
    rooms(6)
    behaviour.learn()
    bought("me", "tent")
    first = recommend(RecommendationRequest(), Shopper(user_id="me")).answer.items[0]
    assert first.item.item_id == "stove"
    labels = {reason.label for reason in first.reasons}
    assert "People who chose red tent also chose this" in labels
    assert not any("bought this" in label for label in labels)


def test_a_running_process_takes_up_a_new_version_without_another_query_a_request(shop, django_assert_num_queries) -> None:
    campers(5)
    engine = get_engine()
    engine.refresh()
    assert engine.collection.neighbours is None
    version = behaviour.learn().version
    engine.refresh()
    assert (engine.behaviour, engine.collection.neighbours is not None) == (version, True)
    with django_assert_num_queries(1):
        engine.refresh()


def test_a_damaged_version_is_not_served_and_the_shop_answers_as_without(shop) -> None:
    campers(5)
    version = behaviour.learn().version
    BehaviourVersion.objects.filter(pk=version).update(data=b"not what was stored")
    reset_engine()
    bought("me", "tent")
    answer = recommend(RecommendationRequest(), Shopper(user_id="me")).answer
    assert answer.items
    assert "history/behaviour" not in answer.weights


def test_a_shop_without_learnt_behaviour_scores_as_if_there_were_no_such_block(shop) -> None:
    bought("me", "tent")
    answer = recommend(RecommendationRequest(), Shopper(user_id="me")).answer
    shared = share_out(DEFAULT_WEIGHTS, [("history", "text"), ("history", "lexical")])
    assert "history/behaviour" not in answer.weights
    assert answer.weights["history/text"] == pytest.approx(shared[("history", "text")], abs=1e-6)


def test_three_versions_are_kept_and_one_step_back_is_one_command(shop) -> None:
    campers(5)
    versions = [behaviour.learn().version for _ in range(4)]
    assert list(BehaviourVersion.objects.order_by("pk").values_list("pk", flat=True)) == versions[1:]
    call_command("learn_behaviour", "--roll-back", stdout=StringIO())
    assert IndexState.objects.get().behaviour == versions[2]
    engine = Engine()
    engine.refresh()
    assert engine.behaviour == versions[2]


def test_after_an_erasure_nothing_is_kept_that_the_shopper_was_part_of(shop) -> None:
    campers(5)
    rooms(5)
    behaviour.learn()
    behaviour.learn()
    erase(Shopper(user_id="camper-3"))
    report = behaviour.relearn()
    assert report is not None
    assert list(BehaviourVersion.objects.values_list("pk", flat=True)) == [report.version]
    assert ("tent", "stove") not in pairs()
    assert ("sofa", "rug") in pairs()


def test_relearning_where_nothing_was_learnt_does_nothing(shop) -> None:
    assert behaviour.relearn() is None


def test_an_event_that_is_erased_while_it_learns_makes_it_learn_again(shop, monkeypatch) -> None:
    campers(5)
    read = behaviour.read_choices
    runs = []

    def read_then_erase(events):
        choices = read(events)
        if not runs:
            erase(Shopper(user_id="camper-0"))
        runs.append(choices.n_shoppers)
        return choices

    monkeypatch.setattr(behaviour, "read_choices", read_then_erase)
    assert behaviour.learn().version == 0
    assert runs == [5, 4]


def test_the_task_is_a_line_in_the_ledger(shop) -> None:
    campers(5)
    tasks.learn_behaviour()
    job = Job.objects.get(kind="behaviour")
    assert (job.state, "2 items, 2 neighbours" in job.message) == ("done", True)


def test_an_item_that_was_taken_out_of_the_catalogue_is_not_learnt(shop) -> None:
    campers(5)
    del shop.items["stove"]
    mark_stale(["stove"])
    indexing.drain()
    assert behaviour.learn().version == 0


def test_every_process_knows_whether_simulated_shoppers_taught_it(shop) -> None:
    for n in range(5):
        record([Feedback("purchase", item, user_id=f"simulated-{n}", simulated=True) for item in sorted(shop.items)[:2]])
    engine = get_engine()
    engine.refresh()
    assert not engine.learnt_simulated
    assert behaviour.learn(simulated=True).version
    engine.refresh()
    assert engine.learnt_simulated
