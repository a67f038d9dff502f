"""recommender.services.liveness: the kernel knows who lives."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from recommender.services import liveness

CHILD = """
import os, django
django.setup()
from recommender.services.liveness import owner_id
print(owner_id(), flush=True)
input()
"""


@pytest.fixture
def data_dir(settings, tmp_path):
    settings.RECOMMENDER = {**settings.RECOMMENDER, "DATA_DIR": tmp_path}
    liveness._held.clear()
    yield tmp_path
    liveness._held.clear()


@pytest.fixture
def other(data_dir):
    """Another process that holds a lease owner's lock."""
    env = {**os.environ, "DATA_DIR": str(data_dir), "DJANGO_SETTINGS_MODULE": "shop.settings", "PYTHONPATH": os.getcwd()}
    child = subprocess.Popen([sys.executable, "-c", CHILD], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    yield child
    child.kill()
    child.wait()


def test_killed_process_is_dead_at_once_and_a_living_one_is_not(other):
    owner = other.stdout.readline().strip()
    assert not liveness.is_dead(owner)
    other.kill()
    other.wait()
    assert liveness.is_dead(owner)
    liveness.forget(owner)
    assert not liveness.is_dead(owner)


def test_this_process_is_not_dead_and_keeps_its_name(data_dir):
    assert liveness.owner_id() == liveness.owner_id()
    assert not liveness.is_dead(liveness.owner_id())


def test_nothing_is_said_of_other_machines_and_unknown_files(data_dir):
    assert not liveness.is_dead("elsewhere/01ABC")
    assert not liveness.is_dead(f"{socket.gethostname()}/unknown")


def test_old_files_of_dead_processes_are_swept_and_living_ones_stay(data_dir):
    liveness.owner_id()
    (mine,) = (data_dir / "workers").iterdir()
    for name in ("old", "young"):
        (data_dir / "workers" / f"{name}.lock").touch()
    for name in ("old", mine.stem):
        os.utime(data_dir / "workers" / f"{name}.lock", (0, 0))
    liveness.sweep()
    assert {path.stem for path in (data_dir / "workers").iterdir()} == {"young", mine.stem}
