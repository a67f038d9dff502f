"""The OpenAPI document is true: it generates without a warning and real answers fit it, field by field."""

from __future__ import annotations

import copy
import io
from typing import Any

import jsonschema
import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client

from recommender import learnt as learnt_module
from recommender.api.schema import SCHEMA_SETTINGS, openapi
from recommender.api.urls import urlpatterns
from recommender.engine import get_engine
from recommender.services import versions
from tests.recommender.api.conftest import Api, new_api
from tests.recommender.conftest import photo_bytes
from tests.recommender.weighers import PATH, fixed_bytes


def strict(node: Any) -> Any:
    """The same schema, but objects with named fields allow no others: a field that the document forgot is an error."""
    if isinstance(node, dict):
        node = {key: strict(value) for key, value in node.items()}
        if "properties" in node:
            node.setdefault("additionalProperties", False)
    elif isinstance(node, list):
        node = [strict(value) for value in node]
    return node


def check(document: dict[str, Any], path: str, method: str, response: Any) -> None:
    """Fail unless the answer's status, type and body are what the document says."""
    described = document["paths"][path][method]["responses"]
    assert str(response.status_code) in described, (path, response.status_code, response.content)
    contents = described[str(response.status_code)].get("content")
    if contents is None:
        assert response.content == b""
        return
    kind = response.headers["Content-Type"]
    schema = {**strict(copy.deepcopy(contents[kind]["schema"])), "components": strict(document["components"])}
    jsonschema.validate(response.json(), schema, cls=jsonschema.Draft202012Validator)


def test_document_generates_without_a_warning_and_is_valid():
    out = io.StringIO()
    call_command("spectacular", "--fail-on-warn", "--validate", "--format", "openapi-json", stdout=out)
    assert '"openapi": "3.1.0"' in out.getvalue()


def test_served_document_is_openapi_3_1_and_names_every_address(shop):
    answer = Client().get("/api/v1/openapi.json")
    assert (answer.status_code, answer.json()["openapi"]) == (200, "3.1.0")
    named = {route.name for route in urlpatterns} - {"schema", "docs", "unknown"}
    assert len(answer.json()["paths"]) == len(named)


def test_settings_of_the_demo_shop_and_of_the_plugin_describe_the_same(settings):
    assert {name: settings.SPECTACULAR_SETTINGS[name] for name in SCHEMA_SETTINGS} == SCHEMA_SETTINGS


def test_every_operation_documents_its_errors_as_problems():
    for path, methods in openapi()["paths"].items():
        for method, operation in methods.items():
            if "health" in operation["tags"]:
                continue
            for status in ("401", "429", "500", "503"):
                content = operation["responses"][status]["content"]
                assert list(content) == ["application/problem+json"], (path, method, status)
                assert content["application/problem+json"]["examples"], (path, method, status)


def test_explorer_uses_files_of_our_own(shop, settings):
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    page = Client().get("/api/v1/docs").content.decode()
    assert "drf_spectacular_sidecar/swagger-ui-dist" in page
    assert "//cdn" not in page


BETTER = {"validation": {"metric": "ndcg@10", "lift": 0.03, "low": 0.01, "high": 0.05}}


