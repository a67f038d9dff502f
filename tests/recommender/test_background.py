"""Trainings begin in a process of their own, which is low in priority and says in the ledger how it went."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from recommender import background, tasks

ROOT = Path(__file__).parents[2]


@pytest.fixture
def own_shop(tmp_path: Path, monkeypatch) -> Path:
    """An empty, migrated shop that child processes use."""
    database = tmp_path / "db.sqlite3"
    for name, value in (("DATA_DIR", str(tmp_path)), ("DATABASE_URL", f"sqlite:///{database}"), ("OMP_NUM_THREADS", "1")):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "shop.settings")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, check=True)
    return database


def test_a_training_runs_beside_the_worker_at_low_priority_and_the_ledger_says_how_it_went(own_shop: Path) -> None:
    pid = background.start("train_fusion", simulated="only")
    niceness = os.getpriority(os.PRIO_PROCESS, pid)
    deadline = time.monotonic() + 120
    while os.waitpid(pid, os.WNOHANG) == (0, 0) and time.monotonic() < deadline:
        niceness = max(niceness, os.getpriority(os.PRIO_PROCESS, pid))
        time.sleep(0.05)
    assert niceness >= background.NICENESS
    with sqlite3.connect(own_shop) as connection:
        [(kind, state, message)] = connection.execute("SELECT kind, state, message FROM recommender_job").fetchall()
    assert (kind, state) == ("fusion", "done")
    assert message.startswith("the defaults stay")


def test_an_unknown_training_is_named_with_those_that_there_are(own_shop: Path) -> None:
    command = [sys.executable, "-m", "recommender.background", "nothing"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "known are train_fusion, learn_policy, adapt_encoders" in done.stderr


@pytest.mark.parametrize("name", ["train_fusion", "learn_policy", "adapt_encoders"])
def test_a_task_of_the_worker_only_begins_it(name: str, monkeypatch) -> None:
    begun = []
    monkeypatch.setattr(background, "start", lambda name, **given: begun.append((name, given)))
    getattr(tasks, name)(seed=3)
    assert begun[0][0] == name
    assert begun[0][1]["seed"] == 3
