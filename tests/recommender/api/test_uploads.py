"""recommender.api.views.uploads: photos of strangers, hostile ones included."""

from __future__ import annotations

import io
import struct
import zlib
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from recommender.models import UploadedPhoto
from tests.recommender.api.conftest import Api
from tests.recommender.conftest import photo_bytes


def with_gps() -> bytes:
    """A JPEG that says where and by what it was taken, lying on its side."""
    image = Image.new("RGB", (60, 40), "red")
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Spycam"
    exif.get_ifd(0x8825)[1] = "N"
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif, comment=b"secret comment")
    return out.getvalue()


def bomb() -> bytes:
    """A PNG whose header claims 12,000 x 12,000 pixels, in a few hundred bytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 12000, 12000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


def bmp() -> bytes:
    return photo_bytes(kind="BMP")


def test_photo_is_stored_upright_as_our_own_jpeg_without_metadata(api):
    answer = api.upload(with_gps(), "IMG_secret_name.jpg")
    assert answer.status_code == 201, answer.content
    assert (answer.json()["width"], answer.json()["height"]) == (40, 60)
    row = UploadedPhoto.objects.get(pk=answer.json()["image_id"])
    stored = row.file.read()
    assert stored[:2] == b"\xff\xd8"
    assert not any(word in stored for word in (b"Spycam", b"secret", b"Exif", b"GPS"))
    assert "secret" not in row.file.name
    left = row.expires_at - timezone.now()
    assert timedelta(hours=23) < left <= timedelta(hours=24)


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 422, "photo_empty"),
        (b"hello", 415, "photo_type"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", 415, "photo_type"),
        (b"<html><script>1</script>", 415, "photo_type"),
        (bmp(), 415, "photo_type"),
        (b"%!PS-Adobe-3.0 EPSF", 415, "photo_type"),
        (photo_bytes()[:60], 422, "photo_unreadable"),
        (b"\xff\xd8\xff" + b"\0" * 100, 422, "photo_unreadable"),
        (bomb(), 413, "photo_too_large"),
        (photo_bytes() + b"\0" * (8 * 1024 * 1024), 413, "photo_too_large"),
        (b"\0" * (9 * 1024 * 1024), 413, "photo_too_large"),
    ],
)
def test_what_is_no_photo_gets_its_own_message_and_is_not_kept(api, data, status, code):
    answer = api.upload(data)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert not UploadedPhoto.objects.exists()


@pytest.mark.parametrize("tail", [b"<script>alert(1)</script>", b"PK\x03\x04evil.zip", b"%PDF-1.4"])
def test_polyglot_loses_its_other_face(api, tail):
    answer = api.upload(photo_bytes(kind="JPEG") + tail)
    assert tail not in UploadedPhoto.objects.get(pk=answer.json()["image_id"]).file.read()


def test_message_follows_accept_language_and_points_at_the_file(api):
    file = SimpleUploadedFile("x.png", b"")
    answer = api.client.post("/api/v1/uploads/images", {"file": file}, headers={"X-Visitor-Token": api.token})
    assert answer.json()["errors"][0]["pointer"] == "/file"


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ("{}", "application/json", 415),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x", 422),
        (b"garbage", "multipart/form-data", 400),
        (b"", "multipart/form-data; boundary=", 422),
        (b"a=1", "application/x-www-form-urlencoded", 415),
        (b"x", "", 415),
    ],
)
def test_body_that_carries_no_file_is_a_4xx(api, body, content_type, status):
    answer = api.client.generic("POST", "/api/v1/uploads/images", body, content_type=content_type)
    assert answer.status_code == status, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_owner_deletes_the_photo_and_its_file_once(api, django_capture_on_commit_callbacks):
    image_id = api.upload(photo_bytes()).json()["image_id"]
    file = UploadedPhoto.objects.get(pk=image_id).file
    with django_capture_on_commit_callbacks(execute=True):
        assert api.delete(f"/api/v1/uploads/images/{image_id}").status_code == 204
    assert not file.storage.exists(file.name)
    assert api.delete(f"/api/v1/uploads/images/{image_id}").status_code == 404


def test_expired_photo_can_neither_be_used_nor_deleted(api):
    image_id = api.upload(photo_bytes()).json()["image_id"]
    UploadedPhoto.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert api.post("/api/v1/recommendations", {"image": {"image_id": image_id}}).status_code == 404
    assert api.delete(f"/api/v1/uploads/images/{image_id}").status_code == 404


def test_quota_bounds_what_one_shopper_may_hold(api, monkeypatch):
    monkeypatch.setattr("recommender.services.uploads.MAX_LIVE_PHOTOS", 2)
    assert [api.upload(photo_bytes()).status_code for _ in range(3)] == [201, 201, 429]
    refused = api.upload(photo_bytes())
    assert (refused.json()["code"], int(refused.headers["Retry-After"]) > 0) == ("upload_quota", True)


def test_caller_without_a_token_owns_what_it_uploads_through_the_token_that_comes_back(shop):
    answer = Api().upload(photo_bytes())
    owner = Api(answer.headers["X-Visitor-Token"])
    assert owner.delete(f"/api/v1/uploads/images/{answer.json()['image_id']}").status_code == 204
