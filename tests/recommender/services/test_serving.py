from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError
from django.utils import timezone

from fusion.exceptions import InvalidQuery
from fusion.types import Constraint, Item, Money, Operator
from recommender.catalog import Feedback, Shopper
from recommender.encoders import set_encoders
from recommender.engine import reset_engine
from recommender.exceptions import ResultExpired, UnknownItem, UnknownPhoto, UnknownRecommendation
from recommender.models import Event, IndexState, Recommendation
from recommender.records import instruction_from_json, terms_from_json
from recommender.services import indexing
from recommender.services.feedback import record
from recommender.services.outbox import mark_stale
from recommender.services.serving import RecommendationRequest, clean_text, page, recommend, similar
from tests.encoders import HashedWords, MeanColours
from tests.recommender.conftest import photo_bytes

pytestmark = pytest.mark.django_db
ANN, BOB = Shopper(visitor_id="v_ann"), Shopper(visitor_id="v_bob")


@pytest.fixture
def shop(host, make_photo) -> Iterator[type]:
    set_encoders([HashedWords(), MeanColours()])
    reset_engine()
    colours = ["red", "blue", "green", "white"]
    host.items = {
        f"shoe-{n:02d}": Item(
            f"shoe-{n:02d}", f"{colours[n % 4]} shoe number{n}", price=Money.from_major(Decimal(n + 1), "USD"),
            attributes={"color": (colours[n % 4],)}, photos=(make_photo(colours[n % 4]),),
        )
        for n in range(60)
    }  # fmt: skip
    mark_stale(list(host.items))
    indexing.drain()
    yield host
    set_encoders(None)
    reset_engine()


def test_an_answer_is_stored_with_everything_that_made_it(shop) -> None:
    served = recommend(RecommendationRequest(text="red shoe", limit=5, surface="test"), ANN)
    row = Recommendation.objects.get(pk=served.recommendation.pk)
    assert [i for i, _ in row.ranking[:5]] == [r.item.item_id for r in served.answer.items]
    assert (row.visitor_id, row.surface, row.policy, row.propensity) == ("v_ann", "test", "default", 1.0)
    assert row.versions["revision"] == IndexState.objects.get().revision
    assert instruction_from_json(row.instruction) == served.answer.instruction
    terms = terms_from_json(row.terms)
    for item_id, score in row.ranking[:120]:
        assert sum(t.contribution for t in terms[item_id]) == pytest.approx(score, abs=1e-5)


def test_pages_of_a_stored_answer_repeat_nothing_and_skip_nothing(shop) -> None:
    served = recommend(RecommendationRequest(text="shoe", limit=7), ANN)
    seen = [r.item.item_id for r in served.answer.items]
    ranks = [r.rank for r in served.answer.items]
    offset = served.next_offset
    while offset is not None:
        following = page(served.recommendation.pk, ANN, offset, 7)
        assert all(r.reasons for r in following.answer.items if r.score > 0)
        seen += [r.item.item_id for r in following.answer.items]
        ranks += [r.rank for r in following.answer.items]
        offset = following.next_offset
    assert seen == [i for i, _ in served.answer.ranking]
    assert ranks == list(range(1, len(seen) + 1))


def test_what_sold_out_meanwhile_is_left_out_of_the_next_page(shop) -> None:
    served = recommend(RecommendationRequest(text="shoe", limit=7), ANN)
    eighth, ninth = (i for i, _ in served.answer.ranking[7:9])
    shop.items[eighth] = replace(shop.items[eighth], stock=0)
    following = page(served.recommendation.pk, ANN, 7, 7)
    assert following.answer.items[0].item.item_id == ninth
    assert len(following.answer.items) == 7
    assert following.next_offset == 15


def test_another_shoppers_answer_is_unknown_and_an_old_one_has_expired(shop) -> None:
    served = recommend(RecommendationRequest(text="shoe"), ANN)
    with pytest.raises(UnknownRecommendation):
        page(served.recommendation.pk, BOB)
    with pytest.raises(UnknownRecommendation):
        page("01J00000000000000000000000", ANN)
    Recommendation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(ResultExpired):
        page(served.recommendation.pk, ANN)


def test_a_purchase_counts_in_the_very_next_request_and_history_off_equals_a_new_visitor(shop) -> None:
    def ranking(shopper: Shopper) -> tuple[tuple[str, float], ...]:
        return recommend(RecommendationRequest(text="shoe", limit=5), shopper).answer.ranking

    before = ranking(ANN)
    assert before == ranking(Shopper())
    record([Feedback("purchase", "shoe-02", visitor_id="v_ann")])
    assert ranking(ANN) != before
    assert ranking(replace(ANN, use_history=False)) == before
    assert ranking(BOB) == before


