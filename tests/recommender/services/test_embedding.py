"""recommender.services.embedding: from items to vectors, without a database."""

from __future__ import annotations

from concurrent.futures import Future

import numpy as np

from fusion.colours import measure_colours
from fusion.types import Item, Photo
from recommender.encoders import blocks_of
from recommender.services.embedding import (
    SHORT_SIDE,
    Encoded,
    Photos,
    Work,
    decode_photos,
    encode_photos,
    encode_texts,
    fingerprint,
    mean_vector,
)
from tests.encoders import HashedWords, MeanColours
from tests.recommender.conftest import photo_bytes

LIMITS = {"max_bytes": 10_000_000, "max_pixels": 1_000_000}


def work(*photos: Photo, todo: frozenset[str] = frozenset({"look"}), measure: bool = False) -> Work:
    return Work(Item("a", "Lamp", photos=photos), {}, "", todo, measure)


def done(photos: Photos) -> Future[Photos]:
    future: Future[Photos] = Future()
    future.set_result(photos)
    return future


def test_hash_follows_what_an_encoder_reads_and_who_reads_it():
    blocks = blocks_of([HashedWords(), MeanColours()])
    lamp, priced = Item("a", "Lamp"), Item("a", "Lamp", rating=5.0)
    assert fingerprint(lamp, blocks, measure_colours=True) == fingerprint(priced, blocks, measure_colours=True)
    hashes, _ = fingerprint(lamp, blocks, measure_colours=True)
    assert set(hashes) == {"text"}
    other, _ = fingerprint(lamp, blocks_of([HashedWords("2")]), measure_colours=True)
    assert other["text"] != hashes["text"]


def test_hash_of_a_photo_block_follows_the_order_of_the_photos(make_photo):
    blocks = blocks_of([MeanColours()])
    one, two = make_photo("red"), make_photo("blue")
    first, _ = fingerprint(Item("a", "Lamp", photos=(one, two)), blocks, measure_colours=False)
    second, _ = fingerprint(Item("a", "Lamp", photos=(two, one)), blocks, measure_colours=False)
    assert first != second


def test_large_photo_is_decoded_small_enough_to_hold_a_batch(make_photo):
    photo = make_photo(ref="large", data=photo_bytes("red", (1200, 800)))
    decoded = decode_photos(work(photo), every=True, measure=False, **LIMITS)
    assert [image.size for image in decoded.images] == [(672, SHORT_SIDE)]


def test_storage_that_raises_anything_fails_its_photo_only(make_photo):
    def broken() -> bytes:
        raise RuntimeError("bucket is away")

    decoded = decode_photos(work(Photo("x", broken), make_photo()), every=True, measure=False, **LIMITS)
    assert (len(decoded.images), decoded.problems) == (1, [("Photo 1: RuntimeError: bucket is away", False)])


def test_photo_beyond_the_limits_fails_for_good(make_photo):
    photo = make_photo(ref="wide", data=photo_bytes("red", (2000, 1000)))
    decoded = decode_photos(work(photo), every=True, measure=False, **LIMITS)
    assert decoded.problems[0][1]
    assert "2000 x 1000 pixels" in decoded.problems[0][0]


def test_mean_of_opposite_vectors_is_the_first():
    rows = np.array([[1, 0], [-1, 0]], dtype=np.float32)
    assert mean_vector(rows).tolist() == [1, 0]


class Broken(HashedWords):
    def encode_texts(self, texts):
        if any("bad" in text for text in texts):
            return {"text": np.full((len(texts), 64), np.nan, dtype=np.float32)}
        return super().encode_texts(texts)


def test_vector_that_is_not_finite_is_a_problem_and_not_a_vector():
    result = Encoded()
    one = Work(Item("a", "bad"), {}, "", frozenset({"text"}))
    encode_texts([one], blocks_of([Broken()]), result, batch_size=8, heartbeat=lambda: None)
    assert (result.vectors, [problem.reason for problem in result.problems]) == (
        {},
        ["The encoder gave a vector that is not finite."],
    )


def test_heartbeat_comes_after_every_forward():
    beats: list[int] = []
    works = [Work(Item(str(n), f"Lamp {n}"), {}, "", frozenset({"text"})) for n in range(10)]
    encode_texts(works, blocks_of([HashedWords()]), Encoded(), batch_size=4, heartbeat=lambda: beats.append(1))
    assert len(beats) == 3


def test_decoded_photos_are_let_go_once_they_are_encoded(make_photo):
    photos = {"a": done(decode_photos(work(make_photo()), every=True, measure=False, **LIMITS))}
    result = Encoded()
    encode_photos([work()], photos, blocks_of([MeanColours()]), result, batch_size=8, heartbeat=lambda: None)
    assert photos == {}
    assert set(result.vectors) == {("a", "look")}


def test_colours_are_measured_from_the_first_photo(make_photo):
    decoded = decode_photos(work(make_photo("red"), make_photo("green")), every=False, measure=True, **LIMITS)
    assert (decoded.colours, len(decoded.images)) == (measure_colours(decoded.images[0]), 1)
    assert decoded.colours
