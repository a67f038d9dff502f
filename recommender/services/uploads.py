"""Query photos: stored as our own JPEG without metadata, under a random name, for a day, for their owner only."""

from __future__ import annotations

import secrets
from datetime import timedelta
from functools import partial

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from recommender.catalog import Shopper
from recommender.conf import get_settings
from recommender.exceptions import UnknownPhoto, UploadQuotaExceeded
from recommender.models import UploadedPhoto
from recommender.services.visitors import owned_by

MAX_LIVE_PHOTOS = 50


def store_photo(data: bytes, shopper: Shopper) -> UploadedPhoto:
    """Check a photo, re-encode it and keep it for ``RECOMMENDER["PHOTO_TTL"]`` seconds.

    Raises:
        InvalidQuery: not a photo this product reads; code is photo_empty, photo_too_large, photo_type or photo_unreadable.
        UploadQuotaExceeded: the shopper has MAX_LIVE_PHOTOS photos already.
    """
    from fusion.photos import open_photo, reencode

    conf = get_settings()
    _check_quota(shopper)
    image = open_photo(data, max_bytes=conf.MAX_PHOTO_BYTES, max_pixels=conf.MAX_PHOTO_PIXELS)
    photo = UploadedPhoto(
        user_id=shopper.user_id,
        visitor_id=shopper.visitor_id,
        width=image.width,
        height=image.height,
        expires_at=timezone.now() + timedelta(seconds=conf.PHOTO_TTL),
    )
    photo.file.save(f"{secrets.token_hex(16)}.jpg", ContentFile(reencode(image)), save=False)
    photo.save()
    return photo


def _check_quota(shopper: Shopper) -> None:
    soonest = _live(shopper).order_by("expires_at").values_list("expires_at", flat=True)
    held = list(soonest[:MAX_LIVE_PHOTOS])
    if len(held) >= MAX_LIVE_PHOTOS:
        wait = max(1, int((held[0] - timezone.now()).total_seconds()))
        message = _("You hold %(max)d uploaded photos, the most allowed. Delete one or wait until one expires.")
        raise UploadQuotaExceeded(message % {"max": MAX_LIVE_PHOTOS}, retry_after=wait)


def read_photo(photo_id: str, shopper: Shopper) -> bytes:
    """The stored JPEG.

    Raises:
        UnknownPhoto: there is none with this id for this shopper, or its time is over.
    """
    photo = _find(photo_id, shopper)
    try:
        with photo.file.open("rb") as file:
            return bytes(file.read())
    except FileNotFoundError as error:
        raise _unknown(photo_id) from error


def delete_photo(photo_id: str, shopper: Shopper) -> None:
    """Delete a photo and its file.

    Raises:
        UnknownPhoto: there is none with this id for this shopper, or its time is over.
    """
    _delete(UploadedPhoto.objects.filter(pk=_find(photo_id, shopper).pk))


def delete_photos_of(shopper: Shopper) -> int:
    """Delete every photo of a shopper; returns how many."""
    return _delete(UploadedPhoto.objects.filter(owned_by(shopper)))


def purge_expired() -> int:
    """Delete photos whose time is over; returns how many. The worker calls it, any time is fine."""
    return _delete(UploadedPhoto.objects.filter(expires_at__lte=timezone.now()))


def _live(shopper: Shopper) -> QuerySet[UploadedPhoto]:
    return UploadedPhoto.objects.filter(owned_by(shopper), expires_at__gt=timezone.now())


def _find(photo_id: str, shopper: Shopper) -> UploadedPhoto:
    photo = _live(shopper).filter(pk=photo_id).first()
    if photo is None:
        raise _unknown(photo_id)
    return photo


def _unknown(photo_id: str) -> UnknownPhoto:
    return UnknownPhoto(_('There is no uploaded photo "%(id)s", or its time is over. Upload it again.') % {"id": photo_id[:64]})


@transaction.atomic
def _delete(photos: QuerySet[UploadedPhoto]) -> int:
    found = list(photos)
    UploadedPhoto.objects.filter(pk__in=[photo.pk for photo in found]).delete()
    for photo in found:
        transaction.on_commit(partial(photo.file.delete, save=False))
    return len(found)
