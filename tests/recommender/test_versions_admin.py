"""recommender.admin.versions: what is in force is seen, compared, and changed with a reason by who may."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from fusion.types import Item
from recommender import learnt
from recommender.catalog import Shopper
from recommender.control import current_control
from recommender.encoders import set_encoders
from recommender.engine import reset_engine
from recommender.models import ModelChange, ModelVersion
from recommender.services import control, indexing, versions
from recommender.services.outbox import mark_stale
from recommender.services.serving import RecommendationRequest, recommend
from tests.encoders import HashedWords
from tests.recommender.weighers import PATH, fixed_bytes

pytestmark = pytest.mark.django_db
BETTER = {"validation": {"metric": "ndcg@10", "lift": 0.03, "low": 0.01, "high": 0.05, "n": 800}}
LIST = "admin:recommender_modelversion_changelist"
CONTROL = "admin:recommender_learningcontrol_changelist"


@pytest.fixture(autouse=True)
def shop(host, monkeypatch) -> Iterator[Any]:
    monkeypatch.setattr(learnt, "LOAD_WEIGHER", PATH)
    set_encoders([HashedWords()])
    reset_engine()
    host.items = {
        f"i{n}": Item(f"i{n}", f"zib {'zob ' * n}", description=f"word{n} " * 3, attributes={"gender": ("Women",)})
        for n in range(14)
    }
    mark_stale(list(host.items))
    indexing.drain()
    yield host
    set_encoders(None)
    reset_engine()


def kept(factor: float = 2.0, **given: Any) -> ModelVersion:
    made = {"metrics": BETTER, "about": {"seed": 7, "until": "2026-11-01"}, **given}
    return versions.store("fusion", f"gate {factor:g}", fixed_bytes({"words/text": factor}), **made)


def staff(django_user_model: Any, client: Client, *permissions: str) -> Client:
    user = django_user_model.objects.create_user("reader", "r@example.com", "x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(user)
    return client


def address(name: str, *args: Any) -> str:
    return reverse(f"admin:recommender_modelversion_{name}", args=args)


def test_the_list_says_what_is_in_force_what_was_measured_and_as_of_when(admin_client) -> None:
    first, second = kept(1.5), kept(2.0, simulated=True)
    versions.promote(first, "ann", "better")
    page = admin_client.get(reverse(LIST)).content.decode()
    assert f"{first.pk} · gate 1.5" in page
    assert "+0.0300 [+0.0100, +0.0500]" in page
    assert f">{second.pk}<" in page
    assert "As of" in page
    assert "Roll back" in page
    assert "No attribute is excluded" in page


def test_a_version_shows_its_numbers_what_it_saw_and_what_speaks_against_it(admin_client) -> None:
    row = kept(metrics={"validation": {"lift": 0.01, "low": -0.01, "high": 0.03}}, note="by night")
    page = admin_client.get(address("change", row.pk)).content.decode()
    for said in ("validation.low", "-0.01", "seed", "2026-11-01", "by night", row.sha256, "includes 0", "includes no gain"):
        assert said in page
    assert "Promote" in page
    assert admin_client.get(address("change", 999)).status_code == 404
    assert admin_client.get(address("change", "x")).status_code == 404


def test_a_promotion_asks_for_a_reason_and_is_recorded_with_it(admin_client, admin_user) -> None:
    row = kept()
    url = address("promote", row.pk)
    assert "Reason" in admin_client.get(url).content.decode()
    assert ModelVersion.objects.get(pk=row.pk).state == "candidate"  # looking is not doing
    empty = admin_client.post(url, {"reason": "  "})
    assert "This field is required" in empty.content.decode()
    assert versions.live("fusion") is None
    answer = admin_client.post(url, {"reason": "better on held-out answers"}, follow=True)
    assert "is in force" in answer.content.decode()
    assert versions.live("fusion") == row
    change = ModelChange.objects.get()
    assert (change.by, change.reason) == (admin_user.get_username(), "better on held-out answers")
    page = admin_client.get(reverse("admin:recommender_modelchange_changelist")).content.decode()
    assert "better on held-out answers" in page


def test_what_speaks_against_it_must_be_passed_over_by_hand(admin_client) -> None:
    row = kept(metrics={}, simulated=True)
    url = address("promote", row.pk)
    page = admin_client.get(url).content.decode()
    assert "Nothing was measured" in page
    assert 'name="force"' in page
    refused = admin_client.post(url, {"reason": "hope"}).content.decode()
    assert "Nothing was measured" in refused
    assert versions.live("fusion") is None
    admin_client.post(url, {"reason": "a trial", "force": "on"})
    assert versions.live("fusion") == row
    shown = admin_client.get(address("change", row.pk)).content.decode()
    assert "forced, in spite of:" in shown
    assert "learnt from simulated shoppers" in shown


def test_what_is_damaged_offers_no_force(admin_client) -> None:
    row = kept()
    ModelVersion.objects.filter(pk=row.pk).update(data=b"other")
    url = address("promote", row.pk)
    assert 'name="force"' not in admin_client.get(url).content.decode()
    assert "damaged" in admin_client.post(url, {"reason": "please", "force": "on"}).content.decode()
    assert versions.live("fusion") is None


def test_a_rollback_says_where_it_goes_and_goes_there(admin_client) -> None:
    first, second = kept(1.5), kept(2.0)
    for row in (first, second):
        versions.promote(row, "ann", "better")
    page = admin_client.get(address("rollback", "fusion")).content.decode()
    assert "gate 2 goes out of force" in page
    assert "gate 1.5 comes back" in page
    admin_client.post(address("rollback", "fusion"), {"reason": "sales fell"})
    assert versions.live("fusion") == first
    assert admin_client.get(address("rollback", "parser")).status_code == 404


def test_a_rejected_version_has_no_way_back(admin_client) -> None:
    row = kept()
    admin_client.post(address("reject", row.pk), {"reason": "one brand alone"})
    page = admin_client.get(address("change", row.pk)).content.decode()
    assert address("promote", row.pk) not in page
    assert "one brand alone" in page


def test_who_may_only_look_changes_nothing(client, django_user_model) -> None:
    row = kept()
    reader = staff(django_user_model, client, "view_modelversion", "view_learningcontrol")
    page = reader.get(reverse(LIST)).content.decode()
    assert "Roll back" not in page
    assert address("promote", row.pk) not in reader.get(address("change", row.pk)).content.decode()
    for url in (address("promote", row.pk), address("reject", row.pk), address("rollback", "fusion")):
        assert reader.get(url).status_code == 403
        assert reader.post(url, {"reason": "x"}).status_code == 403
    assert 'name="reason"' not in reader.get(reverse(CONTROL)).content.decode()
    assert reader.post(reverse(CONTROL), {"frozen": "on", "exploration_cap": "0.1", "reason": "x"}).status_code == 403
    assert not current_control().frozen


def test_who_has_no_right_sees_nothing(client, django_user_model) -> None:
    row = kept()
    nobody = staff(django_user_model, client)
    for url in (reverse(LIST), address("change", row.pk), reverse(CONTROL)):
        assert nobody.get(url).status_code == 403


def test_two_versions_side_by_side_show_how_products_move(admin_client) -> None:
    recommend(RecommendationRequest(text="zib"), Shopper(visitor_id="v1"))
    row = versions.store("fusion", "upside down", fixed_bytes({"words/text": -1.0, "words/lexical": -1.0}), metrics=BETTER)
    url = reverse("admin:recommender_modelversion_compare")
    assert "upside down" in admin_client.get(url).content.decode()
    page = admin_client.get(url, {"kind": "fusion", "left": 0, "right": row.pk, "text": "zob"}).content.decode()
    assert "“zob”" in page
    assert "“zib”" in page
    assert "validation.lift" in page
    assert re.search(r"words/lexical</th>.*?× 1.000.*?× -1.000", page)
    assert 'class="moved' in page
    assert "As of" in page
    assert "Select a valid choice" in admin_client.get(url, {"left": 999, "right": 0}).content.decode()


def test_requests_of_shoppers_are_another_right(client, django_user_model) -> None:
    recommend(RecommendationRequest(text="zib"), Shopper(visitor_id="v1"))
    row = kept()
    reader = staff(django_user_model, client, "view_modelversion")
    page = reader.get(reverse("admin:recommender_modelversion_compare"), {"left": 0, "right": row.pk}).content.decode()
    assert "“zib”" not in page
    assert "validation.lift" in page


def test_the_switches_are_one_form_all_or_nothing(admin_client) -> None:
    url = reverse(CONTROL)
    page = admin_client.get(url).content.decode()
    assert "gender" in page  # what this catalogue has
    sent = {"frozen": "on", "exploration_cap": "0.05", "excluded": "gender\n", "reason": "audit"}
    answer = admin_client.post(url, sent, follow=True).content.decode()
    assert "every process follows" in answer
    allowed = current_control()
    assert (allowed.frozen, allowed.exploration_cap, allowed.excluded) == (True, 0.05, ("gender",))
    assert "Learning is frozen" in answer
    assert "Never used: gender" in answer
    refused = admin_client.post(url, {"exploration_cap": "0.5", "excluded": "brand", "reason": "x"}).content.decode()
    assert "brand is no attribute" in refused
    assert current_control() == allowed
    outside = admin_client.post(url, {**sent, "exploration_cap": "1.5"}).content.decode()
    assert "less than or equal to 1" in outside
    assert current_control() == allowed
    assert ModelChange.objects.count() == 3


def test_a_freeze_shows_on_the_list_and_stops_promotions(admin_client) -> None:
    row = kept()
    control.freeze("ann", "audit")
    assert "Learning is frozen" in admin_client.get(reverse(LIST)).content.decode()
    assert "Learning is frozen" in admin_client.post(address("promote", row.pk), {"reason": "x"}).content.decode()
    assert versions.live("fusion") is None


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_page_opens_in_both_languages(admin_client, language) -> None:
    row = kept()
    admin_client.cookies["django_language"] = language
    versions.promote(row, "ann", "better")
    pages = [
        reverse(LIST), reverse(CONTROL), address("change", row.pk), address("compare"), address("rollback", "fusion"),
        address("promote", kept(3.0).pk), reverse("admin:recommender_modelchange_changelist"),
        f"{address('compare')}?left=0&right={row.pk}&text=zib",
    ]  # fmt: skip
    for url in pages:
        assert admin_client.get(url).status_code == 200, url
