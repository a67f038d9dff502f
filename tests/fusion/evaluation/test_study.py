"""Arms, baselines and knock-outs over small cases, and what the numbers make of them."""

from __future__ import annotations

import numpy as np
import pytest

from fusion.evaluation.arms import Arm, Past, four_arms, knock_outs, popularity_learner
from fusion.evaluation.baselines import all_baselines
from fusion.evaluation.cases import Case, Fold, Selection, global_time
from fusion.evaluation.cold import as_new, held_out
from fusion.evaluation.histories import served_popularity, training_before
from fusion.evaluation.report import RunInfo, to_json
from fusion.evaluation.results import Catalogue, held_out_rows, slices_of, summarise
from fusion.evaluation.study import run
from fusion.evaluation.table import table_of
from fusion.types import Item, Query
from tests.fusion.evaluation.makers import day, pipeline_over, shopper

TITLES = {
    "tent": "green tent", "tarp": "green tarp", "stove": "gas stove", "pan": "frying pan", "mug": "tin mug",
    "boots": "hiking boots", "socks": "wool socks", "map": "trail map", "rope": "climbing rope", "lamp": "head lamp",
}  # fmt: skip
ITEMS = [Item(i, title, category=("Camp" if n < 5 else "Trail",)) for n, (i, title) in enumerate(TITLES.items())]
HISTORIES = [
    *(shopper(f"cook{n}", (n / 10, "stove pan mug")) for n in range(6)),
    *(shopper(f"walk{n}", (n / 10, "boots socks")) for n in range(8)),
    shopper("hungry", (2, "stove pan"), (5, "mug")),
    shopper("nobody", (6, "lamp")),
]
INFO = RunInfo("2026-01-09T00:00:00+00:00", {"shoppers": 16, "items": 10, "from": "a", "to": "b"}, "none", {"split": "x"}, {})


@pytest.fixture(scope="module")
def pipeline():
    return pipeline_over(ITEMS)


@pytest.fixture(scope="module")
def folds():
    return global_time(HISTORIES, day(4), Selection(new_only=True))


def arms_of(pipeline, *, requests=False):
    return four_arms(pipeline, Past([popularity_learner(pipeline)]), requests=requests)


def catalogue(photoless=()):
    return Catalogue(ITEMS, photoless, lambda ids: np.eye(len(ids), dtype=np.float32))


def test_models_of_behaviour_find_what_goes_with_the_history(folds):
    outcomes = {o.name: o for o in run(folds, all_baselines(ITEMS, 0), 3)}
    for name in ("item-kNN (cosine)", "ALS", "EASE"):
        assert outcomes[name].lists[0][0] == "mug"
    assert outcomes["popularity (all time)"].lists[0][:2] == ("boots", "socks")


def test_a_baseline_that_knows_nothing_shows_what_is_popular(folds):
    outcomes = {o.name: o for o in run(folds, all_baselines(ITEMS, 0), 2)}
    assert folds[0].cases[1].shopper == "nobody"
    assert set(outcomes["EASE"].lists[1]) == {"boots", "socks"}


def test_no_ranker_returns_what_a_case_excludes(folds, pipeline):
    for outcome in run(folds, [*arms_of(pipeline), *all_baselines(ITEMS, 0)], 10):
        assert not {"stove", "pan"} & set(outcome.lists[0])


def test_the_pipeline_knows_no_popularity_from_after_the_cut(folds, pipeline):
    arm = arms_of(pipeline)[1]
    arm.learn(folds[0].training)
    popular = pipeline.collection.columns.numbers("popularity")
    assert popular[pipeline.collection.rows_of(["lamp"])[0]] == 0
    expected = served_popularity(folds[0].training, len(pipeline.collection))
    assert popular[pipeline.collection.rows_of(["boots"])[0]] == pytest.approx(expected["boots"])
    assert expected["boots"] > 0


def test_the_four_arms_get_what_their_names_say(pipeline):
    training = training_before(HISTORIES, day(4))
    case = Case("u", day(4), HISTORIES[0].before(day(4)), frozenset({"tent"}), Query("green tent"))
    both, instruction, history, neither = arms_of(pipeline, requests=True)
    fold = Fold(training, (case,))
    run([fold], [both, instruction, history, neither], 5)
    sources = {arm.name: {source for source, _ in arm.used} for arm in (both, instruction, history, neither)}
    assert sources["both"] >= {"words", "history"}
    assert "history" not in sources["instruction"]
    assert "words" not in sources["history"]
    assert sources["popularity"] == {"popularity"}


