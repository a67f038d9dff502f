from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from django.db import transaction

from fusion.gate.storage import policy_name, to_bytes
from fusion.gate.weights import default_gate
from fusion.weighing import Context
from recommender import learnt
from recommender.control import refuse_when_frozen
from recommender.encoders import set_encoders
from recommender.engine import Engine
from recommender.exceptions import LearningFrozen, PromotionRefused
from recommender.models import IndexState, LearningControl, ModelChange, ModelVersion
from recommender.services import versions
from recommender.services.evidence import refusals_of
from tests.encoders import ColourSpace, HashedWords
from tests.recommender.encoder_shop import version_of
from tests.recommender.weighers import PATH, fixed_bytes

pytestmark = pytest.mark.django_db
BETTER = {"validation": {"metric": "ndcg@10", "lift": 0.03, "low": 0.01, "high": 0.05, "n": 800}}


@pytest.fixture(autouse=True)
def _fixed_weighers(monkeypatch, host) -> None:
    monkeypatch.setattr(learnt, "LOAD_WEIGHER", PATH)


def kept(factor: float = 2.0, **given: Any) -> ModelVersion:
    policy = f"fixed:{factor}"
    return versions.store(
        "fusion", policy, fixed_bytes({"words/text": factor}, policy), **{"metrics": BETTER, "about": {"seed": 1}, **given}
    )


def served_policy(engine: Engine) -> str:
    engine.refresh()
    weigher = engine.pipeline.weigher
    return weigher.weighing.policy if weigher else "default"  # type: ignore[attr-defined]


def codes(version: ModelVersion) -> list[str]:
    return [refusal.code for refusal in versions.check(version)]


def test_a_candidate_serves_nobody_until_it_is_promoted_and_then_every_process() -> None:
    engines = [Engine(), Engine()]
    version = kept()
    assert [served_policy(engine) for engine in engines] == ["default", "default"]
    change = versions.promote(version, "ann", "better on held-out answers")
    assert [served_policy(engine) for engine in engines] == ["fixed:2.0", "fixed:2.0"]
    version.refresh_from_db()
    assert (version.state, versions.live("fusion")) == ("live", version)
    assert version.promoted_at is not None
    assert (change.by, change.action, change.version, change.previous) == ("ann", "promote", version, None)
    assert change.evidence["metrics"] == BETTER


def test_looking_for_a_newer_version_is_no_query_more(django_assert_num_queries) -> None:
    engine = Engine()
    versions.promote(kept(), "ann", "better")
    engine.refresh()
    with django_assert_num_queries(1):
        engine.refresh()


def test_a_rollback_goes_back_step_by_step_and_ends_at_the_defaults() -> None:
    engine = Engine()
    first, second, third = kept(1.5), kept(2.0), kept(3.0)
    for version in (first, second, third):
        versions.promote(version, "ann", "better")
    assert served_policy(engine) == "fixed:3.0"
    back = versions.roll_back("fusion", "bob", "sales fell")
    assert (back.previous, back.version) == (third, second)
    assert served_policy(engine) == "fixed:2.0"
    versions.roll_back("fusion", "bob", "still")
    assert served_policy(engine) == "fixed:1.5"
    versions.roll_back("fusion", "bob", "still")
    assert served_policy(engine) == "default"
    assert versions.live("fusion") is None
    with pytest.raises(PromotionRefused, match="nothing to roll back"):
        versions.roll_back("fusion", "bob", "again")


def test_a_rollback_passes_over_what_was_rejected_meanwhile_and_what_is_damaged() -> None:
    first, second, third, fourth = kept(1.1), kept(1.2), kept(1.3), kept(1.4)
    for version in (first, second, third, fourth):
        versions.promote(version, "ann", "better")
    versions.reject(third, "ann", "it showed one brand alone")
    ModelVersion.objects.filter(pk=second.pk).update(data=b"cut off")
    assert versions.fallback("fusion") == first
    assert versions.roll_back("fusion", "ann", "worse").version == first


def test_promoting_again_after_a_rollback_does_not_make_the_next_rollback_turn_in_a_circle() -> None:
    first, second = kept(1.1), kept(1.2)
    for version in (first, second, first):
        versions.promote(version, "ann", "better")
    assert versions.roll_back("fusion", "ann", "x").version == second
    assert versions.roll_back("fusion", "ann", "x").version == first
    assert versions.roll_back("fusion", "ann", "x").version is None


def test_a_damaged_version_is_left_out_and_the_defaults_serve(caplog) -> None:
    engine = Engine()
    version = kept()
    versions.promote(version, "ann", "better")
    ModelVersion.objects.filter(pk=version.pk).update(data=fixed_bytes({"words/text": 9.0}))
    with caplog.at_level(logging.WARNING):
        assert served_policy(engine) == "default"
    assert "event=fusion_failed" in caplog.text
    assert "fusion" in engine.ready().degraded
    versions.roll_back("fusion", "ann", "damaged")
    assert served_policy(engine) == "default"
    assert "fusion" not in engine.ready().degraded


