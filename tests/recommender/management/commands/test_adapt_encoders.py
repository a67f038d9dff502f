from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from recommender.adapted import derivation_of
from recommender.catalog import Shopper
from recommender.encoders import set_encoders
from recommender.engine import get_engine, reset_engine
from recommender.models import Event, IndexState, Job, LearningControl, ModelVersion, Recommendation
from recommender.services import adaptation, encoder_swap, indexing
from recommender.services.adaptation_data import bought_pairs
from recommender.services.outbox import mark_stale
from recommender.services.serving import RecommendationRequest, recommend
from tests.encoders import ColourSpace, HashedWords
from tests.recommender.encoder_shop import NAMES, coloured

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(host, settings, tmp_path) -> Iterator[ColourSpace]:
    settings.RECOMMENDER = {**settings.RECOMMENDER, "DATA_DIR": tmp_path}
    encoder = ColourSpace()
    set_encoders([HashedWords(), encoder])
    reset_engine()
    host.items = coloured(160)
    mark_stale(host.items)
    indexing.drain()
    yield encoder
    set_encoders(None)
    reset_engine()


def run(*options: str) -> str:
    out = io.StringIO()
    call_command("adapt_encoders", "--min-pairs=100", "--lr=0.02", "--epochs=12", *options, stdout=out)
    return out.getvalue()


def test_a_shop_whose_words_the_encoder_does_not_know_gets_an_encoder_that_does(shop: ColourSpace) -> None:
    photos = shop.n_photos
    said = run()
    version = ModelVersion.objects.get()
    assert (version.kind, version.state) == ("encoder", "candidate")
    assert version.metrics["validation"]["low"] > 0
    assert version.metrics["validation"]["value"] > version.metrics["validation"]["default"]
    assert "Kept as candidate" in said
    assert shop.n_photos == photos  # the stored vectors are enough
    assert IndexState.objects.get().encoder == 0
    assert Job.objects.get(kind="adapt").message.startswith(f"version {version.pk}; title -> photo, recall@10")
    heads = derivation_of(version).encoder.heads
    assert dict(heads.base) == {block: shop.identity(block).id for block in ("image", "look")}
    assert (
        version.about["products"]["train"] + version.about["products"]["validation"] + version.about["products"]["test"] == 160
    )


def test_what_is_promoted_finds_photos_by_the_shop_s_own_words(shop: ColourSpace) -> None:
    def found() -> int:
        """Of the ten photos nearest to each of the ten colours' names, how many have that colour; by the image block alone."""
        engine, right = get_engine(), 0
        for name, vector in zip(NAMES, dict(engine.encoders[1].encode_instructions(NAMES))["image"], strict=True):
            rows = engine.collection.index.search({"image": vector}, {"image": 0.0}, 10)
            items = [engine.collection.item(engine.collection.id_of(int(row))) for row in rows]
            right += sum(name in item.title for item in items if item)
        return right

    get_engine().refresh()
    before = found()
    assert "It is in force" in run("--promote")
    reset_engine()
    get_engine().refresh()
    assert before < 40
    assert found() > 75


def test_a_dry_run_keeps_nothing_and_the_same_seed_measures_the_same(shop: ColourSpace) -> None:
    first, second = run("--dry-run"), run("--dry-run")
    assert "nothing was kept (--dry-run)" in first
    table = [line for line in first.splitlines() if "->" in line]
    assert table
    assert table == [line for line in second.splitlines() if "->" in line]
    assert not ModelVersion.objects.exists()


def test_too_few_products_are_refused_with_both_numbers(shop: ColourSpace) -> None:
    with pytest.raises(CommandError, match=r"160 products have .* at least 300 are needed"):
        call_command("adapt_encoders", stdout=io.StringIO())
    assert not ModelVersion.objects.exists()


