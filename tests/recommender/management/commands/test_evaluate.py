"""``manage.py evaluate`` end to end: a file over its own items or over the shop, the shop's log, refusals, report, plots."""

from __future__ import annotations

import gzip
import io
import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.core.management.base import CommandError
from PIL import Image

from fusion.types import Item
from recommender.catalog import Feedback, Shopper
from recommender.encoders import set_encoders
from recommender.engine import get_engine, reset_engine
from recommender.evaluation.log import cases_of, read_log
from recommender.evaluation.run import Options, from_file, from_log
from recommender.models import Event, Recommendation
from recommender.services import indexing
from recommender.services.feedback import record
from recommender.services.outbox import mark_stale
from recommender.services.serving import RecommendationRequest, recommend
from tests.encoders import HashedWords, MeanColours
from tests.recommender.conftest import photo_bytes

pytestmark = pytest.mark.django_db
START = datetime(2026, 1, 1, tzinfo=UTC)
WORDS, THINGS = ("red", "green", "blue", "tin"), ("tent", "mug", "lamp", "rope", "pan", "sock")
SKUS = [f"{word}-{thing}" for word in WORDS for thing in THINGS]


@pytest.fixture
def encoders(settings, host, tmp_path) -> Iterator[HashedWords]:
    """Small real encoders, and a DATA_DIR of the test's own: the cache of vectors lives there."""
    settings.RECOMMENDER = {**settings.RECOMMENDER, "DATA_DIR": tmp_path / "data"}
    words = HashedWords()
    set_encoders([words, MeanColours()])
    reset_engine()
    yield words
    set_encoders(None)
    reset_engine()


def item(sku: str) -> Item:
    return Item(sku, sku.replace("-", " "), category=("Camp", sku.split("-")[1]), brand=sku.split("-")[0].title())


@pytest.fixture
def shop(encoders, host) -> type:
    host.items = {sku: item(sku) for sku in SKUS}
    mark_stale(list(host.items))
    indexing.drain()
    return host


def baskets(n: int, *items: str) -> list[dict[str, object]]:
    """One basket a week; shoppers begin a day apart."""
    return [{"at": (START + timedelta(days=n + 7 * w)).isoformat(), "items": [i]} for w, i in enumerate(items)]


@pytest.fixture
def history(tmp_path) -> Path:
    """Shoppers of one colour each, who take its things one after the other."""
    path = tmp_path / "history.jsonl.gz"
    lines = [
        {"user": f"u{n}", "baskets": baskets(n, *(f"{WORDS[n % 4]}-{THINGS[(n + w) % 6]}" for w in range(3)))}
        for n in range(24)
    ]
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, lines)).encode()))
    return path


