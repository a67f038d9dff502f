"""Whether the process that holds a lease still lives. The kernel tells: a dead process holds no file lock.

Every process that takes leases keeps an exclusive lock on its own file under ``DATA_DIR/workers``. When the process
dies, even by kill -9, the kernel drops the lock, so a restarted worker on the same machine takes the work over at once
instead of waiting for the lease to run out. Process ids are not used: they come back.
"""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path
from typing import IO

from recommender.conf import get_settings
from recommender.models import new_ulid

try:
    import fcntl
except ImportError:  # no such lock on Windows: leases there simply run out
    fcntl = None  # type: ignore[assignment]

_OLD_SECONDS = 3600.0
_held: dict[int, tuple[str, IO[str]]] = {}


def _folder() -> Path:
    return get_settings().DATA_DIR / "workers"


def owner_id() -> str:
    """Name of this process, "host/token"; the first call of a process takes its lock."""
    pid = os.getpid()
    if pid not in _held:
        _held.clear()  # inherited by a fork: the parent's
        token = new_ulid()
        _folder().mkdir(parents=True, exist_ok=True)
        file = (_folder() / f"{token}.lock").open("w")
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _held[pid] = (token, file)
    return f"{socket.gethostname()}/{_held[pid][0]}"


def is_dead(owner: str) -> bool:
    """Whether an owner on this machine is certainly gone. False for other machines and whenever it cannot be told."""
    host, _, token = owner.rpartition("/")
    if fcntl is None or host != socket.gethostname() or owner == owner_id():
        return False
    path = _folder() / f"{token}.lock"
    try:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    except OSError:  # held, or not a file of this DATA_DIR
        return False


def forget(owner: str) -> None:
    """Remove a dead owner's file, once nothing is leased to it any more."""
    (_folder() / f"{owner.rpartition('/')[2]}.lock").unlink(missing_ok=True)


def sweep() -> None:
    """Remove the files of processes that died without holding a lease. Young files may not have been locked yet."""
    host = socket.gethostname()
    for path in _folder().glob("*.lock"):
        owner = f"{host}/{path.stem}"
        if time.time() - path.stat().st_mtime > _OLD_SECONDS and is_dead(owner):
            forget(owner)
