import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fusion.gate.weights import GateWeights
from fusion.learning import checkpoints
from fusion.learning.examination import Examination, debiased, estimate_examination
from fusion.learning.fusion_training import CHECKPOINT, OBJECTIVES, Data, FusionOptions, default_scores, factors, scores, train
from fusion.learning.held_out import compare
from fusion.learning.impressions import Impressions
from tests.fusion.learning.logs import POPULARITY, TEXT, known_examination, made_log

ROOT = Path(__file__).resolve().parents[3]
QUICK = FusionOptions(epochs=12, learning_rate=0.01, batch=64, patience=12)
# One quick run in a process of its own, slow enough to be killed between two epochs.
CHILD = """
import sys, time
from pathlib import Path
from tests.fusion.learning.test_fusion_training import QUICK, train_data
from fusion.learning.fusion_training import train
train(train_data(), QUICK, folder=Path(sys.argv[1]), on_epoch=lambda epoch, numbers: time.sleep(0.3))
"""


def train_data(*, informative: bool = True, examination: Examination | None = None) -> Data:
    log, later = made_log(500, 1, informative=informative), made_log(250, 2, informative=informative)
    return Data(log, later, examination or known_examination(8))


def usual(gate: GateWeights, signal: int) -> float:
    return float(np.exp(np.log(factors(gate, made_log(100, 9, informative=True))[:, signal]).mean()))


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_what_shoppers_go_by_gets_more_weight_and_held_out_answers_get_better(objective: str) -> None:
    trained = train(train_data(), replace(QUICK, objective=objective))
    assert trained.best_epoch > 0
    assert trained.validation > trained.default_validation + 0.05
    assert usual(trained.gate, POPULARITY) > 2 * usual(trained.gate, TEXT)
    test = made_log(500, 3, informative=True)
    found = compare(test, debiased(test, known_examination(8), 10.0), scores(trained.gate, test), default_scores(test), 0)
    assert found.lift.low > 0.03


BLIND = Examination(np.ones(8), 0.0)  # believes that everybody looks at everything


def test_the_gradient_of_the_loss_does_not_take_what_was_on_top_for_good() -> None:
    """All items are equal and the log ranks by words/text: only the bias of places is in the acts."""
    log = made_log(6000, 6, informative=False)
    assert _pull(log, BLIND) > 0.2
    assert abs(_pull(log, known_examination(8))) < 0.02


def _pull(log: Impressions, examination: Examination) -> float:
    """Minus the slope of the softmax loss by the weight of words/text, where all weights are 0."""
    gains = debiased(log, examination, 10.0)
    z = log.addends[:, :, TEXT]
    return float((gains * (z - z.mean(axis=1, keepdims=True))).sum() / gains.sum())


def test_without_the_bias_of_places_more_is_left_to_what_ranked_the_log() -> None:
    options = replace(QUICK, epochs=10)
    fair, blind = (train(train_data(examination=given), options).gate for given in (known_examination(8), BLIND))
    share = {name: usual(gate, TEXT) / usual(gate, POPULARITY) for name, gate in (("fair", fair), ("blind", blind))}
    assert share["fair"] < 0.7 * share["blind"]


@pytest.mark.parametrize("seed", range(3))
def test_a_log_without_a_signal_keeps_the_defaults(seed: int) -> None:
    log, later, test = (made_log(400, 10 * seed + part, informative=False) for part in range(3))
    data = Data(log, later, estimate_examination(log))
    trained = train(data, replace(QUICK, epochs=6, seed=seed))
    gains = debiased(test, estimate_examination(later), 10.0)
    assert compare(test, gains, scores(trained.gate, test), default_scores(test), seed).lift.low <= 0


def test_training_and_serving_compute_the_same_factors() -> None:
    import torch

    from fusion.learning.fusion_gate import FusionGate
    from tests.fusion.gate.test_weigher import taught

    gate, log = taught(), made_log(20, 1, informative=True)
    words, _has = log.embeddings()
    with torch.no_grad():
        in_torch = FusionGate(gate)(torch.from_numpy(log.x), torch.from_numpy(words)).numpy()
    one_by_one = np.stack([gate.log_factors(log.x[i], words[i]) for i in range(len(log))])
    assert in_torch == pytest.approx(one_by_one, abs=1e-5)
    assert np.log(factors(gate, log)) == pytest.approx(one_by_one, abs=1e-5)


def test_the_same_seed_gives_the_same_gate_and_another_seed_another() -> None:
    data = train_data()
    options = replace(QUICK, epochs=2)
    first, again = train(data, options).gate, train(data, options).gate
    assert all((tensor == again.tensors[name]).all() for name, tensor in first.tensors.items())
    assert (train(data, replace(options, seed=1)).gate.head != first.head).any()


def test_a_training_that_is_killed_goes_on_to_the_same_gate(tmp_path: Path) -> None:
    whole = train(train_data(), QUICK)
    process = subprocess.Popen([sys.executable, "-c", CHILD, str(tmp_path)], cwd=ROOT)
    path, ends = tmp_path / CHECKPOINT, time.monotonic() + 90
    while not path.exists():
        assert process.poll() is None, "the training ended before it could be killed"
        assert time.monotonic() < ends, "no checkpoint was written in time"
        time.sleep(0.02)
    time.sleep(0.4)
    process.kill()
    process.wait()
    resumed = train(train_data(), QUICK, folder=tmp_path)
    assert 0 < resumed.resumed_from < QUICK.epochs
    assert (resumed.best_epoch, resumed.epochs) == (whole.best_epoch, whole.epochs)
    assert all((tensor == resumed.gate.tensors[name]).all() for name, tensor in whole.gate.tensors.items())


def test_a_checkpoint_of_other_data_or_options_is_not_gone_on_from(tmp_path: Path) -> None:
    train(train_data(), replace(QUICK, epochs=2), folder=tmp_path)
    assert train(train_data(), replace(QUICK, epochs=2), folder=tmp_path).resumed_from == 2
    assert train(train_data(), replace(QUICK, epochs=3), folder=tmp_path).resumed_from == 0
    assert train(train_data(informative=False), replace(QUICK, epochs=3), folder=tmp_path).resumed_from == 0


def test_a_damaged_checkpoint_is_named_and_training_starts_anew(tmp_path: Path, caplog) -> None:
    options = replace(QUICK, epochs=2)
    train(train_data(), options, folder=tmp_path)
    path = tmp_path / CHECKPOINT
    path.write_bytes(path.read_bytes()[:-7])
    assert train(train_data(), options, folder=tmp_path).resumed_from == 0
    assert "checkpoint_refused" in caplog.text
    assert checkpoints.read(path, "") is None  # of another training


def test_numbers_for_tensorboard_are_written(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    trained = train(train_data(), replace(QUICK, epochs=2), log_dir=tmp_path)
    events = EventAccumulator(str(tmp_path)).Reload()
    assert [point.step for point in events.Scalars("validation_ndcg")] == [1, 2]
    assert events.Scalars("default_ndcg")[0].value == pytest.approx(trained.default_validation, abs=1e-6)


@pytest.mark.parametrize("wrong", [{"objective": "hinge"}, {"epochs": 0}, {"learning_rate": 0.0}, {"clip": 0.5}])
def test_options_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        FusionOptions(**wrong)
