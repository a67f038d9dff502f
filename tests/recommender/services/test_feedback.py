"""recommender.services.feedback: recorded once, read back newest first, moved at sign-in, erased on request."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from fusion.types import Item
from recommender.catalog import Feedback, Shopper
from recommender.models import Event, IndexedItem, Recommendation, UploadedPhoto
from recommender.services.feedback import delete_event, erase, history, merge_visitor, record
from recommender.services.uploads import store_photo
from tests.recommender.conftest import photo_bytes

pytestmark = pytest.mark.django_db

ANN, BOB, GUEST = Shopper(user_id="1", visitor_id="v"), Shopper(user_id="2", visitor_id="v"), Shopper(visitor_id="v")


@pytest.fixture(autouse=True)
def shop(host, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    for name in ("a", "b", "c"):
        IndexedItem.objects.create(item_id=name)
    return host


def answer(pk: str, *item_ids: str, **owner: str) -> Recommendation:
    ranking = [[item_id, 1.0] for item_id in item_ids]
    return Recommendation.objects.create(id=pk, ranking=ranking, expires_at=timezone.now() + timedelta(hours=1), **owner)


def test_same_event_id_counts_once_within_a_batch_and_across_batches():
    first = record([Feedback("view", "a", event_id="x"), Feedback("view", "a", event_id="x"), Feedback("view", "a")])
    assert (first.accepted, first.duplicates, first.rejected) == (2, 1, ())
    assert record([Feedback("view", "b", event_id="x")]).duplicates == 1
    assert Event.objects.get(event_id="x").item_id == "a", "what came first stays"


def test_long_event_ids_stay_apart():
    assert record([Feedback("view", "a", event_id="x" * 80), Feedback("view", "a", event_id="x" * 81)]).accepted == 2


def test_bad_feedback_is_rejected_by_place_and_the_rest_goes_in(shop):
    shop.items["new"] = Item("new", "Not indexed yet")
    report = record(
        [
            Feedback("view", "nothing"),
            Feedback("stare", "a"),
            Feedback("view", "a", quantity=0),
            Feedback("purchase", "new", quantity=2),
        ]
    )
    assert report.accepted == 1
    assert report.rejected == ((0, "unknown_product"), (1, "unknown_type"), (2, "invalid_quantity"))


def test_purchase_of_a_product_that_is_gone_meanwhile_still_counts():
    IndexedItem.objects.filter(pk="a").update(removed=True)
    assert record([Feedback("purchase", "a", user_id="1")]).accepted == 1


def test_batches_larger_than_a_chunk_keep_their_places():
    events = [Feedback("view", "a") for _ in range(1200)]
    events[1100] = Feedback("view", "nothing")
    report = record(iter(events))
    assert (report.accepted, report.rejected) == (1199, ((1100, "unknown_product"),))


def test_future_time_becomes_now_and_an_old_one_stays():
    now = timezone.now()
    ahead, old = now + timedelta(days=9), now - timedelta(days=900)
    record([Feedback("view", "a", occurred_at=ahead), Feedback("view", "b", occurred_at=old)])
    assert Event.objects.get(item_id="a").occurred_at <= timezone.now()
    assert Event.objects.get(item_id="b").occurred_at == old


def test_history_is_newest_first_without_impressions_and_bounded():
    now = timezone.now()
    kinds = ["view", "impression", "purchase", "like"]
    record([Feedback(k, "a", user_id="1", occurred_at=now - timedelta(hours=n), quantity=n + 1) for n, k in enumerate(kinds)])
    assert [(i.kind, i.quantity) for i in history(ANN)] == [("view", 1), ("purchase", 3), ("like", 4)]
    assert [i.kind for i in history(ANN, limit=1)] == ["view"]


def test_history_is_empty_for_whom_does_not_want_it_used_and_for_nobody():
    record([Feedback("view", "a", user_id="1"), Feedback("view", "a")])
    assert history(Shopper(user_id="1", use_history=False)) == []
    assert history(Shopper()) == []


def test_users_of_one_browser_see_their_own_and_what_nobody_signed_did():
    record([Feedback("view", "a", user_id="1", visitor_id="v"), Feedback("view", "b", visitor_id="v")])
    assert {i.item_id for i in history(ANN)} == {"a", "b"}
    assert {i.item_id for i in history(BOB)} == {"b"}
    assert {i.item_id for i in history(GUEST)} == {"b"}


def test_sign_in_moves_what_the_guest_did_once():
    record([Feedback("view", "a", visitor_id="v"), Feedback("view", "b", user_id="2", visitor_id="v")])
    answer("R", "a", visitor_id="v")
    assert [merge_visitor(*given).events for given in (("v", "1"), ("v", "1"), ("", "1"))] == [1, 0, 0]
    assert {i.item_id for i in history(Shopper(user_id="1"))} == {"a"}
    assert {i.item_id for i in history(Shopper(user_id="2"))} == {"b"}
    assert Recommendation.objects.get(pk="R").user_id == "1"


def test_attribution_holds_only_for_the_shopper_and_what_was_ranked():
    answer("MINE", "a", visitor_id="v")
    answer("THEIRS", "a", user_id="9")
    answer("PUBLIC", "a")
    given = [("MINE", "a"), ("MINE", "b"), ("THEIRS", "a"), ("PUBLIC", "a"), ("NONE", "a")]
    record(
        [
            Feedback("click", item, user_id="1", visitor_id="v", recommendation_id=pk, event_id=f"{pk}{item}")
            for pk, item in given
        ]
    )
    kept = dict(Event.objects.values_list("event_id", "recommendation_id"))
    assert kept == {"MINEa": "MINE", "MINEb": "", "THEIRSa": "", "PUBLICa": "PUBLIC", "NONEa": ""}


def test_only_the_owner_deletes_an_event():
    record([Feedback("view", "a", user_id="1", event_id="x")])
    assert (delete_event("x", BOB), delete_event("x", GUEST), delete_event("x", ANN), delete_event("x", ANN)) == (
        False, False, True, False,
    )  # fmt: skip


def test_erasure_leaves_nothing_of_the_shopper_and_everything_of_others(django_capture_on_commit_callbacks):
    record([Feedback("view", "a", user_id="1", visitor_id="v"), Feedback("view", "b", user_id="2", visitor_id="v")])
    answer("R", "a", user_id="1")
    photo = store_photo(photo_bytes(), ANN)
    with django_capture_on_commit_callbacks(execute=True):
        report = erase(Shopper(user_id="1", visitor_id="v", use_history=False))
    assert (report.events, report.recommendations, report.photos) == (1, 1, 1)
    assert not photo.file.storage.exists(photo.file.name)
    assert list(Event.objects.values_list("user_id", flat=True)) == ["2"]
    assert not Recommendation.objects.exists()
    assert not UploadedPhoto.objects.exists()
