"""recommender.services.leases: who works on which items."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from recommender.models import StaleItem
from recommender.services import leases
from recommender.services.outbox import mark_stale

pytestmark = pytest.mark.django_db


def expire(lease: leases.Lease) -> None:
    StaleItem.objects.filter(claim=lease.token).update(claimed_until=timezone.now() - timedelta(seconds=1))


def test_claim_takes_the_oldest_items_and_all_their_rows():
    for item_id in ("a", "b", "a", "c"):
        mark_stale([item_id])
    lease = leases.claim(2)
    assert lease.item_ids == ["a", "b"]
    assert StaleItem.objects.filter(claim=lease.token).count() == 3


def test_claimed_item_is_not_claimed_again_even_when_it_is_saved_meanwhile():
    mark_stale(["a", "b"])
    first = leases.claim(1)
    mark_stale(["a"])
    assert (first.item_ids, leases.claim(10).item_ids, leases.claim(10)) == (["a"], ["b"], None)


def test_row_that_was_added_while_the_work_ran_survives_it():
    mark_stale(["a"])
    lease = leases.claim(1)
    mark_stale(["a"], "again")
    assert leases.finish(lease, lease.item_ids) == 1
    assert leases.claim(1).reasons == {"a": frozenset({"again"})}


def test_expired_lease_is_taken_over_and_its_first_holder_has_nothing_left():
    mark_stale(["a", "b"])
    slow = leases.claim(2)
    expire(slow)
    assert leases.claim(2).item_ids == ["a", "b"]
    assert leases.held(slow) == set()
    assert leases.finish(slow, slow.item_ids) == 0
    assert StaleItem.objects.count() == 2


def test_renewed_lease_is_not_taken_over():
    mark_stale(["a"])
    lease = leases.claim(1)
    expire(lease)
    leases.renew(lease)
    assert leases.claim(1) is None


def test_items_whose_encoding_never_ended_come_back_one_by_one():
    mark_stale(["a", "b", "c"])
    lease = leases.claim(3)
    leases.begin(lease)
    expire(lease)
    assert leases.claim(3, suspects=False) is None
    alone = leases.claim(3)
    assert (alone.item_ids, alone.attempts, alone.exhausted) == (["a"], 1, False)


def test_new_save_of_a_suspect_does_not_get_it_into_a_batch():
    mark_stale(["a"])
    lease = leases.claim(1)
    leases.begin(lease)
    leases.release(lease)
    mark_stale(["a", "b"])
    assert leases.claim(5, suspects=False).item_ids == ["b"]
    assert leases.claim(5).item_ids == ["a"]


def test_item_is_exhausted_after_the_allowed_attempts():
    mark_stale(["a"])
    for _ in range(3):
        lease = leases.claim(1)
        assert not lease.exhausted
        leases.begin(lease)
        leases.release(lease)
    assert leases.claim(1).exhausted


def test_forgiven_release_takes_the_attempt_back():
    mark_stale(["a"])
    lease = leases.claim(1)
    leases.begin(lease)
    leases.release(lease, forgive=True)
    assert leases.claim(1).attempts == 0


def test_nothing_stale_is_nothing_to_claim():
    assert leases.claim(5) is None
