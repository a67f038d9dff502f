"""A guest signs in: what the guest did becomes the user's, and nobody else's does."""

import pytest

from recommender.models import Event, Recommendation
from tests.recommender.api.conftest import Api, new_api

MERGE = "/api/v1/visitors/merge"


@pytest.fixture
def ann(shop, django_user_model):
    return Api(user=django_user_model.objects.create_user("ann"))


def look_at(api, sku: str) -> None:
    api.post("/api/v1/events", {"events": [{"event_id": f"view-{sku}", "type": "view", "product_id": sku}]})


def test_history_and_answers_move_once(api, ann):
    api.ask("red lamp", limit=2)
    look_at(api, "sku-00")
    assert ann.post(MERGE, {"visitor_token": api.token}).json() == {"merged": {"events": 1, "recommendations": 1}}
    assert ann.post(MERGE, {"visitor_token": api.token}).json() == {"merged": {"events": 0, "recommendations": 0}}
    owners = {*Event.objects.values_list("user_id", flat=True), *Recommendation.objects.values_list("user_id", flat=True)}
    assert len(owners) == 1
    assert owners.pop().startswith("user-")


def test_another_user_s_rows_stay_theirs(api, ann, django_user_model):
    bob = Api(api.token, user=django_user_model.objects.create_user("bob"))
    look_at(bob, "sku-00")
    assert ann.post(MERGE, {"visitor_token": api.token}).json()["merged"]["events"] == 0


def test_a_guest_is_told_to_sign_in(api):
    answer = api.post(MERGE, {"visitor_token": api.token})
    assert answer.status_code == 403
    assert "Sign in first" in answer.json()["detail"]


@pytest.mark.parametrize("token", ["", "forged", "x" * 600, 7, None])
def test_a_token_that_was_not_signed_here_moves_nothing(ann, token):
    stranger = new_api()
    look_at(stranger, "sku-00")
    assert ann.post(MERGE, {"visitor_token": token}).status_code in (401, 422)
    assert Event.objects.get().user_id == ""