def test_a_version_that_this_code_does_not_know_is_left_out(caplog) -> None:
    engine = Engine()
    IndexState.objects.update_or_create(pk=1, defaults={"fusion": 12345})
    assert served_policy(engine) == "default"
    assert "fusion" in engine.ready().degraded


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        ({}, ["no_evidence"]),
        ({"validation": {"lift": 0.02, "low": -0.001, "high": 0.04}}, ["no_improvement"]),
        ({"validation": {"lift": 0.02, "low": 0.0, "high": 0.04}}, ["no_improvement"]),
        ({"validation": {"lift": 0.02}}, ["unreadable_evidence"]),
        ({"validation": {"low": True, "high": 1}}, ["unreadable_evidence"]),
        ({"validation": {"low": 0.001, "high": 0.04}}, []),
        ({"evidence": {"estimate": 0.12, "low": 0.11, "high": 0.13, "live": 0.10}}, []),
        ({"evidence": {"estimate": 0.12, "low": 0.10, "high": 0.13, "live": 0.10}}, ["no_improvement"]),
        ({"evidence": {"estimate": 0.12, "low": 0.11, "high": 0.13}}, ["unreadable_evidence"]),
        ({"evidence": {"low": 0.11, "live": 0.10, "against": 8}}, ["stale_evidence"]),
        ({"evidence": {"low": 0.11, "live": 0.10, "against": 7}}, []),
        ({**BETTER, "evidence": {"low": 0.09, "live": 0.10}}, ["no_improvement"]),
    ],
)
def test_only_an_interval_above_what_is_live_speaks_for_a_version(metrics, expected) -> None:
    assert [refusal.code for refusal in refusals_of(metrics, 7)] == expected


def test_evidence_against_what_is_live_no_more_is_stale() -> None:
    first = kept(1.1)
    second = kept(1.2, metrics={"evidence": {"low": 0.2, "live": 0.1, "against": 0}})
    assert codes(second) == []
    versions.promote(first, "ann", "better")
    assert codes(second) == ["stale_evidence"]


def test_what_simulated_shoppers_taught_is_refused_where_they_do_not_count(settings) -> None:
    version = kept(simulated=True)
    with pytest.raises(PromotionRefused, match="simulated shoppers") as refused:
        versions.promote(version, "ann", "demo")
    assert list(refused.value.refusals) == ["simulated"]
    assert versions.live("fusion") is None
    settings.RECOMMENDER = {**settings.RECOMMENDER, "USE_SIMULATED": True}
    assert codes(version) == []


def test_force_keeps_its_reason_and_what_it_overrode() -> None:
    version = kept(metrics={}, simulated=True)
    change = versions.promote(version, "ann", "a demonstration on the test shop", force=True)
    assert change.evidence["forced"] == ["no_evidence", "simulated"]
    assert change.reason == "a demonstration on the test shop"


def test_no_force_puts_a_damaged_rejected_or_live_version_in_force() -> None:
    version = kept()
    ModelVersion.objects.filter(pk=version.pk).update(data=b"something else")
    with pytest.raises(PromotionRefused, match="damaged"):
        versions.promote(version, "ann", "please", force=True)
    other = kept(3.0)
    versions.reject(other, "ann", "unfair")
    with pytest.raises(PromotionRefused, match="was rejected"):
        versions.promote(other, "ann", "please", force=True)
    third = kept(4.0)
    versions.promote(third, "ann", "better")
    with pytest.raises(PromotionRefused, match="live already"):
        versions.promote(third, "ann", "please", force=True)
    assert ModelChange.objects.filter(action="promote").count() == 1


def test_bytes_that_hold_no_weigher_are_no_candidate_for_promotion() -> None:
    version = versions.store("fusion", "text", b"not safetensors at all", metrics=BETTER)
    assert codes(version) == ["damaged"]


def test_while_frozen_nothing_is_promoted_but_a_rollback_works() -> None:
    first, second = kept(1.1), kept(1.2)
    versions.promote(first, "ann", "better")
    LearningControl.objects.create(frozen=True, changed_by="ann")
    with pytest.raises(PromotionRefused, match="frozen"):
        versions.promote(second, "worker", "better", force=True)
    with pytest.raises(LearningFrozen, match="ann"):
        refuse_when_frozen()
    assert versions.roll_back("fusion", "ann", "worse").version is None


def test_a_promotion_that_fails_half_way_changed_nothing(monkeypatch) -> None:
    first, second = kept(1.1), kept(1.2)
    versions.promote(first, "ann", "better")

    def fail(*args: Any, **kwargs: Any) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(ModelChange.objects, "create", fail)
        with pytest.raises(OSError), transaction.atomic():
            versions.promote(second, "ann", "better")
    assert versions.live("fusion") == first
    assert list(ModelVersion.objects.values_list("state", flat=True).order_by("pk")) == ["live", "candidate"]
    assert ModelChange.objects.count() == 1


