"""recommender.services.uploads: kept for a day, for the owner only."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from fusion.exceptions import InvalidQuery
from recommender.catalog import Shopper
from recommender.exceptions import UnknownPhoto
from recommender.models import UploadedPhoto
from recommender.services.uploads import purge_expired, read_photo, store_photo
from tests.recommender.conftest import photo_bytes

pytestmark = pytest.mark.django_db
GUEST, OTHER = Shopper(visitor_id="v"), Shopper(visitor_id="w")


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def test_owner_reads_our_own_encoding_and_others_do_not():
    photo = store_photo(photo_bytes(), GUEST)
    assert read_photo(photo.pk, GUEST).startswith(b"\xff\xd8")
    for shopper in (OTHER, Shopper(), Shopper(user_id="1")):
        with pytest.raises(UnknownPhoto):
            read_photo(photo.pk, shopper)


def test_refused_photo_leaves_no_file(media):
    with pytest.raises(InvalidQuery):
        store_photo(b"text", GUEST)
    assert not list(media.rglob("*.jpg"))


def test_photo_whose_file_is_gone_is_unknown():
    photo = store_photo(photo_bytes(), GUEST)
    photo.file.storage.delete(photo.file.name)
    with pytest.raises(UnknownPhoto):
        read_photo(photo.pk, GUEST)


def test_purge_deletes_expired_rows_with_their_files_and_keeps_the_rest(media, django_capture_on_commit_callbacks):
    old, fresh = store_photo(photo_bytes(), GUEST), store_photo(photo_bytes(), GUEST)
    UploadedPhoto.objects.filter(pk=old.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    with django_capture_on_commit_callbacks(execute=True):
        assert purge_expired() == 1
    assert [photo.pk for photo in UploadedPhoto.objects.all()] == [fresh.pk]
    assert len(list(media.rglob("*.jpg"))) == 1
