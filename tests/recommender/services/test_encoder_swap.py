"""Other encoders are put in force while the shop answers: beside, then at once, and back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pytest
from django.db import connection
from django.utils import timezone

from recommender.adapted import derivation_of, kept_versions
from recommender.catalog import Shopper
from recommender.encoders import set_encoders
from recommender.engine import Engine, get_engine, reset_engine, wait_for_swap
from recommender.exceptions import PromotionRefused
from recommender.models import IndexedItem, IndexState, ItemEmbedding, Job, ModelVersion
from recommender.services import encoder_swap, indexing, projection, versions
from recommender.services.outbox import mark_stale
from recommender.services.serving import RecommendationRequest, recommend
from tests.encoders import ColourSpace, HashedWords
from tests.recommender.encoder_shop import coloured, version_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def encoder(host) -> Iterator[ColourSpace]:
    encoder = ColourSpace()
    set_encoders([HashedWords(), encoder])
    reset_engine()
    host.items = coloured(40)
    mark_stale(host.items)
    indexing.drain()
    yield encoder
    set_encoders(None)
    reset_engine()


def ask(text: str = "karmin vase"):
    return recommend(RecommendationRequest(text=text, limit=10), Shopper())


def served() -> Engine:
    """The engine once it has seen what is in force."""
    get_engine().refresh()
    wait_for_swap()
    return get_engine()


def own(version: ModelVersion) -> set[str]:
    ids = ItemEmbedding.objects.filter(encoder_id=derivation_of(version).encoder_id).values_list("item_id", flat=True)
    return set(ids)


def test_vectors_are_built_beside_without_reading_a_photo_and_the_job_says_so(encoder: ColourSpace, host) -> None:
    before, photos = ask().recommendation.versions, encoder.n_photos
    version = version_of(encoder)
    encoder_swap.promote(version, "ann", "recall tripled")
    assert encoder.n_photos == photos
    assert own(version) == set(host.items)
    assert ItemEmbedding.objects.filter(encoder_id=before["image"]).count() == len(host.items)
    job = Job.objects.get(kind="encoder")
    assert (job.state, job.done, job.total) == ("done", 40, 40)
    state = IndexState.objects.get()
    assert (state.encoder, state.encoder_next) == (version.pk, 0)
    assert served().encoder_ids["image"] == derivation_of(version).encoder_id


def test_a_projected_vector_is_what_the_encoder_makes_of_the_photo(encoder: ColourSpace, host) -> None:
    version = version_of(encoder)
    encoder_swap.promote(version, "ann", "why not")
    derivation = derivation_of(version)
    from recommender.services.embedding import decode_photos
    from recommender.services.planning import plan, read_stored

    item = host.items["p3"]
    work = plan(item, read_stored(["p3"]), [], measure_colours=False)
    image = decode_photos(work, every=True, measure=False, max_bytes=10**7, max_pixels=10**7).images[0]
    stored = ItemEmbedding.objects.get(item_id="p3", encoder_id=derivation.encoder_id)
    np.testing.assert_allclose(
        np.frombuffer(bytes(stored.vector), "<f2"), derivation.encoder.encode_photos([image])["image"][0], atol=5e-3
    )


def test_requests_in_a_loop_all_succeed_and_each_is_of_one_encoder(encoder: ColourSpace, host) -> None:
    """Threads ask all the time while another encoder is put in force and taken back."""
    first = ask().recommendation.versions["image"]
    version = version_of(encoder)
    second = derivation_of(version).encoder_id
    expected = {first: None, second: None}
    answers: list[tuple[str, list]] = []
    problems: list[BaseException] = []
    stop = threading.Event()

    def loop() -> None:
        try:
            while not stop.is_set():
                row = ask().recommendation
                assert row.state == "ok"
                assert row.degraded == []
                answers.append((row.versions["image"], row.ranking))
        except BaseException as error:
            problems.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=loop) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        encoder_swap.promote(version, "ann", "better")
        served()
        _until(lambda: any(image == second for image, _ in list(answers)))
        encoder_swap.roll_back("ann", "and back")
        served()
        swapped = len(answers)
        _until(lambda: any(image == first for image, _ in list(answers)[swapped:]))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not problems
    for image, ranking in answers:
        expected[image] = expected[image] or ranking
        assert ranking == expected[image]  # one encoder gives one ranking: a mixture would give another
    assert expected[first] != expected[second]


def _until(happened) -> None:
    import time

    for _ in range(2000):
        if happened():
            return
        time.sleep(0.005)
    raise AssertionError("it never happened")


def test_rollback_restores_the_very_answers_and_needs_no_building(encoder: ColourSpace) -> None:
    before = ask().recommendation
    version = version_of(encoder)
    encoder_swap.promote(version, "ann", "better")
    served()
    assert ask().recommendation.ranking != before.ranking
    jobs = Job.objects.count()
    encoder_swap.roll_back("ann", "worse after all")
    served()
    after = ask().recommendation
    assert (after.ranking, after.versions["image"]) == (before.ranking, before.versions["image"])
    assert Job.objects.count() == jobs


def test_products_saved_while_it_builds_and_afterwards_get_both(encoder: ColourSpace, host, monkeypatch) -> None:
    version = version_of(encoder)
    more = coloured(44)
    derive = projection._derive

    def save_in_between(ids, derivation):
        made = derive(ids, derivation)
        if "p40" not in host.items:
            host.items["p40"] = more["p40"]
            mark_stale(["p40"])
        return made

    monkeypatch.setattr(projection, "_derive", save_in_between)
    projection.begin(version)
    projection.build(version)
    indexing.drain()
    assert "p40" in own(version)
    encoder_swap.promote(version, "ann", "better")
    host.items["p41"] = more["p41"]
    mark_stale(["p41"])
    indexing.drain()
    base = {
        i for i, e in ItemEmbedding.objects.filter(block="image").values_list("item_id", "encoder_id") if e not in _of(version)
    }
    assert {"p40", "p41"} <= own(version)
    assert {"p40", "p41"} <= base
    assert "p41" in served().collection
    del host.items["p41"]
    mark_stale(["p41"])
    indexing.drain()
    assert "p41" not in own(version)


def _of(version: ModelVersion) -> set[str]:
    return {derivation_of(version).encoder_id}


def test_a_photo_that_changes_changes_the_learnt_vector_and_one_that_goes_takes_it_along(encoder: ColourSpace, host) -> None:
    from dataclasses import replace

    version = version_of(encoder)
    encoder_swap.promote(version, "ann", "better")

    def vector() -> bytes | None:
        row = ItemEmbedding.objects.filter(item_id="p1", encoder_id=derivation_of(version).encoder_id).first()
        return bytes(row.vector) if row else None

    before = vector()
    host.items["p1"] = replace(host.items["p1"], photos=host.items["p2"].photos)
    mark_stale(["p1"])
    indexing.drain()
    assert vector() not in (None, before)
    host.items["p1"] = replace(host.items["p1"], photos=())
    mark_stale(["p1"])
    indexing.drain()
    assert vector() is None


def test_a_build_that_died_is_not_in_force_and_goes_on_where_it_was(encoder: ColourSpace, monkeypatch) -> None:
    version = version_of(encoder)
    monkeypatch.setattr(projection, "CHUNK", 10)
    derive, calls = projection._derive, []

    def die(ids, derivation):
        calls.append(len(ids))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return derive(ids, derivation)

    monkeypatch.setattr(projection, "_derive", die)
    with pytest.raises(KeyboardInterrupt):
        encoder_swap.promote(version, "ann", "better")
    assert IndexState.objects.get().encoder == 0
    assert len(own(version)) == 20
    assert ask().recommendation.versions["image"] != derivation_of(version).encoder_id
    monkeypatch.setattr(projection, "_derive", derive)
    assert projection.build(version) == 20
    encoder_swap.promote(version, "ann", "better")
    assert served().encoder == version.pk


def test_a_version_is_not_put_in_force_before_its_vectors_are_there(encoder: ColourSpace) -> None:
    version = version_of(encoder)
    with pytest.raises(PromotionRefused) as refused:
        versions.promote(version, "ann", "at once", force=True)
    assert refused.value.codes == ("not_built",)
    assert IndexState.objects.get().encoder == 0


def test_one_version_is_built_at_a_time(encoder: ColourSpace) -> None:
    first, second = version_of(encoder), version_of(encoder, seed=1)
    projection.begin(first)
    job = Job.objects.create(kind=projection.JOB, state=Job.State.RUNNING, heartbeat_at=timezone.now())
    with pytest.raises(PromotionRefused) as refused:
        encoder_swap.promote(second, "ann", "me too")
    assert refused.value.codes == ("building",)
    Job.objects.filter(pk=job.pk).update(heartbeat_at=timezone.now() - timedelta(minutes=2))  # it was killed
    encoder_swap.promote(second, "ann", "now")
    assert served().encoder == second.pk


def test_heads_of_another_encoder_are_refused_and_a_changed_encoder_serves_without_them(encoder: ColourSpace, host) -> None:
    version = version_of(encoder)
    encoder_swap.promote(version, "ann", "better")
    set_encoders([HashedWords(), ColourSpace("2")])
    reset_engine()
    mark_stale(host.items, "all")
    indexing.drain()
    engine = get_engine()
    engine.refresh()
    assert engine.encoder_failed
    assert "encoder" in engine.ready().degraded
    assert ask().recommendation.versions["image"] == ColourSpace("2").identity("image").id
    assert [refusal.code for refusal in versions.check(version_of(ColourSpace("1"), seed=2))] == ["damaged"]


def test_the_nightly_comparison_purges_what_no_version_needs(encoder: ColourSpace) -> None:
    first, second, third = (version_of(encoder, seed) for seed in range(3))
    for version in (first, second, third):
        encoder_swap.promote(version, "ann", "better again")
    assert {v.pk for v in kept_versions()} == {second.pk, third.pk}
    indexing.reconcile()
    assert [len(own(version)) for version in (first, second, third)] == [0, 40, 40]
    encoder_swap.roll_back("ann", "to the second")
    encoder_swap.roll_back("ann", "to the first, whose vectors are gone")
    assert len(own(first)) == 40
    assert served().encoder == first.pk


def test_a_process_that_starts_later_serves_what_is_in_force_from_its_first_answer(encoder: ColourSpace) -> None:
    version = version_of(encoder)
    encoder_swap.promote(version, "ann", "better")
    reset_engine()
    assert ask().recommendation.versions["image"] == derivation_of(version).encoder_id
    assert get_engine().encoder == version.pk


def test_nothing_new_is_written_when_there_is_nothing_to_follow(encoder: ColourSpace, django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        projection.follow(["p1"])
    assert IndexedItem.objects.count() == 40


def test_a_process_with_an_adapted_encoder_is_as_ready_as_before(encoder: ColourSpace, client) -> None:
    encoder_swap.promote(version_of(encoder), "ann", "better")
    reset_engine()
    get_engine().warm_up()
    said = client.get("/readyz").json()
    assert (said["ready"], said["text_model"], said["image_model"], said["degraded"]) == (True, "ok", "ok", [])
    encoder_swap.roll_back("ann", "and back")
    assert served().ready().ready
    assert client.get("/readyz").json()["image_model"] == "ok"