def test_a_live_version_is_not_rejected_and_every_change_needs_a_reason() -> None:
    version = kept()
    with pytest.raises(ValueError, match="Say why"):
        versions.promote(version, "ann", "  ")
    versions.promote(version, "ann", "better")
    with pytest.raises(PromotionRefused, match="Roll it back first"):
        versions.reject(version, "ann", "bad")


def test_the_kinds_are_in_force_side_by_side(host) -> None:
    set_encoders([ColourSpace()])
    encoder, fusion = version_of(ColourSpace()), kept()
    versions.promote(encoder, "ann", "recall doubled")
    versions.promote(fusion, "ann", "better")
    assert (versions.live("encoder"), versions.live("fusion")) == (encoder, fusion)
    set_encoders(None)


def test_a_version_in_a_folder_is_all_its_files(settings, tmp_path) -> None:
    settings.RECOMMENDER = {**settings.RECOMMENDER, "DATA_DIR": tmp_path}
    folder = tmp_path / "models" / "adapted"
    folder.mkdir(parents=True)
    (folder / "heads.safetensors").write_bytes(fixed_bytes({"a/b": 1.0}))
    encoder = versions.store("encoder", "heads", folder=folder, metrics=BETTER)
    assert encoder.about == {"folder": "adapted"}
    learnt.verify(encoder)
    (folder / "heads.safetensors").write_bytes(b"other")
    with pytest.raises(ValueError, match="damaged"):
        learnt.verify(encoder)


def test_a_folder_elsewhere_is_refused(settings, tmp_path) -> None:
    settings.RECOMMENDER = {**settings.RECOMMENDER, "DATA_DIR": tmp_path}
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    (outside / "a").write_bytes(b"a")
    with pytest.raises(ValueError, match="not in the subpath"):
        versions.store("encoder", "x", folder=outside)
    with pytest.raises(ValueError, match="not one of"):
        learnt.folder_of(ModelVersion(about={"folder": "../elsewhere"}))


def test_numbers_that_json_cannot_hold_and_unknown_kinds_are_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        kept(metrics={"loss": float("nan")})
    with pytest.raises(ValueError, match="'parser' is no kind"):
        versions.store("parser", "x", b"x")
    with pytest.raises(ValueError, match="either data or the folder"):
        versions.store("fusion", "x")


def test_old_versions_lose_their_data_but_not_what_is_live_or_gone_back_to(monkeypatch) -> None:
    monkeypatch.setattr(versions, "KEPT", 2)
    back, now = kept(1.1), kept(1.2)
    versions.promote(back, "ann", "better")
    versions.promote(now, "ann", "better")
    later = [kept(2.0 + n) for n in range(4)]
    with_data = set(ModelVersion.objects.exclude(data=b"").values_list("pk", flat=True))
    assert with_data == {back.pk, now.pk, later[2].pk, later[3].pk}
    assert ModelVersion.objects.get(pk=later[0].pk).metrics == BETTER
    assert codes(ModelVersion.objects.get(pk=later[0].pk)) == ["damaged"]


def test_the_folder_of_an_old_encoder_goes_unless_a_kept_version_lives_in_it(
    settings, tmp_path, monkeypatch, django_capture_on_commit_callbacks
) -> None:
    settings.RECOMMENDER = {**settings.RECOMMENDER, "DATA_DIR": tmp_path}
    monkeypatch.setattr(versions, "KEPT", 2)
    folders = [tmp_path / "models" / name for name in ("first", "shared", "shared", "last")]
    with django_capture_on_commit_callbacks(execute=True):
        for n, folder in enumerate(folders):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "heads.safetensors").write_bytes(b"heads")
            versions.store("encoder", f"heads {n}", folder=folder, metrics=BETTER)
    assert [folder.exists() for folder in folders] == [False, True, True, True]


def test_a_real_gate_is_kept_promoted_and_bound_to_its_encoder(monkeypatch) -> None:
    monkeypatch.undo()
    set_encoders([HashedWords()])
    engine = Engine()
    learnt_with = engine.encoder_ids["text"]
    gate = default_gate(engine.collection.index.dims["text"], encoder=learnt_with)
    tilted = replace(gate, head_bias=np.full_like(gate.head_bias, 0.3))
    version = versions.store("fusion", "gate", to_bytes(tilted), metrics=BETTER)
    versions.promote(version, "ann", "better")
    engine.refresh()
    assert engine.pipeline.weigher is not None
    weighing = engine.pipeline.weigher.weigh(Context(signals=(("words", "text"),), language="en"))
    assert weighing.policy == policy_name(tilted)
    assert weighing.factors[("words", "text")] > 1.0
    set_encoders([HashedWords(version="2")])
    assert codes(versions.store("fusion", "gate", to_bytes(tilted), metrics=BETTER)) == ["damaged"]
    other = Engine()
    other.refresh()
    assert (other.pipeline.weigher, other.fusion_failed) == (None, True)
    set_encoders(None)
