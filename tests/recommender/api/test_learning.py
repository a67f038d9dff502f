from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission

from recommender import learnt
from recommender.control import current_control
from recommender.models import ModelChange, ModelVersion
from recommender.services import versions
from tests.recommender.api.conftest import Api
from tests.recommender.weighers import PATH, fixed_bytes

MODELS, LEARNING = "/api/v1/admin/models", "/api/v1/admin/learning"
BETTER = {"validation": {"metric": "ndcg@10", "lift": 0.03, "low": 0.01, "high": 0.05}}


@pytest.fixture(autouse=True)
def _weighers(shop, monkeypatch) -> None:
    monkeypatch.setattr(learnt, "LOAD_WEIGHER", PATH)


def person(name: str, *permissions: str, staff: bool = True) -> Api:
    user = get_user_model().objects.create_user(name, f"{name}@example.com", "x", is_staff=staff)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return Api(user=user)


@pytest.fixture
def boss() -> Api:
    return Api(user=get_user_model().objects.create_superuser("boss", "boss@example.com", "x"))


def kept(factor: float = 2.0, metrics: Any = BETTER) -> ModelVersion:
    return versions.store("fusion", f"gate {factor}", fixed_bytes({"words/text": factor}), metrics=metrics)


def every_call(client: Api, pk: int) -> list[Any]:
    return [
        client.get(MODELS),
        client.get(f"{MODELS}/{pk}"),
        client.get(f"{MODELS}/compare", left=0, right=pk, text="lamp"),
        client.post(f"{MODELS}/{pk}/promote", {"reason": "x"}),
        client.post(f"{MODELS}/{pk}/reject", {"reason": "x"}),
        client.post(f"{MODELS}/rollback", {"kind": "fusion", "reason": "x"}),
        client.get(LEARNING),
        client.patch(LEARNING, {"frozen": True, "reason": "x"}),
    ]


def test_nobody_but_staff_gets_anything(api) -> None:
    version = kept()
    for client in (Api(), api, person("shopper", "view_modelversion", "change_modelversion", staff=False)):
        for answer in every_call(client, version.pk):
            assert answer.status_code == 403, answer.content
            assert answer.headers["Content-Type"] == "application/problem+json"
    assert ModelChange.objects.count() == 0


def test_staff_may_do_what_the_admin_lets_them_do() -> None:
    version = kept()
    assert {answer.status_code for answer in every_call(person("nobody"), version.pk)} == {403}
    reader = every_call(person("reader", "view_modelversion", "view_learningcontrol"), version.pk)
    assert [answer.status_code for answer in reader] == [200, 200, 200, 403, 403, 403, 200, 403]
    asked = person("other", "view_modelversion").get(f"{MODELS}/compare", left=0, right=version.pk)
    assert asked.status_code == 403  # shoppers' requests are another right
    assert ModelChange.objects.count() == 0


def test_a_promotion_needs_the_csrf_token_of_a_browser() -> None:
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(get_user_model().objects.create_superuser("boss", "b@example.com", "x"))
    answer = client.post(f"{MODELS}/{kept().pk}/promote", {"reason": "x"}, content_type="application/json")
    assert answer.status_code == 403


def test_a_version_goes_its_way(boss) -> None:
    first, second = kept(2.0), kept(3.0)
    listed = boss.get(MODELS).json()
    assert [entry["id"] for entry in listed["items"]] == [second.pk, first.pk]
    assert listed["items"][0]["gain"] == {"measure": "ndcg@10", "value": 0.03, "low": 0.01, "high": 0.05}
    assert listed["in_force"] == {"fusion": None, "encoder": None}
    change = boss.post(f"{MODELS}/{first.pk}/promote", {"reason": "better"}).json()
    assert (change["by"], change["version"], change["previous"], change["forced"]) == ("boss", first.pk, None, [])
    assert boss.get(MODELS).json()["in_force"]["fusion"] == first.pk
    boss.post(f"{MODELS}/{second.pk}/promote", {"reason": "better still"})
    back = boss.post(f"{MODELS}/rollback", {"kind": "fusion", "reason": "sales fell"}).json()
    assert (back["version"], back["previous"]) == (first.pk, second.pk)
    assert boss.post(f"{MODELS}/{second.pk}/reject", {"reason": "unfair"}).json()["action"] == "reject"
    detail = boss.get(f"{MODELS}/{second.pk}").json()
    assert [change["action"] for change in detail["changes"]] == ["reject", "promote"]
    assert detail["metrics"] == BETTER
    assert "data" not in detail


