"""Weights are data that must be the data we expect: sha256 of files, checked when written and again when read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from threading import Lock

from fusion.exceptions import ChecksumMismatch, MissingDependency

MANIFEST = "manifest.json"

# (path, size, mtime in ns) -> sha256: a file that has not changed since this process hashed it is not hashed again.
_hashed: dict[tuple[str, int, int], str] = {}
_lock = Lock()


def sha256_of(path: Path) -> str:
    """Hex sha256 of a file; remembered in this process until its size or time changes."""
    stat = path.stat()
    key = (str(path.resolve()), stat.st_size, stat.st_mtime_ns)
    with _lock:
        if key in _hashed:
            return _hashed[key]
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    with _lock:
        _hashed[key] = digest
    return digest


def require_sha256(path: Path, expected: str, *, advice: str) -> None:
    """Refuse a file that is missing or is not the expected one.

    Raises:
        MissingDependency: there is no such file.
        ChecksumMismatch: its sha256 differs; ``advice`` says what to do.
    """
    if not path.is_file():
        raise MissingDependency(f"{path} is missing. {advice}")
    actual = sha256_of(path)
    if actual != expected:
        raise ChecksumMismatch(f"{path} has sha256 {actual[:16]}..., expected {expected[:16]}... {advice}")


def write_manifest(folder: Path, **about: object) -> None:
    """Write ``manifest.json`` with the size and sha256 of every file below the folder, and what the caller says about it."""
    files = {
        path.relative_to(folder).as_posix(): {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }
    (folder / MANIFEST).write_text(json.dumps({**about, "files": files}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> dict[str, object] | None:
    """The folder's manifest, or None when there is none that can be read."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return manifest if isinstance(manifest, dict) and isinstance(manifest.get("files"), dict) else None


def is_complete(folder: Path) -> bool:
    """Whether every file of the manifest is there with the right size (fast: reads no weights)."""
    manifest = read_manifest(folder)
    if manifest is None:
        return False
    files: dict[str, dict[str, object]] = manifest["files"]  # type: ignore[assignment]
    return all((folder / name).is_file() and (folder / name).stat().st_size == row["bytes"] for name, row in files.items())


def verify_folder(folder: Path, names: Iterable[str], *, advice: str) -> None:
    """Check some files of a folder against its manifest, by size and sha256.

    Raises:
        MissingDependency: no manifest, or a file is missing.
        ChecksumMismatch: a file is not the one that the manifest names.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        raise MissingDependency(f"{folder} has no readable {MANIFEST}. {advice}")
    files: dict[str, dict[str, str]] = manifest["files"]  # type: ignore[assignment]
    for name in names:
        if name not in files:
            raise ChecksumMismatch(f"{folder / name} is not in {MANIFEST}. {advice}")
        require_sha256(folder / name, files[name]["sha256"], advice=advice)
