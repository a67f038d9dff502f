from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from fusion.types import Item
from recommender import learnt
from recommender.encoders import set_encoders
from recommender.engine import reset_engine
from recommender.models import ModelVersion
from recommender.services import indexing, versions
from recommender.services.outbox import mark_stale
from tests.encoders import HashedWords
from tests.recommender.weighers import PATH, fixed_bytes

pytestmark = pytest.mark.django_db
BETTER = {"validation": {"metric": "ndcg@10", "lift": 0.03, "low": 0.01, "high": 0.05}}


@pytest.fixture(autouse=True)
def shop(host, monkeypatch) -> Iterator[Any]:
    monkeypatch.setattr(learnt, "LOAD_WEIGHER", PATH)
    set_encoders([HashedWords()])
    reset_engine()
    host.items = {
        "word": Item("word", "zib zob"),
        "both": Item("both", "zib", description="a zib for everybody, much loved"),
        "none": Item("none", "kar"),
    }
    mark_stale(list(host.items))
    indexing.drain()
    yield host
    set_encoders(None)
    reset_engine()


def said(*arguments: str) -> str:
    out = StringIO()
    call_command("models", *arguments, stdout=out, stderr=out)
    return out.getvalue()


def kept(name: str = "gate", metrics: Any = BETTER, **factors: float) -> ModelVersion:
    given = {signal.replace("__", "/"): factor for signal, factor in (factors or {"words__text": 2.0}).items()}
    return versions.store("fusion", name, fixed_bytes(given), metrics=metrics, about={"seed": 3, "from": "2026-10-01"})


def test_an_empty_shop_is_told_what_serves() -> None:
    text = said("list")
    assert "In force, fusion: the defaults" in text
    assert "Nothing was learnt yet" in text
    assert "exploration at most 0.1; excluded attributes: none" in text


def test_a_version_goes_its_way_by_command(shop) -> None:
    row = kept()
    assert f"{row.pk}  fusion   candidate" in said("list")
    shown = said("show", str(row.pk))
    assert "validation.lift: 0.03" in shown
    assert "seed: 3" in shown
    assert "is in force" in said("promote", str(row.pk), "--reason", "better", "--by", "ann")
    assert f"In force, fusion: {row.pk} (gate)" in said("list")
    assert "promote by ann: better" in said("show", str(row.pk))
    assert "The defaults are in force again." in said("rollback", "fusion", "--reason", "worse")
    assert "is rejected" in said("reject", str(row.pk), "--reason", "unfair")
    assert [entry["state"] for entry in json.loads(said("list", "--json"))] == ["rejected"]


def test_a_refusal_says_why_and_force_says_what_it_passed_over() -> None:
    row = kept(metrics={})
    assert "speaks against it: Nothing was measured" in said("show", str(row.pk))
    with pytest.raises(CommandError, match="Nothing was measured that shows an improvement"):
        said("promote", str(row.pk), "--reason", "hope")
    assert "Forced in spite of: no_evidence" in said("promote", str(row.pk), "--reason", "a trial", "--force")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("show", "77"), "no model version 77"),
        (("rollback", "fusion", "--reason", "x"), "nothing to roll back"),
        (("cap", "1.5", "--reason", "x"), "between 0"),
        (("exclude", "brand", "--reason", "x"), "no attribute"),
        (("freeze", "--reason", " "), "Say why"),
        (("freeze",), "--reason"),
        (("compare", "0", "0"), "Compare two versions"),
    ],
)
def test_what_cannot_be_done_is_an_error_with_its_reason(arguments, message) -> None:
    with pytest.raises(CommandError, match=message):
        said(*arguments)


def test_the_switches_say_what_they_did_and_when_there_was_nothing_to_do() -> None:
    assert "Learning is frozen" in said("freeze", "--reason", "audit")
    assert "exploration at most 0;" in said("list")
    assert "it was so" in said("freeze", "--reason", "audit")
    assert "Learning goes on" in said("unfreeze", "--reason", "over")
    assert "At most 0.2 is explored" in said("cap", "0.2", "--reason", "careful")
    assert "Excluded: gender, size" in said("exclude", "Size", "gender", "--reason", "fair")
    assert "Excluded: none" in said("exclude", "--reason", "all again")


def test_a_comparison_shows_what_was_measured_and_how_products_move() -> None:
    row = kept(words__lexical=0.0, words__text=1.0)
    other = kept("other", {"validation": {"lift": 0.02, "low": 0.01, "high": 0.05}}, words__lexical=4.0, words__text=0.0)
    text = said("compare", str(row.pk), str(other.pk), "--request", "zib")
    assert "validation.lift: 0.03 -> 0.02" in text
    assert "weight of words/lexical: x 0.000 -> x 4.000" in text
    assert "“zib”" in text
    assert "as of 20" in text
    against_defaults = said("compare", "0", str(row.pk))
    assert "validation.lift: – -> 0.03" in against_defaults


def test_a_damaged_version_is_compared_by_its_metrics() -> None:
    row = kept()
    ModelVersion.objects.filter(pk=row.pk).update(data=b"")
    text = said("compare", "0", str(row.pk))
    assert "validation.lift" in text
    assert "not kept any more" in text