@pytest.fixture
def answers(shop, django_user_model, monkeypatch):
    """(path of the document, method, real answer) of every operation, good and bad."""
    monkeypatch.setattr(learnt_module, "LOAD_WEIGHER", PATH)
    api = new_api()
    user = django_user_model.objects.create_user("ann")
    get_engine().warm_up()
    result = api.post("/api/v1/recommendations", {"query": {"text": "red lamp under $20"}, "limit": 2, "explain": True})
    pk, cursor = result.json()["recommendation_id"], result.json()["page"]["next_cursor"]
    image = api.upload(photo_bytes())
    image_id = image.json()["image_id"]
    event = {"event_id": "e", "type": "view", "product_id": "sku-00"}
    tight = {"query": {"text": "red lamp under $1"}, "filters": {"brand": ["Acme"], "exclude": {"brand": ["Birch"]}}}
    staff = Api(user=get_user_model().objects.create_superuser("boss", "b@example.com", "x"))
    models = "/api/v1/admin/models"
    learnt = versions.store("fusion", "gate", fixed_bytes({"words/text": 2.0}), metrics=BETTER, about={"seed": 1})
    other = versions.store("fusion", "gate", fixed_bytes({"words/text": 3.0}), parent=learnt)
    one, two = f"{models}/{learnt.pk}", f"{models}/{other.pk}"
    ask, page = "/api/v1/recommendations", "/api/v1/recommendations/{recommendation_id}"
    images, products, suggest = "/api/v1/uploads/images", "/api/v1/products", "/api/v1/search/suggest"
    return [
        ("/api/v1/visitors", "post", Api().post("/api/v1/visitors", {"consent": {"personalization": True}})),
        ("/api/v1/visitors", "post", Api().post("/api/v1/visitors", "[")),
        ("/api/v1/visitors/merge", "post", Api(user=user).post("/api/v1/visitors/merge", {"visitor_token": api.token})),
        ("/api/v1/visitors/merge", "post", Api(user=user).post("/api/v1/visitors/merge", {})),
        ("/api/v1/visitors/merge", "post", api.post("/api/v1/visitors/merge", {"visitor_token": api.token})),
        (ask, "post", result),
        (ask, "post", api.post(ask, tight)),
        (ask, "post", api.post(ask, {})),
        (ask, "post", api.post(ask, {"image": {"image_id": image_id}, "query": {"text": "lamp"}})),
        (ask, "post", api.post(ask, {"limit": 0})),
        (ask, "post", api.post(ask, "{")),
        (ask, "post", api.post(ask, {"image": {"image_id": "x"}})),
        (ask, "post", Api("forged").post(ask, {})),
        (page, "get", api.get(f"{ask}/{pk}", cursor=cursor, explain="true")),
        (page, "get", api.get(f"{ask}/{pk}", cursor="x")),
        (page, "get", new_api().get(f"{ask}/{pk}")),
        (page + "/refine", "post", api.post(f"{ask}/{pk}/refine", {"action": "cheaper", "explain": True})),
        (page + "/refine", "post", api.post(f"{ask}/{pk}/refine", {"action": "more_like", "product_id": "sku-00"})),
        (page + "/refine", "post", api.post(f"{ask}/{pk}/refine", {"action": "remove_chip", "chip": {"id": "c1"}})),
        (page + "/refine", "post", api.post(f"{ask}/{pk}/refine", {"action": "smaller"})),
        (page + "/refine", "post", new_api().post(f"{ask}/{pk}/refine", {"action": "undo"})),
        (images, "post", image),
        (images, "post", api.upload(b"")),
        (images, "post", api.upload(b"text")),
        (images, "post", api.upload(b"\0" * 9_000_000)),
        (images + "/{image_id}", "delete", api.delete(f"{images}/{image_id}")),
        (images + "/{image_id}", "delete", api.delete(f"{images}/{image_id}")),
        ("/api/v1/events", "post", api.post("/api/v1/events", {"events": [event, event, {}]})),
        ("/api/v1/events", "post", api.post("/api/v1/events", {"events": []})),
        (products, "get", api.get(products, limit=3)),
        (products, "get", api.get(products, limit="x")),
        (products + "/{sku}", "get", api.get(f"{products}/sku-00")),
        (products + "/{sku}", "get", api.get(f"{products}/sku-03")),
        (products + "/{sku}", "get", api.get(f"{products}/nothing")),
        (products + "/{sku}/similar", "get", api.get(f"{products}/sku-00/similar", by="look")),
        (products + "/{sku}/similar", "get", api.get(f"{products}/sku-00/similar", by="x")),
        (suggest, "get", api.get(suggest, q="red l")),
        (suggest, "get", api.get(suggest)),
        (suggest, "get", api.get(suggest, limit="x")),
        ("/api/v1/me/requests", "delete", api.delete("/api/v1/me/requests")),
        ("/api/v1/me/history/{event_id}", "delete", api.delete("/api/v1/me/history/nothing")),
        ("/api/v1/me/data", "get", api.get("/api/v1/me/data")),
        ("/api/v1/me/data", "get", Api().get("/api/v1/me/data")),
        ("/api/v1/me/data", "delete", api.delete("/api/v1/me/data")),
        (products + "/{sku}/graph", "get", api.get(f"{products}/sku-00/graph")),
        (products + "/{sku}/graph", "get", api.get(f"{products}/sku-00/graph", depth=9)),
        (models, "get", staff.get(models, limit=1)),
        (models, "get", api.get(models)),
        (models, "get", staff.get(models, kind="x")),
        (models + "/{version_id}", "get", staff.get(one)),
        (models + "/{version_id}", "get", staff.get(models + "/9999")),
        (models + "/compare", "get", staff.get(models + "/compare", left=0, right=learnt.pk, text="red lamp")),
        (models + "/compare", "get", staff.get(models + "/compare", left=0, right=0)),
        (models + "/{version_id}/promote", "post", staff.post(one + "/promote", {"reason": "better"})),
        (models + "/{version_id}/promote", "post", staff.post(two + "/promote", {"reason": "hope"})),
        (models + "/{version_id}/promote", "post", staff.post(two + "/promote", {})),
        (models + "/{version_id}", "get", staff.get(one)),
        (models + "/rollback", "post", staff.post(models + "/rollback", {"kind": "fusion", "reason": "worse"})),
        (models + "/rollback", "post", staff.post(models + "/rollback", {"kind": "fusion", "reason": "worse"})),
        (models + "/{version_id}/reject", "post", staff.post(two + "/reject", {"reason": "unfair"})),
        (models + "/{version_id}/reject", "post", staff.post(two + "/reject", {"reason": "unfair"})),
        ("/api/v1/admin/learning", "get", staff.get("/api/v1/admin/learning")),
        ("/api/v1/admin/learning", "patch", staff.patch("/api/v1/admin/learning", {"frozen": True, "reason": "audit"})),
        ("/api/v1/admin/learning", "patch", staff.patch("/api/v1/admin/learning", {"exploration_cap": 2, "reason": "x"})),
        ("/livez", "get", Client().get("/livez")),
        ("/readyz", "get", Client().get("/readyz")),
        ("/version", "get", Client().get("/version")),
    ]


def test_every_answer_is_what_the_document_says(answers):
    document = openapi()
    for path, method, answer in answers:
        check(document, path, method, answer)
    seen = {(path, method) for path, method, _ in answers}
    assert seen == {(path, method) for path, methods in document["paths"].items() for method in methods}


def test_example_requests_are_answered(api, django_user_model):
    signed_in = Api(api.token, user=django_user_model.objects.create_user("ann"))
    pk = api.ask("red lamp under $1")["recommendation_id"]
    for path, methods in openapi()["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            for name, example in content.get("examples", {}).items():
                caller = signed_in if path.endswith("/merge") else api
                body = {**example["value"], **({"visitor_token": api.token} if "visitor_token" in example["value"] else {})}
                answer = getattr(caller, method)(path.replace("{recommendation_id}", pk), body)
                assert answer.status_code < 300, (path, name, answer.content)