@pytest.fixture
def items_file(tmp_path) -> Path:
    path = tmp_path / "items.jsonl"
    (tmp_path / "red.png").write_bytes(photo_bytes("red"))
    rows = [
        {"sku": s, "name": s.replace("-", " "), "category": f"Camp/{s.split('-')[1]}", "brand": s.split("-")[0], "price": 9.5,
         "n_buyers": 40} | ({"image": "red.png"} if s.startswith("red") else {})
        for s in SKUS
    ]  # fmt: skip
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def evaluate(*args: object) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("evaluate", *map(str, args), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_a_history_over_its_own_items_gives_a_table_a_report_and_plots(encoders, history, items_file, tmp_path):
    report_file, plots = tmp_path / "report.json", tmp_path / "plots"
    table, _ = evaluate(
        "--history", history, "--items", items_file, "--new-only", "--k", 5, "--fidelity", 8, "--cold", 0.3,
        "--json", report_file, "--plots", plots,
    )  # fmt: skip
    report = json.loads(report_file.read_text())
    names = [ranker["name"] for ranker in report["rankers"]]
    assert names[:2] == ["history", "popularity"]
    assert {"BM25", "popularity (all time)", "item-kNN (cosine)", "ALS", "EASE"} < set(names)
    assert "without block text" in names
    assert "arms with an instruction are absent" in table
    assert report["main"] == "history"
    assert report["simulated"] == "none"
    assert report["data"]["items_without_photo"] == 18
    assert {row["slice"] for row in report["slices"]} >= {
        "items: with photo", "items: without photo", "held-out items: known", "held-out items: as new",
    }  # fmt: skip
    assert {row["by"] for row in report["exposure"]} == {"category", "brand"}
    assert report["fidelity"][0]["n"] > 0
    for name in ("accuracy", "coverage", "knock-outs", "exposure-category", "exposure-brand"):
        with Image.open(plots / f"{name}.png") as picture:
            assert picture.width > 600
        assert "what shoppers took next" in "".join(ET.parse(plots / "accuracy.svg").getroot().itertext()).lower()
        assert (plots / f"{name}.svg").stat().st_size > 2000


def test_the_report_is_what_its_schema_says(encoders, history, items_file, tmp_path):
    jsonschema = pytest.importorskip("jsonschema")
    evaluate("--history", history, "--items", items_file, "--json", tmp_path / "r.json", "--fidelity", 5)
    schema = json.loads((Path(django_settings.BASE_DIR) / "docs" / "evaluation.schema.json").read_text())
    jsonschema.validate(json.loads((tmp_path / "r.json").read_text()), schema)


def test_the_same_seed_gives_the_same_numbers(encoders, history, items_file, tmp_path):
    def numbers(name: str) -> list[object]:
        evaluate("--history", history, "--items", items_file, "--json", tmp_path / name, "--seed", 4)
        rankers = json.loads((tmp_path / name).read_text())["rankers"]
        return [{key: value for key, value in r.items() if key != "ms_per_case"} for r in rankers]

    assert numbers("a.json") == numbers("b.json")


def test_a_second_run_encodes_nothing(encoders, history, items_file):
    evaluate("--history", history, "--items", items_file)
    assert len(encoders.encoded) == len(SKUS)
    evaluate("--history", history, "--items", items_file)
    assert len(encoders.encoded) == len(SKUS)


def test_how_many_bought_an_item_later_is_not_read_as_its_words(encoders, history, items_file):
    evaluate("--history", history, "--items", items_file)
    assert not any("40" in text for text in encoders.encoded)


def test_what_goes_together_is_learnt_from_before_the_cut_only(encoders, items_file, tmp_path):
    path = tmp_path / "h.jsonl"
    early = [{"user": f"r{n}", "baskets": [{"at": "2026-01-02", "items": ["red-mug", "red-pan"]}]} for n in range(6)]
    late = [{"user": f"b{n}", "baskets": [{"at": "2026-03-02", "items": ["blue-mug", "blue-pan"]}]} for n in range(6)]
    path.write_text("\n".join(map(json.dumps, [*early, *late])))
    cases = from_file(Options(history=path, items=items_file, cut=datetime(2026, 2, 1, tzinfo=UTC)))
    cases.served.past.learn(cases.folds[0].training)
    learnt = cases.served.pipeline.collection.neighbours
    assert learnt is not None
    assert set(learnt.item_ids) == {"red-mug", "red-pan"}


def test_without_items_the_history_runs_over_the_shop_and_leaves_its_popularity_alone(shop, history, tmp_path):
    get_engine().refresh()
    evaluate("--history", history, "--split", "leave-one-out", "--folds", 2, "--json", tmp_path / "r.json")
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["data"]["items"] == len(SKUS)
    assert report["settings"]["folds"] == 2
    assert report["cases"] == 24
    assert not get_engine().collection.columns.numbers("popularity").any()


def test_a_request_in_the_history_brings_the_arms_with_an_instruction(encoders, items_file, tmp_path):
    path = tmp_path / "h.jsonl"
    asked = [
        {"user": f"u{n}", "baskets": [*baskets(n, "red-mug"), {"at": "2026-03-01", "items": ["tin-rope"], "text": "tin rope"}]}
        for n in range(4)
    ]
    path.write_text("\n".join(map(json.dumps, asked)))
    evaluate("--history", path, "--items", items_file, "--json", tmp_path / "r.json", "--share", 0.5)
    rankers = {r["name"]: r["accuracy"]["ndcg"]["mean"] for r in json.loads((tmp_path / "r.json").read_text())["rankers"]}
    assert list(rankers)[:4] == ["both", "instruction", "history", "popularity"]
    assert rankers["instruction"] == 1.0
    assert rankers["popularity"] < 1.0


def test_simulated_shoppers_are_labelled_and_can_be_left_out(encoders, history, items_file, tmp_path):
    lines = gzip.decompress(history.read_bytes()).decode().splitlines()
    path = tmp_path / "mixed.jsonl"
    path.write_text("\n".join(json.dumps({**json.loads(x), "simulated": n % 2 == 0}) for n, x in enumerate(lines)))
    mixed, _ = evaluate("--history", path, "--items", items_file)
    only, _ = evaluate("--history", path, "--items", items_file, "--simulated", "only", "--plots", tmp_path / "p")
    real, _ = evaluate("--history", path, "--items", items_file, "--simulated", "exclude")
    assert mixed.startswith("PARTLY SIMULATED DATA")
    assert only.startswith("SIMULATED DATA")
    assert "SIMULATED" not in real
    assert "SIMULATED DATA" in (tmp_path / "p" / "accuracy.svg").read_text()


def test_bad_lines_are_named_and_the_rest_counts(encoders, history, items_file, tmp_path):
    path = tmp_path / "h.jsonl"
    lines = gzip.decompress(history.read_bytes()).decode().splitlines()
    unknown = {"user": "x", "baskets": [{"at": "2026-01-01", "items": ["no-such-sku"]}]}
    path.write_text("\n".join([*lines, "{broken", json.dumps(unknown)]))
    items_file.write_text(
        items_file.read_text() + '\n{"sku": "", "name": "nothing"}\n{"sku": "red-mug"}\n{"sku": "z", "price": "x"}'
    )
    table, said = evaluate("--history", path, "--items", items_file, "--json", tmp_path / "r.json")
    assert f"h.jsonl, line {len(lines) + 1}: not a JSON object" in said
    assert f"items.jsonl, line {len(SKUS) + 1}: sku is ''" in said
    assert "occurs twice" in said
    assert "price is 'x'" in said
    assert "no-such-sku" in table
    assert len(json.loads((tmp_path / "r.json").read_text())["problems"]) == 4


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((), "one of the arguments --history --log is required"),
        (("--history", "none.jsonl", "--items", "ITEMS"), "none.jsonl cannot be read"),
        (("--history", "HISTORY", "--items", "ITEMS", "--k", 0), "--k is 0; give 1 or more"),
        (("--history", "HISTORY", "--items", "ITEMS", "--share", 1), "--share is 1"),
        (("--history", "HISTORY", "--items", "ITEMS", "--cold", 1), "--cold is 1"),
        (("--history", "HISTORY", "--items", "ITEMS", "--cut", "soon"), "--cut is 'soon'"),
        (("--history", "HISTORY", "--items", "ITEMS", "--cut", "2020-01-01"), "later cut"),
        (("--history", "HISTORY", "--items", "ITEMS", "--cut", "2030-01-01"), "No case is left"),
        (("--history", "HISTORY", "--items", "HISTORY"), "no product that could be read"),
        (("--history", "ITEMS", "--items", "ITEMS"), "no shopper that could be read"),
        (("--history", "HISTORY"), "None of the 24 ids"),
        (("--history", "HISTORY", "--items", "ITEMS", "--hindsight"), "--hindsight belongs to"),
        (("--history", "HISTORY", "--items", "ITEMS", "--json", "/no/such/folder/r.json"), "there is no folder"),
        (("--log", "--items", "ITEMS"), "--items belongs to --history"),
        (("--log",), "no request was stored yet"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_with_the_way_out(encoders, history, items_file, args, said):
    files = {"HISTORY": history, "ITEMS": items_file}
    with pytest.raises(CommandError, match=said):
        evaluate(*(files.get(str(arg), arg) for arg in args))


# -- the shop's own log ----------------------------------------------------------------------------------------------------


def at(row: Recommendation, moment: datetime) -> Recommendation:
    Recommendation.objects.filter(pk=row.pk).update(created_at=moment)
    return row


def asked(text: str, visitor: str, day: float, **given: object) -> Recommendation:
    served = recommend(RecommendationRequest(text=text, **given), Shopper(visitor_id=visitor))
    return at(served.recommendation, START + timedelta(days=day))


def did(kind: str, sku: str, visitor: str, day: float, answer: Recommendation | None = None) -> None:
    moment = START + timedelta(days=day)
    given = Feedback(kind, sku, visitor_id=visitor, recommendation_id=answer.pk if answer else "", occurred_at=moment)
    assert record([given]).accepted == 1


@pytest.fixture
def log(shop) -> type:
    for n in range(6):
        did("purchase", f"{WORDS[n % 4]}-mug", f"v{n}", n / 10)
        answer = asked(f"{WORDS[n % 4]} rope", f"v{n}", 3 + n)
        did("click", f"{WORDS[n % 4]}-rope", f"v{n}", 3.1 + n, answer)
    return shop


def test_the_log_is_replayed_with_all_four_arms(log, tmp_path):
    table, _ = evaluate("--log", "--json", tmp_path / "r.json", "--share", 0.3, "--k", 5)
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["data"]["source"] == "log"
    assert [r["name"] for r in report["rankers"]][:4] == ["both", "instruction", "history", "popularity"]
    found = {r["name"]: r["accuracy"]["ndcg"]["mean"] for r in report["rankers"]}
    assert found["instruction"] == 1.0
    assert {row["slice"] for row in report["slices"]} >= {"language: en", "asked: in words"}
    assert "without source words" in found
    assert found["popularity"] < found["instruction"]
    assert "favours rankings like the one that made it" in table


def test_a_replay_knows_only_what_was_before_each_request(log):
    did("purchase", "tin-sock", "v5", 20)
    cases = from_log(Options(share=0.3))
    (fold,) = cases.folds
    assert all(act.at < fold.training.moment for acts in fold.training.acts.values() for act in acts)
    assert all(act.at < case.moment for case in fold.cases for act in case.history)
    last = fold.cases[-1]
    assert [act.item_id for act in last.history] == ["green-mug"]
    assert last.target == {"green-rope"}


def test_what_was_bought_within_a_week_counts_also_without_a_click(log):
    asked("something warm", "v9", 30)
    did("purchase", "blue-sock", "v9", 33)
    did("purchase", "blue-pan", "v9", 60)
    found = cases_of(read_log(), frozenset(SKUS), Options().selection)
    assert found[-1].target == {"blue-sock"}


def test_requests_that_cannot_be_replayed_are_counted(log, tmp_path):
    asked("red lamp", "v8", 12)
    asked("", "v8", 13, photo=photo_bytes("red"))
    table, _ = evaluate("--log", "--share", 0.3)
    assert "1 requests left out: nothing was taken after it." in table
    assert "1 requests left out: asked with a photo" in table


def test_a_replay_stores_no_answer_and_no_event(log):
    before = Recommendation.objects.count(), Event.objects.count()
    evaluate("--log", "--share", 0.3, "--fidelity", 3)
    assert (Recommendation.objects.count(), Event.objects.count()) == before


def test_simulated_events_and_answers_can_be_left_out_of_the_log(log):
    Recommendation.objects.update(simulated=True)
    Event.objects.update(simulated=True)
    table, _ = evaluate("--log", "--share", 0.3)
    assert table.startswith("SIMULATED DATA")
    with pytest.raises(CommandError, match="no request was stored yet"):
        evaluate("--log", "--simulated", "exclude")


def test_what_is_sold_out_now_can_still_have_been_the_right_answer(log, host):
    host.items["green-rope"] = replace(host.items["green-rope"], stock=0)
    mark_stale(["green-rope"])
    indexing.drain()
    cases = from_log(Options(share=0.3))
    case = next(case for case in cases.folds[0].cases if "green-rope" in case.target)
    answer = cases.served.pipeline.recommend(case.query)
    assert answer.items[0].item.item_id == "green-rope"


def test_what_the_simulator_left_is_replayed_and_called_simulated(shop, tmp_path):
    call_command("simulate", "--shoppers", "8", "--sessions", "60", "--days", "20", stdout=io.StringIO())
    table, _ = evaluate("--log", "--json", tmp_path / "r.json", "--share", 0.5, "--cold", 0.3)
    report = json.loads((tmp_path / "r.json").read_text())
    assert table.startswith("SIMULATED DATA")
    assert report["simulated"] == "all"
    found = {r["name"]: r["accuracy"]["ndcg"]["mean"] for r in report["rankers"]}
    assert found["both"] > found["popularity"]
    assert any(note.endswith("requests left out: nothing was taken after it.") for note in report["notes"])