def test_a_refusal_is_a_409_that_names_each_reason(boss) -> None:
    version = kept(metrics={})
    answer = boss.post(f"{MODELS}/{version.pk}/promote", {"reason": "hope"}, {"Accept-Language": "zh-hans"})
    assert answer.status_code == 409
    problem = answer.json()
    assert (problem["code"], [error["code"] for error in problem["errors"]]) == ("promotion_refused", ["no_evidence"])
    forced = boss.post(f"{MODELS}/{version.pk}/promote", {"reason": "a trial", "force": True}).json()
    assert forced["forced"] == ["no_evidence"]


def test_pages_follow_each_other_and_filters_choose(boss) -> None:
    rows = [kept(float(n)) for n in range(1, 6)]
    first = boss.get(MODELS, limit=2).json()
    second = boss.get(MODELS, limit=2, before=first["next_before"]).json()
    third = boss.get(MODELS, limit=2, before=second["next_before"]).json()
    ids = [entry["id"] for page in (first, second, third) for entry in page["items"]]
    assert ids == [row.pk for row in reversed(rows)]
    assert third["next_before"] is None
    assert boss.get(MODELS, state="live").json()["items"] == []
    assert boss.get(MODELS, kind="encoder").json()["items"] == []


def test_a_comparison_shows_places_and_what_moved(boss) -> None:
    version = kept(0.0)
    found = boss.get(f"{MODELS}/compare", left=0, right=version.pk, text="red lamp").json()
    assert [asked["text"] for asked in found["requests"]] == ["red lamp"]
    assert len(found["requests"][0]["after"]) == 10
    assert {"signal": "words/text", "left": 1.0, "right": 0.0, "requests": 1} in found["factors"]


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("/{id}/promote", {}, "/reason"),
        ("/{id}/promote", {"reason": "  "}, "/reason"),
        ("/{id}/promote", {"reason": "x", "force": "perhaps"}, "/force"),
        ("/rollback", {"kind": "parser", "reason": "x"}, "/kind"),
    ],
)
def test_bad_bodies_are_422_with_the_field(boss, path, body, pointer) -> None:
    answer = boss.post(MODELS + path.replace("{id}", str(kept().pk)), body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_an_unknown_version_is_a_404(boss) -> None:
    for path in (f"{MODELS}/77", f"{MODELS}/{10**30}"):
        assert boss.get(path).status_code == 404
    assert boss.post(f"{MODELS}/77/promote", {"reason": "x"}).status_code == 404


def test_versions_of_two_kinds_or_none_are_not_compared(boss, settings, tmp_path) -> None:
    settings.RECOMMENDER = {**settings.RECOMMENDER, "DATA_DIR": tmp_path}
    folder = tmp_path / "models" / "heads"
    folder.mkdir(parents=True)
    (folder / "w").write_bytes(b"w")
    encoder = versions.store("encoder", "heads", folder=folder)
    for left, right in ((0, 0), (kept().pk, encoder.pk), (0, 99)):
        assert boss.get(f"{MODELS}/compare", left=left, right=right, text="x").status_code == 422


def test_what_learning_may_do_is_read_and_changed_all_or_nothing(boss) -> None:
    assert boss.get(LEARNING).json()["exploration_cap"] == 0.1
    changed = boss.patch(LEARNING, {"frozen": True, "exploration_cap": 0.2, "excluded_attributes": ["Sex"], "reason": "audit"})
    body = changed.json()
    assert (body["frozen"], body["exploration_cap"], body["excluded_attributes"]) == (True, 0.2, ["sex"])
    assert (body["excluded_in_all"], body["changed_by"]) == (["gender"], "boss")
    refused = boss.patch(LEARNING, {"frozen": False, "excluded_attributes": ["price"], "reason": "x"})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/excluded_attributes"
    assert current_control().frozen
    assert boss.patch(LEARNING, {"frozen": False}).status_code == 422
    version = kept()
    assert boss.post(f"{MODELS}/{version.pk}/promote", {"reason": "x"}).json()["errors"][0]["code"] == "frozen"
