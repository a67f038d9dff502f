"""Only my data: every address with an id answers 404 to anyone but its owner, and to nobody's token."""

from __future__ import annotations

import pytest

from recommender.models import Event, Recommendation, UploadedPhoto
from tests.recommender.api.conftest import Api, new_api, skus
from tests.recommender.conftest import photo_bytes


@pytest.fixture
def owned(api):
    """An answer and a photo of ``api``."""
    result = api.ask("red lamp", limit=2)
    return {"answer": result, "image_id": api.upload(photo_bytes()).json()["image_id"]}


@pytest.fixture
def staff(shop, django_user_model):
    return Api(user=django_user_model.objects.create_user("staff", password="pw", is_staff=True, is_superuser=True))


@pytest.mark.parametrize("who", ["stranger", "nobody", "staff"])
def test_others_cannot_page_see_use_or_delete(owned, who, request):
    other = Api() if who == "nobody" else request.getfixturevalue(who)
    answer = owned["answer"]
    for response, code in (
        (other.get(f"/api/v1/recommendations/{answer['recommendation_id']}"), "unknown_recommendation"),
        (
            other.get(f"/api/v1/recommendations/{answer['recommendation_id']}", cursor=answer["page"]["next_cursor"]),
            "unknown_recommendation",
        ),
        (other.delete(f"/api/v1/uploads/images/{owned['image_id']}"), "unknown_photo"),
        (other.post("/api/v1/recommendations", {"image": {"image_id": owned["image_id"]}}), "unknown_photo"),
    ):
        assert (response.status_code, response.json()["code"]) == (404, code), response.content
    assert UploadedPhoto.objects.filter(pk=owned["image_id"]).exists()


def test_unknown_id_and_someone_elses_look_the_same(owned, stranger):
    theirs = stranger.get(f"/api/v1/recommendations/{owned['answer']['recommendation_id']}").json()
    unknown = stranger.get("/api/v1/recommendations/01ARZ3NDEKTSV4RRFFQ69G5FAV").json()
    for volatile in ("instance", "detail"):
        theirs.pop(volatile), unknown.pop(volatile)
    assert theirs == unknown


def test_guest_keeps_the_answer_after_signing_in_and_loses_a_users_after_signing_out(api, django_user_model):
    user = django_user_model.objects.create_user("ann", password="pw")
    as_guest = api.ask("red lamp", limit=2)["recommendation_id"]
    signed_in = Api(api.token, user=user)
    assert signed_in.get(f"/api/v1/recommendations/{as_guest}").status_code == 200
    as_user = signed_in.ask("red lamp", limit=2)["recommendation_id"]
    assert api.get(f"/api/v1/recommendations/{as_user}").status_code == 404


def test_two_users_of_one_browser_do_not_share_history(api, django_user_model):
    ann, bob = (Api(api.token, user=django_user_model.objects.create_user(name, password="pw")) for name in ("ann", "bob"))
    for n in range(4):
        ann.post("/api/v1/events", {"events": [{"event_id": f"e{n}", "type": "purchase", "product_id": f"sku-{4 * n:02d}"}]})
    assert skus(bob.ask(limit=5)) == skus(new_api().ask(limit=5))
    assert skus(ann.ask(limit=5)) != skus(new_api().ask(limit=5))


@pytest.mark.parametrize("token", ["x", "v_01ARZ3NDEKTSV4RRFFQ69G5FAV", "eyJ2IjoidiJ9:abc:def"])
def test_forged_visitor_token_is_401_everywhere(shop, token):
    forger = Api(token)
    for response in (
        forger.post("/api/v1/recommendations", {}),
        forger.post("/api/v1/events", {"events": []}),
        forger.get("/api/v1/products"),
        forger.delete("/api/v1/uploads/images/01ARZ3NDEKTSV4RRFFQ69G5FAV"),
    ):
        assert (response.status_code, response.json()["code"]) == (401, "invalid_visitor_token")
        assert response.headers["WWW-Authenticate"] == "VisitorToken"


def test_nobody_can_write_ids_of_others_through_fields(api):
    for body in ({"user_id": "1"}, {"visitor_id": "v"}, {"query": {"text": "lamp", "user_id": "1"}}):
        answer = api.post("/api/v1/recommendations", body)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "unknown_field")
    event = {"event_id": "e", "type": "view", "product_id": "sku-00", "user_id": "1"}
    report = api.post("/api/v1/events", {"events": [event]}).json()
    assert [entry["code"] for entry in report["rejected"]] == ["unknown_field"]
    assert not Event.objects.exists()
    assert not Recommendation.objects.exists()


def test_same_event_id_of_two_visitors_are_two_events(api, stranger):
    event = {"event_id": "order-17-line-3", "type": "view", "product_id": "sku-00"}
    assert stranger.post("/api/v1/events", {"events": [event]}).json()["accepted"] == 1
    assert api.post("/api/v1/events", {"events": [event]}).json()["accepted"] == 1