def test_knock_outs_cover_each_block_and_source_once_and_change_the_answer(pipeline, folds):
    main = arms_of(pipeline)[0]
    run(folds, [main], 5)
    outs = knock_outs(main, main.used)
    assert {arm.name for arm in outs} == {
        "without block prior", "without block lexical", "without block text", "without source history",
    }  # fmt: skip
    case = folds[0].cases[0]
    full = main.answer(case, 5, explain_depth=10)
    less = next(arm for arm in outs if "text" in arm.name).answer(case, 5, explain_depth=10)
    assert any(t.block == "text" for terms in full.terms.values() for t in terms)
    assert not any(t.block == "text" for terms in less.terms.values() for t in terms)


def test_without_popularity_a_page_has_none_of_it_either(pipeline, folds):
    main = arms_of(pipeline)[0]
    run(folds, [main], 5)
    less = next(arm for arm in knock_outs(main, main.used) if "prior" in arm.name)
    less.learn(folds[0].training)
    terms = [t for addends in less.answer(folds[0].cases[1], 5, explain_depth=10).terms.values() for t in addends]
    assert not any(t.source == "popularity" for t in terms)


def test_the_main_arm_leads_by_the_mean_of_its_differences(pipeline, folds):
    outcomes = run(folds, [*arms_of(pipeline), *all_baselines(ITEMS, 0)], 3)
    results = summarise(folds, outcomes, catalogue(), 3, seed=1)
    rows = {row.name: row for row in results.rows}
    assert results.main == "history"
    lead = rows["history"].accuracy["ndcg"].mean - rows["EASE"].accuracy["ndcg"].mean
    assert rows["EASE"].behind["ndcg"].mean == pytest.approx(lead)
    assert not rows["history"].behind


def test_slices_part_shoppers_and_items(folds):
    found = {name: (at, targets) for name, at, targets in slices_of(folds, catalogue(photoless=["mug"]))}
    assert found["shoppers: no history"][0] == [1]
    assert found["shoppers: 1-2 items"][0] == [0]
    assert found["items: new (nobody had taken them)"] == ([1], [frozenset({"lamp"})])
    assert found["items: known"] == ([0], [frozenset({"mug"})])
    assert found["items: without photo"] == ([0], [frozenset({"mug"})])
    assert "shoppers: 3 or more items" not in found


def test_the_table_marks_the_best_and_says_what_is_simulated(pipeline, folds):
    outcomes = run(folds, [*arms_of(pipeline), *all_baselines(ITEMS, 0)], 3)
    results = summarise(folds, outcomes, catalogue(), 3, seed=1)
    lines = table_of(results, RunInfo(INFO.made_at, INFO.data, "all", INFO.settings, {}))
    assert lines[0].startswith("SIMULATED DATA: 2 cases")
    best = max(row.accuracy["ndcg"].mean for row in results.rows)
    assert any(f"{best:.3f}*" in line for line in lines)
    assert not any("SIMULATED" in line for line in table_of(results, INFO))


def test_a_number_that_does_not_exist_is_null_in_json(pipeline, folds):
    results = summarise(folds, run(folds, arms_of(pipeline), 3), catalogue(), 3, seed=1)
    report = to_json(results, INFO)
    assert report["rankers"][0]["catalogue"]["gini_brand"] is None
    assert 0 <= report["rankers"][0]["catalogue"]["gini_category"] <= 1


def test_weights_of_the_served_pipeline_stay_as_they_are(pipeline):
    arm = Arm("x", pipeline, Past([]), (True, True), without=[("history", "text")])
    assert arm.pipeline is not pipeline
    assert pipeline.options.weights["history", "text"] != 0


def test_items_as_new_have_no_past_anywhere_and_are_still_asked_for(folds):
    held = frozenset({"stove", "boots", "mug"})
    (fold,) = as_new(folds, held)
    assert not held & set(fold.training.buyers)
    assert not any(act.item_id in held for case in fold.cases for act in case.history)
    assert [case.target for case in fold.cases] == [case.target for case in folds[0].cases]


def test_what_a_held_out_item_loses_is_measured_on_that_item_alone(folds, pipeline):
    held = frozenset({"mug"})
    arms = arms_of(pipeline)
    known, new = run(folds, arms, 3), run(as_new(folds, held), arms, 3)
    rows = held_out_rows(folds, {"known": known, "as new": new}, held, 3, seed=1)
    assert {(row.slice, row.ranker) for row in rows} == {(s, r) for s in ("known", "as new") for r in ("history", "popularity")}
    assert all(row.accuracy["ndcg"].n == 1 for row in rows)
    found = {(row.slice, row.ranker): row.accuracy["ndcg"].mean for row in rows}
    assert found["as new", "popularity"] < found["known", "popularity"]


def test_the_share_of_held_out_items_is_about_what_was_asked():
    ids = [str(n) for n in range(2000)]
    assert len(held_out(ids, 0.2, seed=1)) == pytest.approx(400, rel=0.15)
    assert held_out(ids, 0.2, seed=1) == held_out(ids, 0.2, seed=1)
