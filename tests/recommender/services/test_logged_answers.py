from datetime import UTC, datetime, timedelta

import pytest

from recommender.models import Event
from recommender.services.logged_answers import LogCounts, LogRange, read_answers
from tests.hosts.memory import MemoryCatalog
from tests.recommender.fusion_log import WORDED, store_answer

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
OLD = NOW - timedelta(days=20)
WINDOW = timedelta(days=7)


def terms(n: int, factor_weight: float = 1.0) -> dict[str, list[list[object]]]:
    return {f"p{place}": [["text", "words", factor_weight, 1.0 - place / 100]] for place in range(n)}


def act(answer, kind: str, item_id: str, after: timedelta = timedelta(minutes=1)) -> None:
    Event.objects.create(kind=kind, item_id=item_id, recommendation_id=answer.pk, occurred_at=answer.created_at + after)


def read(**given):
    counts = LogCounts()
    return list(read_answers(LogRange(**{"until": NOW, **given}), counts)), counts


def test_rewards_are_what_was_done_within_the_window() -> None:
    answer = store_answer(OLD, terms(4))
    for kind in ("click", "add_to_cart", "purchase"):
        act(answer, kind, "p1")
    act(answer, "return", "p1", timedelta(days=6))
    act(answer, "purchase", "p2", timedelta(days=8))  # too late to be this answer's
    act(answer, "click", "somewhere else")
    act(answer, "dislike", "p3")
    (found,), counts = read()
    assert [item.reward for item in found.items] == pytest.approx([0.0, 0.4, 0.0, -0.2])
    assert [item.acted for item in found.items] == [False, True, False, False]
    assert (found.words, found.shopper, found.context.n_musts) == ("lamp", "visitor v1", 1)
    assert (counts.answers, counts.first) == (1, OLD)


def test_an_answer_whose_window_is_open_is_not_read_yet() -> None:
    store_answer(NOW - WINDOW + timedelta(minutes=1), terms(4))
    assert read()[0] == []
    assert len(read(until=NOW + timedelta(minutes=2))[0]) == 1


def test_nothing_after_the_moment_of_reading_is_known() -> None:
    answer = store_answer(OLD, terms(4))
    act(answer, "purchase", "p0", timedelta(days=6))
    (then,), _ = read(until=OLD + timedelta(days=1), window=timedelta(days=1))
    assert then.items[0].reward == 0.0
    assert read()[0][0].items[0].reward == 1.0


def test_seen_is_the_first_page_and_every_page_where_something_was_done() -> None:
    answer = store_answer(OLD, terms(30))
    assert sum(item.seen for item in read()[0][0].items) == 8
    act(answer, "click", "p9")
    (found,), _ = read()
    assert [item.rank for item in found.items if item.seen] == list(range(1, 17))
    assert len(found.items) == 30


def test_what_says_nothing_of_weights_is_left_out_and_counted() -> None:
    store_answer(OLD, terms(4), request={"words": "lamp", "limit": 8, "order": {"field": "price", "descending": False}})
    store_answer(OLD, terms(4), instruction={"order": {"field": "price", "descending": False}})
    store_answer(OLD, terms(4), context={})
    store_answer(OLD, terms(1))
    found, counts = read()
    assert found == []
    assert dict(counts.skipped) == {
        "in an order of its own": 2,
        "stored before contexts were kept": 1,
        "with fewer than two items": 1,
    }


def test_somebody_who_does_not_want_to_be_remembered_is_not_learnt_from(host, monkeypatch) -> None:
    asked = []

    def may_remember(self, *, user_id="", visitor_id=""):
        asked.append((user_id, visitor_id))
        return visitor_id != "shy"

    monkeypatch.setattr(MemoryCatalog, "may_remember", may_remember)
    store_answer(OLD, terms(4), visitor_id="shy")
    store_answer(OLD, terms(4), visitor_id="open", user_id="7")
    store_answer(OLD, terms(4), visitor_id="")
    found, _ = read()
    assert len(found) == 2
    assert sorted(asked) == [("", "shy"), ("7", "")]


def test_simulated_answers_are_read_when_asked_for_alone() -> None:
    store_answer(OLD, terms(4))
    store_answer(OLD, terms(4), simulated=True)
    assert [len(read(simulated=which)[0]) for which in ("exclude", "only", "include")] == [1, 1, 2]
    assert read(simulated="include")[1].simulated == 1


def test_words_that_were_not_embedded_are_no_words() -> None:
    store_answer(OLD, terms(4), degraded=["text_model"])
    assert read()[0][0].words == ""


def test_the_newest_answers_up_to_the_limit_within_the_range() -> None:
    for day in range(5):
        store_answer(OLD + timedelta(days=day), terms(4), context={**WORDED, "n_history": day})
    assert [a.context.n_history for a in read(limit=2)[0]] == [4, 3]
    assert [a.context.n_history for a in read(since=OLD + timedelta(days=2, hours=1))[0]] == [4, 3]
