"""Splits: what is known, what is asked, and that nobody's future is looked into."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fusion.evaluation.cases import Selection, global_time, leave_one_out
from fusion.evaluation.histories import cut_at_share, popularity, training_before
from tests.fusion.evaluation.makers import day, shopper

HISTORIES = [
    shopper("early", (1, "a b"), (2, "c")),
    shopper("both", (1, "a"), (5, "b d"), (9, "a e")),
    shopper("late", (6, "a"), (8, "f")),
]


def test_global_time_asks_for_the_first_basket_after_the_cut_and_knows_only_what_was_before():
    (fold,) = global_time(HISTORIES, day(5), Selection())
    asked = {case.shopper: (case.target, [act.item_id for act in case.history]) for case in fold.cases}
    assert asked == {"both": ({"b", "d"}, ["a"]), "late": ({"a"}, [])}
    assert fold.training.buyers == {"a": 2, "b": 1, "c": 1}


def test_new_only_asks_for_what_the_shopper_had_not_and_excludes_the_rest():
    (fold,) = global_time(HISTORIES, day(9), Selection(new_only=True))
    (case,) = fold.cases
    assert case.target == {"e"}
    assert case.exclude == {"a", "b", "d"}


def test_a_case_without_anything_new_is_left_out():
    again = [shopper("u", (1, "a"), (5, "a")), shopper("v", (1, "a"), (5, "b"))]
    (fold,) = global_time(again, day(3), Selection(new_only=True))
    assert [case.shopper for case in fold.cases] == ["v"]


def test_leave_one_out_asks_for_each_last_basket_once():
    folds = leave_one_out(HISTORIES, Selection(), n_folds=2)
    assert sorted(case.shopper for fold in folds for case in fold.cases) == ["both", "early", "late"]


def test_no_fold_of_leave_one_out_learns_from_anything_at_or_after_its_first_case():
    for fold in leave_one_out(HISTORIES, Selection(), n_folds=3):
        first = min(case.moment for case in fold.cases)
        assert all(act.at < first for acts in fold.training.acts.values() for act in acts)
        assert all(act.at < case.moment for case in fold.cases for act in case.history)


def test_hindsight_sees_later_baskets_of_others_but_never_a_target():
    (fold,) = leave_one_out([*HISTORIES, shopper("one", (99, "z"))], Selection(), hindsight=True)
    assert fold.training.hindsight
    assert fold.training.buyers["z"] == 1
    assert "e" not in fold.training.buyers
    assert "f" not in fold.training.buyers


def test_limits_choose_cases_over_the_whole_time():
    many = [shopper(f"u{n}", (n, "a"), (n + 0.5, "b")) for n in range(100)]
    (fold,) = global_time(many, day(0.25), Selection(limit=4))
    assert [case.shopper for case in fold.cases] == ["u12", "u37", "u62", "u87"]


def test_shoppers_with_too_little_history_are_left_out():
    (fold,) = global_time(HISTORIES, day(5), Selection(min_items=1))
    assert [case.shopper for case in fold.cases] == ["both"]


def test_a_cut_before_everything_or_after_everything_is_refused_with_advice():
    with pytest.raises(ValueError, match="later cut"):
        global_time(HISTORIES, day(-5), Selection())
    with pytest.raises(ValueError, match="No case is left"):
        global_time(HISTORIES, day(50), Selection())


def test_the_cut_leaves_the_asked_share_of_baskets_before_it():
    assert cut_at_share(HISTORIES, 0.5) == day(5)


def test_popularity_counts_the_window_before_the_moment_only():
    training = training_before([shopper("u", (1, "old"), (40, "new"), (50, "future"))], day(45))
    assert set(popularity(training, timedelta(days=30))) == {"new"}
