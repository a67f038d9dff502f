from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from filelock import FileLock

from fusion.gate.weigher import GateWeigher
from fusion.learning.fusion_training import CHECKPOINT, FusionOptions
from recommender.engine import Engine
from recommender.exceptions import LearningFrozen, TrainingRefused
from recommender.learnt import weigher_of
from recommender.models import Job, LearningControl, ModelVersion
from recommender.services import training, versions
from recommender.services.fusion import train_gate
from recommender.services.logged_answers import LogRange
from recommender.services.training_runs import PLAN, training_run
from tests.recommender.fusion_log import store_log

QUICK = FusionOptions(epochs=6, learning_rate=0.01, batch=64)
ENCODERS = [{"BACKEND": "tests.encoders.HashedWords"}]


@pytest.fixture(autouse=True)
def _small_shop(settings, host, tmp_path) -> None:
    settings.RECOMMENDER = {**settings.RECOMMENDER, "DATA_DIR": tmp_path, "ENCODERS": ENCODERS}


@pytest.mark.django_db
def test_what_is_certainly_better_becomes_a_candidate_and_serves_nobody_yet(tmp_path) -> None:
    store_log(900, timezone.now(), informative=True)
    report = train_gate(LogRange(), QUICK)
    version = report.version
    assert version is not None
    assert (version.state, version.kind, versions.live("fusion")) == ("candidate", "fusion", None)
    assert report.held_out is not None
    assert version.metrics["validation"]["low"] == report.held_out.lift.low > 0
    assert version.metrics["validation"]["against"] == "defaults"
    assert version.metrics["factors"]["popularity/prior"] > 1.5 * version.metrics["factors"]["words/text"]
    assert version.about["seed"] == 0
    assert (tmp_path / version.about["tensorboard"]).is_dir()
    assert not (tmp_path / "fusion-training" / PLAN).exists()
    weigher = weigher_of(version)
    assert isinstance(weigher, GateWeigher)
    assert (weigher.name, weigher.weights.encoder) == (version.name, version.about["encoder"])
    assert versions.check(version) == []
    versions.promote(version, "ann", "better")
    engine = Engine()
    engine.refresh()
    assert isinstance(engine.pipeline.weigher, GateWeigher)
    assert train_gate(LogRange(), QUICK).version is None  # a second one like it is no gain over what is live


@pytest.mark.django_db
def test_a_log_without_a_signal_keeps_the_defaults() -> None:
    store_log(900, timezone.now(), informative=False, seed=2)
    report = train_gate(LogRange(), QUICK)
    assert report.version is None
    assert "defaults" in report.reason
    assert not ModelVersion.objects.exists()


@pytest.mark.django_db
def test_a_thin_log_keeps_the_defaults_and_says_how_thin_it_is() -> None:
    store_log(60, timezone.now(), informative=True)
    report = train_gate(LogRange(), QUICK)
    assert report.version is None
    assert "100 are needed" in report.reason


@pytest.mark.django_db
def test_simulated_answers_are_not_learnt_from_unless_asked_for_and_mark_the_version() -> None:
    store_log(900, timezone.now(), informative=True, simulated=True)
    assert train_gate(LogRange(), QUICK).version is None
    version = train_gate(LogRange(simulated="only"), QUICK).version
    assert version is not None
    assert version.simulated
    assert [refusal.code for refusal in versions.check(version)] == ["simulated"]


@pytest.mark.django_db
def test_nothing_is_trained_while_learning_is_frozen() -> None:
    LearningControl.objects.create(frozen=True, changed_by="ann")
    with pytest.raises(LearningFrozen, match="ann"):
        train_gate(LogRange(), QUICK)
    with pytest.raises(CommandError, match="frozen"):
        call_command("train_fusion")


@pytest.mark.django_db
def test_two_trainings_at_once_are_refused(tmp_path) -> None:
    (tmp_path / "fusion-training").mkdir()
    with FileLock(tmp_path / "fusion-training" / "lock"), pytest.raises(TrainingRefused, match="Another process"):
        train_gate(LogRange(), QUICK)


