"""recommender.admin: an operator sees what is embedded, what failed and who works."""

from __future__ import annotations

import pytest
from django.urls import reverse

from fusion.types import Item
from recommender.encoders import set_encoders
from recommender.models import Event, ItemFailure, Job, Recommendation, StaleItem
from recommender.services import ledger
from recommender.services.indexing import drain, mark_stale
from tests.encoders import HashedWords, MeanColours

pytestmark = pytest.mark.django_db

LISTS = ("indexeditem", "itemfailure", "staleitem", "job", "worker", "recommendation", "event", "uploadedphoto")


@pytest.fixture(autouse=True)
def plain_static_files(settings):
    """Addresses of static files without a collected manifest."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}


@pytest.fixture
def shop(host, make_photo):
    set_encoders([HashedWords(), MeanColours()])
    host.items = {"lamp": Item("lamp", "Red lamp", photos=(make_photo(ref="bad", data=b"no photo"),))}
    mark_stale(["lamp"])
    drain()
    yield host
    set_encoders(None)


@pytest.mark.parametrize("name", LISTS)
def test_every_list_opens(shop, admin_client, name):
    Job.objects.create(kind="index", total=3)
    Recommendation.objects.create(request={"text": "lamp"}, expires_at="2030-01-01T00:00Z")
    Event.objects.create(kind="view", item_id="lamp", recommendation_id="x")
    mark_stale(["lamp"])
    assert admin_client.get(reverse(f"admin:recommender_{name}_changelist")).status_code == 200


def test_banner_says_that_no_worker_is_running_until_one_is(shop, admin_client):
    address = reverse("admin:recommender_indexeditem_changelist")
    assert "No worker is running" in admin_client.get(address).content.decode()
    ledger.beat(models_loaded=True)
    page = admin_client.get(address).content.decode()
    assert "No worker is running" not in page
    assert "100.0 %" in page
    assert "1 failure, with its reason" in page


def test_retry_marks_the_failed_items_only(shop, admin_client):
    failure = ItemFailure.objects.get()
    data = {"action": "retry", "_selected_action": [failure.pk]}
    admin_client.post(reverse("admin:recommender_itemfailure_changelist"), data)
    assert list(StaleItem.objects.values_list("item_id", "reason")) == [("lamp", "retry")]


def test_index_rows_cannot_be_edited_by_hand(shop, admin_client):
    assert admin_client.get(reverse("admin:recommender_indexeditem_add")).status_code == 403
    page = admin_client.get(reverse("admin:recommender_itemfailure_change", args=[ItemFailure.objects.get().pk]))
    assert 'name="_save"' not in page.content.decode()