def test_words_that_say_nothing_of_photos_are_not_kept(shop: ColourSpace, host) -> None:
    """Every title goes with another product's photo: there is nothing to learn."""
    from dataclasses import replace

    ids = list(host.items)
    host.items = {
        i: replace(host.items[i], title=f"thing {n * 7919 % 1000}", category=(), attributes={}) for n, i in enumerate(ids)
    }
    mark_stale(ids)
    indexing.drain()
    said = run()
    assert "Nothing is kept" in said
    assert not ModelVersion.objects.exists()


def test_nothing_is_trained_while_learning_is_frozen(shop: ColourSpace) -> None:
    LearningControl.objects.update_or_create(pk=1, defaults={"frozen": True})
    with pytest.raises(CommandError, match="frozen"):
        run()
    assert not ModelVersion.objects.exists()


def test_without_a_photo_block_that_words_reach_there_is_nothing_to_adapt(shop: ColourSpace) -> None:
    set_encoders([HashedWords()])
    with pytest.raises(CommandError, match="nothing to adapt"):
        run()


def test_a_second_adaptation_is_compared_with_the_encoder_in_force(shop: ColourSpace) -> None:
    run("--promote")
    said = run("--seed=1")
    row = next(line for line in said.splitlines() if line.startswith("title -> photo, recall@10"))
    before = float(row.split()[-6])
    assert before > 0.8  # what is live is good already
    assert ModelVersion.objects.filter(state="live").count() == 1


def test_a_run_that_was_killed_goes_on_with_its_texts_and_epochs(shop: ColourSpace, monkeypatch) -> None:
    class Killed(BaseException):
        pass

    seen: list[tuple[str, int]] = []

    def die(stage: str, done: int, total: int) -> None:
        seen.append((stage, done))
        if (stage, done) == ("training", 5):
            raise Killed

    options = adaptation.AdaptationOptions(epochs=12, learning_rate=0.02, threads=1)
    with pytest.raises(Killed):
        adaptation.adapt(options, min_products=100, on_progress=die)
    assert not ModelVersion.objects.exists()
    seen.clear()
    report = adaptation.adapt(options, min_products=100, on_progress=lambda *given: seen.append(given[:2]))
    assert seen[0] == ("training", 5)  # four epochs were kept, and no text is encoded again
    assert report.version is not None


def bought(words: str, item_id: str, shopper: str, **more) -> None:
    row = Recommendation.objects.create(
        user_id=shopper, request={"words": words}, expires_at=timezone.now() + timedelta(days=1), **more
    )
    Event.objects.create(kind="purchase", item_id=item_id, user_id=shopper, recommendation_id=row.pk, **more)


def test_words_that_enough_shoppers_bought_after_are_learnt_and_nobody_s_own_words_are(shop: ColourSpace, host) -> None:
    for number in range(5):
        bought("gift for dad", f"p{number}", f"ann-{number}")
    bought("my secret words", "p1", "bob")
    for number in range(5):
        bought("made up", "p1", f"sim-{number}", simulated=True)
        bought("same shopper", "p2", "eve")
    ids = set(host.items)
    assert bought_pairs(ids) == [("gift for dad", f"p{number}") for number in range(5)]
    host.may_remember = lambda self, *, user_id="", visitor_id="": user_id != "ann-0"
    try:
        assert bought_pairs(ids) == []  # four are too few
    finally:
        del host.may_remember
    assert "5 bought pairs" in run("--dry-run")


def test_the_task_does_what_the_command_does(shop: ColourSpace, monkeypatch) -> None:
    from recommender.services import training

    monkeypatch.setattr(adaptation.adapt, "__kwdefaults__", {**adaptation.adapt.__kwdefaults__, "min_products": 100})
    training.adapt_encoders()
    version = ModelVersion.objects.get()
    encoder_swap.promote(version, "ann", "it finds more")
    assert IndexState.objects.get().encoder == version.pk
    reset_engine()
    answer = recommend(RecommendationRequest(text="karmin vase", limit=5), Shopper())
    assert answer.recommendation.versions["image"] == derivation_of(version).encoder_id
