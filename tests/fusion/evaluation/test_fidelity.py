"""Reasons against removals: a true reason's removal costs places, a false one's would not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fusion.evaluation.arms import Arm, Past
from fusion.evaluation.cases import Case
from fusion.evaluation.fidelity import Removal, check, removals_of, summary
from fusion.explanation import legs_of_reason
from fusion.types import Interaction, Item, Query, Reason, Term
from tests.fusion.evaluation.makers import day, pipeline_over

WORDS = ["red", "green", "blue", "tin", "wool", "steel"]
THINGS = ["tent", "mug", "lamp", "rope", "pan", "sock"]
ITEMS = [Item(f"{word}-{thing}", f"{word} {thing}") for word in WORDS for thing in THINGS]


@pytest.fixture(scope="module")
def arm() -> Arm:
    return Arm("both", pipeline_over(ITEMS), Past([]), (True, True))


def case(text: str = "", *bought: str) -> Case:
    acts = tuple(Interaction(item, "purchase", day(n)) for n, item in enumerate(bought))
    return Case("u", day(50), acts, frozenset({"red-tent"}), Query(text) if text else None)


def test_taking_away_the_first_reason_costs_places_in_nearly_all_answers(arm):
    cases = [case(f"{word} {thing}") for word in WORDS for thing in THINGS]
    cases += [case("", f"{word}-mug", f"{word}-lamp") for word in WORDS]
    found = {line.how: line for line in summary(check(arm, cases, n=42, k=10, seed=3))}
    assert found["terms"].n == 42
    assert found["terms"].score_falls == 1.0
    assert found["terms"].rank_falls >= 0.95
    assert found["terms"].rank_falls_of_others == 1.0


def test_the_item_that_the_reason_names_spoke(arm):
    cases = [case("", f"{word}-mug", "red-tent") for word in WORDS[1:]]
    found = {line.how: line for line in summary(check(arm, cases, n=5, k=3, seed=3))}
    assert found["evidence"].n == 5
    assert found["evidence"].score_falls == 1.0


def test_a_reason_that_names_a_signal_of_no_weight_does_not_pass(arm):
    """The check must be able to fail: the same item with the reason of a signal that did nothing for it."""
    asked = case("red mug", "wool-sock")
    answer = arm.answer(asked, 10, explain_depth=1000)
    last = answer.items[-1]
    weak = min(last.terms, key=lambda term: term.contribution)
    code = {"words": "fits_meaning", "history": "because_purchase", "popularity": "popular"}[weak.source]
    of_words = (weak.source, weak.block) == ("words", "lexical")
    signal, code = ("lexical", "matches_words") if of_words else (weak.source, code)
    false = replace(last, reasons=(Reason(signal, 0.0, 0.0, code, ""),))
    terms = next(r for r in removals_of(arm, asked, answer, false, 10) if r.how == "terms")
    assert weak.contribution < 0
    assert terms.drop < 0
    assert not terms.falls


def test_a_leader_that_stays_first_is_counted_on_its_own():
    removals = [Removal("terms", "x", 1, 1, 0.5, 2.0), Removal("terms", "x", 3, 7, 0.5, 0.1)]
    (line,) = summary(removals)
    assert (line.n, line.leaders, line.rank_falls, line.rank_falls_of_others, line.places) == (2, 1, 0.5, 1.0, 4)


def test_a_reason_speaks_for_the_terms_of_its_message_only():
    terms = (Term("text", "words", 1.0, 2.0), Term("lexical", "words", 0.5, 2.0), Term("text", "history", 0.2, 1.0))
    assert legs_of_reason(Reason("words", 2.0, 0.6, "fits_meaning", ""), terms) == {("words", "text")}
    assert legs_of_reason(Reason("history", 0.2, 0.1, "because_purchase", ""), terms) == {("history", "text")}
    both = (*terms, Term("behaviour", "history", 0.8, 1.0))
    assert legs_of_reason(Reason("history", 0.8, 0.2, "bought_together", ""), both) == {("history", "behaviour")}