@pytest.mark.django_db
def test_a_run_that_ended_early_is_gone_on_from_with_the_same_part_of_the_log(tmp_path) -> None:
    with pytest.raises(RuntimeError), training_run(tmp_path, LogRange(), QUICK, resume=True) as (_folder, first):
        raise RuntimeError("the machine went away")
    with training_run(tmp_path, LogRange(), QUICK, resume=True) as (_folder, again):
        assert again.until == first.until
        (tmp_path / CHECKPOINT).write_bytes(b"something")
    assert not (tmp_path / CHECKPOINT).exists()
    with training_run(tmp_path, LogRange(), QUICK, resume=True) as (_folder, new):
        assert new.end > first.end  # it had ended well, so the next one is a run of its own


@pytest.mark.django_db
def test_other_options_or_a_restart_read_the_log_anew(tmp_path) -> None:
    for given in ({"options": replace(QUICK, seed=1)}, {"resume": False}, {"log": LogRange(simulated="only")}):
        with pytest.raises(RuntimeError), training_run(tmp_path, LogRange(), QUICK, resume=True) as (_folder, first):
            raise RuntimeError
        asked = {"log": LogRange(), "options": QUICK, "resume": True, **given}
        log, options = asked.pop("log"), asked.pop("options")
        with training_run(tmp_path, log, options, **asked) as (_folder, other):
            assert other.end > first.end


@pytest.mark.django_db
def test_the_task_writes_what_came_of_it_into_the_ledger() -> None:
    training.train_fusion()
    job = Job.objects.get(kind="fusion")
    assert job.state == "done"
    assert "the defaults stay" in job.message


@pytest.mark.django_db
def test_the_command_says_what_it_read_and_what_came_of_it(capsys) -> None:
    store_log(900, timezone.now(), informative=True)
    call_command("train_fusion", "--epochs", "6", "--lr", "0.01", "--batch", "64", "--promote")
    said = capsys.readouterr().out
    assert "900 answers" not in said  # those of the last week are still open
    assert "Read: 8" in said
    assert "Kept as candidate" in said
    assert "It is in force" in said
    assert versions.live("fusion") is not None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--from", "yesterday"), "--from"),
        (("--limit", "0"), "--limit"),
        (("--epochs", "0"), "epochs"),
        (("--lr", "0"), "rate"),
    ],
)
def test_options_that_make_no_sense_are_refused(given: tuple[str, ...], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("train_fusion", *given)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="the child process opens the test's database file")
def test_a_killed_command_promotes_nothing_and_the_next_one_goes_on(tmp_path) -> None:
    store_log(900, timezone.now(), informative=True)
    options = ["--epochs", "400", "--patience", "400", "--lr", "0.0001", "--promote"]
    env = {
        **os.environ,
        "DATA_DIR": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{connection.settings_dict['NAME']}",
        "RECOMMENDER_ENCODERS": json.dumps(ENCODERS),
        "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",
    }
    command = [sys.executable, "manage.py", "train_fusion", "--skip-checks", *options]
    with (tmp_path / "stderr.txt").open("w") as errors:
        process = subprocess.Popen(command, cwd=django_settings.BASE_DIR, env=env, stdout=subprocess.DEVNULL, stderr=errors)
    _wait_for(tmp_path / "fusion-training" / CHECKPOINT, process)
    process.kill()
    process.wait()
    assert not ModelVersion.objects.exists()
    assert versions.live("fusion") is None
    plan = json.loads((tmp_path / "fusion-training" / PLAN).read_text())
    training = FusionOptions(epochs=400, patience=400, learning_rate=0.0001)
    with training_run(tmp_path / "fusion-training", LogRange(), training, resume=True) as (folder, log):
        assert log.end.isoformat() == plan["end"]
        assert (folder / CHECKPOINT).exists()


def _wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + 120
    while not path.exists():
        assert process.poll() is None, "the command ended before it could be killed"
        assert time.monotonic() < ends, "no checkpoint was written in time"
        time.sleep(0.05)
