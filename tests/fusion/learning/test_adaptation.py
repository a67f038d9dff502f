from __future__ import annotations

import numpy as np
import pytest

from fusion.encoders.heads import Heads
from fusion.exceptions import EncodingError
from fusion.learning import adaptation
from fusion.learning.adaptation import AdaptationOptions, PairData, TrainedHeads, train
from fusion.learning.adaptation_report import HeldOut, compare, neighbour_precision, ranks

DIM, LOOK, N = 16, 8, 120
QUICK = AdaptationOptions(epochs=12, batch_size=40, learning_rate=1e-2, dropout=0.1, patience=12, threads=1)


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def shop(noise: float = 0.3) -> PairData:
    """Texts and photos of the same things in two spaces that are rotated against each other."""
    draw = np.random.default_rng(0)
    things = draw.normal(size=(N, DIM))
    rotation = np.linalg.qr(draw.normal(size=(DIM, DIM)))[0]
    texts = unit(np.concatenate([things, things + noise * draw.normal(size=things.shape)]))
    photos = unit(things @ rotation + noise * draw.normal(size=things.shape))
    look = unit(draw.normal(size=(N, LOOK)))
    of_photo = [(row, N + row) for row in range(N)]
    parts = {"train": list(range(80)), "validation": list(range(80, 100))}
    return PairData(texts, np.concatenate([photos, look], axis=1), of_photo, parts)


def held_out(data: PairData, tensors: dict[str, np.ndarray]) -> HeldOut:
    heads = Heads("image", ("image", "look"), {}, tensors, {})
    rows = list(range(100, N))
    given = {"image": data.photos[rows][:, :DIM], "look": data.photos[rows][:, DIM:]}
    words = heads.words(data.texts[rows])
    return HeldOut(words, heads.photos(given), words[:0], np.empty(0, np.int64))


def still(data: PairData) -> dict[str, np.ndarray]:
    shapes = {"words.weight": (DIM, DIM), "words.bias": (DIM,), "photo.weight": (DIM, DIM + LOOK), "photo.bias": (DIM,)}
    return {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}


def same(ours: TrainedHeads, theirs: TrainedHeads) -> bool:
    return all(np.array_equal(ours.tensors[name], theirs.tensors[name]) for name in ours.tensors)


@pytest.mark.parametrize("texts", adaptation.TEXTS)
def test_words_find_photos_that_training_never_saw(texts: str) -> None:
    from dataclasses import replace

    data = shop()
    trained = train(data, replace(QUICK, texts=texts))
    report = compare(held_out(data, still(data)), held_out(data, dict(trained.tensors)), np.zeros(20, np.int64), seed=0)
    assert report.primary.before < 0.7
    assert report.primary.lift.low > 0
    assert trained.validation["mrr"] > 2 * trained.validation["mrr_before"]
    assert 0 < trained.best_epoch <= trained.epochs


def test_pairs_without_a_signal_leave_the_encoder_nearly_as_it_was_or_are_not_kept() -> None:
    data, draw = shop(), np.random.default_rng(5)
    noise = PairData(unit(draw.normal(size=data.texts.shape)), data.photos, data.of_photo, data.parts)
    trained = train(noise, QUICK)
    report = compare(held_out(noise, still(noise)), held_out(noise, dict(trained.tensors)), np.zeros(20, np.int64), seed=0)
    assert not report.improves


def test_the_same_seed_gives_the_same_heads_and_another_gives_others() -> None:
    data = shop()
    assert same(train(data, QUICK), train(data, QUICK))
    from dataclasses import replace

    assert not same(train(data, QUICK), train(data, replace(QUICK, seed=1)))


def test_a_run_that_was_cut_off_goes_on_to_the_very_heads_that_it_would_have_given(tmp_path) -> None:
    class Killed(Exception):
        pass

    def die(epoch: int, metrics) -> None:
        if epoch == 6:
            raise Killed

    data, file = shop(), tmp_path / "run" / "checkpoint.safetensors"
    whole = train(data, QUICK)
    with pytest.raises(Killed):
        train(data, QUICK, checkpoint=file, on_epoch=die)
    assert file.exists()
    epochs: list[int] = []
    resumed = train(data, QUICK, checkpoint=file, on_epoch=lambda epoch, metrics: epochs.append(epoch))
    assert epochs[0] == 6  # five were kept
    assert same(whole, resumed)
    assert not file.exists()


def test_a_checkpoint_of_other_data_is_not_gone_on_from(tmp_path) -> None:
    class Killed(Exception):
        pass

    def die(epoch: int, metrics) -> None:
        if epoch == 3:
            raise Killed

    file = tmp_path / "checkpoint.safetensors"
    with pytest.raises(Killed):
        train(shop(), QUICK, checkpoint=file, on_epoch=die)
    epochs: list[int] = []
    train(shop(noise=0.4), QUICK, checkpoint=file, on_epoch=lambda epoch, metrics: epochs.append(epoch))
    assert epochs[0] == 1


def test_tensorboard_gets_what_an_epoch_measured(tmp_path) -> None:
    from dataclasses import replace

    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    train(shop(), replace(QUICK, epochs=2), log_dir=tmp_path)
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    assert {"loss", "validation/mrr", "temperature"} <= set(events.Tags()["scalars"])
    assert [point.step for point in events.Scalars("loss")] == [1, 2]


def test_no_text_is_twice_in_a_batch_however_many_products_share_it(monkeypatch) -> None:
    data = shop()
    shared = PairData(data.texts, data.photos, [(row % 30, 0, 0, 0) for row in range(N)], data.parts)
    batches: list[list[int]] = []
    step = adaptation._Run._step

    def seen(self, photos, texts, number):
        batches.append(texts)
        return step(self, photos, texts, number)

    monkeypatch.setattr(adaptation._Run, "_step", seen)
    from dataclasses import replace

    train(shared, replace(QUICK, epochs=2))
    assert batches
    assert all(len(set(texts)) == len(texts) for texts in batches)


def test_too_few_photos_and_unknown_options_are_refused_in_words() -> None:
    data = shop()
    with pytest.raises(EncodingError, match="3 train"):
        train(PairData(data.texts, data.photos, data.of_photo, {"train": [0, 1, 2], "validation": [3]}), QUICK)
    with pytest.raises(EncodingError, match="choose one of pairs, simcse"):
        AdaptationOptions(texts="poems")
    with pytest.raises(EncodingError, match="at least 1 and 8"):
        AdaptationOptions(epochs=0)


def test_ranks_count_equals_against_the_own_photo() -> None:
    texts = unit(np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]))
    photos = unit(np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
    assert ranks(texts, photos).tolist() == [1, 2, 2]


def test_neighbours_of_a_kind_are_counted_without_the_thing_itself_and_without_lonely_kinds() -> None:
    rows = unit(np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0], [-1.0, -1.0]]))
    found = neighbour_precision(rows, rows, np.array([0, 0, 1, 1, -1]), itself=True)
    assert found[:4].tolist() == [0.25] * 4  # one of the four others
    assert np.isnan(found[4])
