"""Nothing that can be sent makes the API fail: bodies made from its own schema, then bent, and plain noise."""

from __future__ import annotations

import json
import os

import pytest
from django.core.cache import cache
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommender.api.schema import openapi
from tests.recommender.api.conftest import Api

# More on request: FUZZ_EXAMPLES=10000 pytest tests/recommender/api/test_fuzz.py
N_EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "150"))
bounded = settings(
    max_examples=N_EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=-(10**60), max_value=10**60),
    st.floats(),
    st.text(max_size=40),
    st.sampled_from(["\x00", "\ud800", "sku-00", "4058NB/09 b", "red lamp", "灯", "USD", "price", "../..", "%s", "1e999", ""]),
)
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


def from_schema(schema, components, depth=0):
    """Values that fit a JSON schema, now and then replaced by ones that do not."""
    if "$ref" in schema:
        return from_schema(components[schema["$ref"].rsplit("/", 1)[1]], components, depth)
    if "allOf" in schema:
        return from_schema(schema["allOf"][0], components, depth)
    if "oneOf" in schema:
        return st.one_of([from_schema(one, components, depth) for one in schema["oneOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"]) | scalars
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        fields = {name: from_schema(inner, components, depth + 1) for name, inner in schema.get("properties", {}).items()}
        if not fields:
            values = from_schema(schema.get("additionalProperties") or {}, components, depth + 1)
            return st.dictionaries(st.sampled_from(["color", "Size", "\x00", "x"]), values, max_size=3)
        return st.fixed_dictionaries({}, optional=fields) | (trees if depth else st.nothing())
    if kind == "array":
        return st.lists(from_schema(schema["items"], components, depth + 1), max_size=5) | scalars
    plain = {"integer": st.integers(-5, 120), "number": st.floats(0, 1), "boolean": st.booleans()}
    return plain.get(kind, st.text(max_size=30)) | scalars


def body_of(path):
    document = openapi()
    schema = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    return from_schema(schema, document["components"]["schemas"])


def never_fails(answer):
    assert answer.status_code < 500, answer.content
    assert answer.status_code < 400 or answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/api/v1/recommendations", "/api/v1/events", "/api/v1/visitors"])
def test_bodies_made_from_the_schema_and_bent_never_fail(api, path):
    @bounded
    @given(body_of(path) | trees)
    def run(body):
        cache.clear()
        never_fails(api.post(path, json.dumps(body)))

    run()


@pytest.mark.parametrize("path", ["/api/v1/recommendations", "/api/v1/events"])
def test_noise_never_fails(api, path):
    @bounded
    @given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
    def run(body):
        cache.clear()
        never_fails(api.post(path, body))

    run()


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/products",
        "/api/v1/products/{sku}/similar",
        "/api/v1/products/{sku}/graph",
        "/api/v1/recommendations/{recommendation_id}",
    ],
)
def test_query_parameters_never_fail(api, path):
    names = [p["name"] for p in openapi()["paths"][path]["get"]["parameters"] if p["in"] == "query"]
    pk = api.ask("lamp", limit=1)["recommendation_id"]
    ids = st.sampled_from(["sku-00", pk, "nothing", "%00", "a%2Fb"])
    values = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.integers().map(str)

    @bounded
    @given(ids, st.dictionaries(st.sampled_from(names) | st.text(st.characters(exclude_categories=["Cs"])), values, max_size=4))
    def run(some_id, params):
        cache.clear()
        never_fails(api.get(path.replace("{sku}", some_id).replace("{recommendation_id}", some_id), **{"": ""} | params))

    run()


def test_headers_never_fail(api):
    words = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60)
    headers = st.sampled_from(
        ["X-Visitor-Token", "X-Currency", "Accept-Language", "X-Request-Id", "If-None-Match", "Accept", "Content-Length"]
    )

    @bounded
    @given(st.dictionaries(headers, words, max_size=3))
    def run(given_headers):
        cache.clear()
        never_fails(Api().get("/api/v1/products/sku-00", headers=given_headers))

    run()