def test_similar_leaves_the_item_itself_out_and_refuses_what_is_not_there(shop) -> None:
    by_look = similar("shoe-01", "look", 10, ANN)
    assert "shoe-01" not in [r.item.item_id for r in by_look.answer.items]
    assert all("blue" in r.item.title for r in by_look.answer.items[:5])
    with pytest.raises(UnknownItem, match='There is no product "nothing"'):
        similar("nothing", "both", 5, ANN)
    with pytest.raises(InvalidQuery, match="Choose one of: look, text, both"):
        similar("shoe-01", "smell", 5, ANN)


def test_a_photo_finds_its_colour(shop) -> None:
    served = recommend(RecommendationRequest(photo=photo_bytes("blue"), limit=5), ANN)
    assert {r.item.attributes["color"] for r in served.answer.items} == {("blue",)}


def test_a_text_that_is_too_long_is_refused_with_the_numbers(shop) -> None:
    with pytest.raises(InvalidQuery, match="501 characters; at most 500") as refused:
        recommend(RecommendationRequest(text="x" * 501), ANN)
    assert (refused.value.code, refused.value.pointer, refused.value.params) == ("text_too_long", "/query/text", {"max": 500})


def test_a_photo_that_is_none_is_refused_and_someone_elses_upload_is_unknown(shop) -> None:
    with pytest.raises(InvalidQuery) as refused:
        recommend(RecommendationRequest(photo=b"not a photo"), ANN)
    assert refused.value.code == "photo_type"
    with pytest.raises(UnknownPhoto):
        recommend(RecommendationRequest(photo_id="01J00000000000000000000000"), ANN)


def test_an_answer_that_cannot_be_stored_is_given_all_the_same(shop, monkeypatch) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise DatabaseError("disk full")

    monkeypatch.setattr(Recommendation, "save", full)
    served = recommend(RecommendationRequest(text="shoe", limit=5), ANN)
    assert len(served.answer.items) == 5
    assert served.answer.degraded == ("log",)


def test_an_offline_run_leaves_no_impression(shop) -> None:
    recommend(RecommendationRequest(text="shoe", keep=False), ANN)
    assert Recommendation.objects.count() == 0


def test_a_filter_is_a_must_on_every_page(shop) -> None:
    cheap = Constraint("price", Operator.LTE, high=2000, source="filter")
    served = recommend(RecommendationRequest(filters=(cheap,), limit=8), ANN)
    assert served.answer.total == 20
    following = page(served.recommendation.pk, ANN, 8, 8)
    shown = [*served.answer.items, *following.answer.items]
    assert max(r.item.price.amount_minor for r in shown if r.item.price) <= 2000


@pytest.mark.parametrize(
    ("given", "cleaned"),
    [
        ("a\x00b", "ab"),
        ("a\u202eb", "ab"),
        ("\ud800shoe", "shoe"),
        ("  red\n\tshoe ", "red  shoe"),
        ("a\u200bb", "ab"),
        ("😀", "😀"),
    ],
)
def test_control_characters_are_taken_out_of_the_words(given: str, cleaned: str) -> None:
    assert clean_text(given) == cleaned


def test_a_megabyte_of_words_is_refused_without_reading_it(shop, monkeypatch):
    from recommender.services import serving

    monkeypatch.setattr(serving, "clean_text", lambda text: pytest.fail("looked at every character"))
    with pytest.raises(InvalidQuery) as refused:
        serving.build_query(RecommendationRequest(text="不" * 1_000_000), Shopper())
    assert refused.value.code == "text_too_long"


def test_a_taste_is_told_on_every_page_and_only_while_it_is_remembered(shop) -> None:
    record([Feedback("purchase", f"shoe-{n:02d}", visitor_id="v_ann") for n in (1, 5, 9, 13)])  # blue ones
    first = recommend(RecommendationRequest(text="shoe", limit=5), ANN)
    told = {r.code: r.label for item in first.answer.items for r in item.reasons}
    assert told.get("to_your_taste") == "Like what you chose before: blue"
    assert all("blue" in i.item.title for i in first.answer.items if any(r.code == "to_your_taste" for r in i.reasons))
    second = page(first.recommendation.pk, ANN, 5, 5)
    assert any(r.code == "to_your_taste" for item in second.answer.items for r in item.reasons)
    Event.objects.all().delete()
    third = page(first.recommendation.pk, ANN, 5, 5)
    assert not any(r.code == "to_your_taste" for item in third.answer.items for r in item.reasons)
