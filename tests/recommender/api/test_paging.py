"""Paging over a stored ranking: nothing repeats, nothing is left out, and only its owner may do it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import signing
from django.utils import timezone

from recommender.models import Recommendation
from tests.recommender.api.conftest import skus


def walk(api, result):
    """Every page of an answer, the first included."""
    pages = [result]
    while cursor := pages[-1]["page"]["next_cursor"]:
        assert pages[-1]["page"]["has_more"]
        answer = api.get(f"/api/v1/recommendations/{result['recommendation_id']}", cursor=cursor)
        assert answer.status_code == 200, answer.content
        pages.append(answer.json())
    return pages


@pytest.mark.parametrize("limit", [1, 3, 7, 100])
def test_pages_hold_the_whole_ranking_once(api, limit):
    result = api.ask(limit=limit)
    seen = [sku for page in walk(api, result) for sku in skus(page)]
    stored = [item_id for item_id, _ in Recommendation.objects.get(pk=result["recommendation_id"]).ranking]
    assert seen == stored
    assert len(set(seen)) == len(seen)
    ranks = [entry["rank"] for page in walk(api, result) for entry in page["items"]]
    assert ranks == list(range(1, len(seen) + 1))


def test_pages_do_not_repeat_or_skip_while_the_catalogue_changes(api, shop):
    result = api.ask(limit=5)
    stored = [item_id for item_id, _ in Recommendation.objects.get(pk=result["recommendation_id"]).ranking]
    gone = {stored[1], stored[6], stored[11]}
    for sku in gone:
        del shop.items[sku]
    later = [sku for page in walk(api, result)[1:] for sku in skus(page)]
    assert later == [sku for sku in stored[5:] if sku not in gone]


def test_later_pages_carry_the_parse_and_reasons_of_the_first(api):
    result = api.ask("red lamp", limit=2, sort="price")
    page = walk(api, result)[1]
    assert page["intent"] == result["intent"]
    assert page["total"] == result["total"]
    assert page["versions"] == result["versions"]
    assert all(entry["explanation"]["reasons"] for entry in page["items"])


def test_page_without_a_cursor_is_the_first_one_again(api):
    result = api.ask("red lamp", limit=3)
    again = api.get(f"/api/v1/recommendations/{result['recommendation_id']}", limit=3).json()
    assert skus(again) == skus(result)


def test_expired_answer_is_410(api):
    result = api.ask("red lamp", limit=2)
    Recommendation.objects.filter(pk=result["recommendation_id"]).update(expires_at=timezone.now() - timedelta(seconds=1))
    answer = api.get(f"/api/v1/recommendations/{result['recommendation_id']}", cursor=result["page"]["next_cursor"])
    assert (answer.status_code, answer.json()["code"]) == (410, "result_expired")


def test_cursor_of_another_answer_a_forged_one_and_an_altered_one_are_refused(api):
    one, two = api.ask("red lamp", limit=2), api.ask("blue chair", limit=2)
    path = f"/api/v1/recommendations/{one['recommendation_id']}"
    good = one["page"]["next_cursor"]
    forged = signing.dumps([one["recommendation_id"], 0, 100], salt="elsewhere")
    for cursor in (two["page"]["next_cursor"], good[:-1] + "_", forged, "cD1hYmM=", "\x00", "é", "x" * 3000):
        answer = api.get(path, cursor=cursor)
        assert answer.status_code == 422, (cursor, answer.content)
        assert answer.json()["errors"][0]["pointer"] == "/cursor"
    assert api.get(path, cursor=good).status_code == 200
