"""Private shops to measure in: a DATA_DIR of its own, a migrated database, and a catalogue with its vectors.

Django reads DATA_DIR once a process, so every function here works on the DATA_DIR that ``open_shop`` was given.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from tqdm import tqdm

from benchmarks.options import Options


def environment(data: Path) -> dict[str, str]:
    """Variables for a process that works on this DATA_DIR."""
    return {
        **os.environ,
        "DATA_DIR": str(data),
        "DATABASE_URL": f"sqlite:///{data / 'db.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": "shop.settings",
        "CELERY_BROKER_URL": "filesystem://",
        "OMP_NUM_THREADS": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "LOG_LEVEL": "WARNING",
        "PYTHONUNBUFFERED": "1",
    }


def lay_out(data: Path, options: Options) -> None:
    """Make the folder; weights and the demo catalogue are the shop's own, not copies."""
    data.mkdir(parents=True, exist_ok=True)
    for name in ("models", "demo"):
        source, link = options.data / name, data / name
        source.mkdir(parents=True, exist_ok=True)
        if not link.exists():
            link.symlink_to(source.resolve(), target_is_directory=True)


def copy_shop(source: Path, target: Path, options: Options) -> None:
    """A throw-away copy of a prepared shop; photos are shared, since nothing here changes them."""
    shutil.rmtree(target, ignore_errors=True)
    lay_out(target, options)
    with closing(sqlite3.connect(source / "db.sqlite3")) as old, closing(sqlite3.connect(target / "db.sqlite3")) as new:
        old.backup(new)
    if (source / "media").exists():
        (target / "media").symlink_to((source / "media").resolve(), target_is_directory=True)


def open_shop(data: Path) -> None:
    """Start Django on this DATA_DIR and bring its database up to date. Once a process."""
    os.environ.update(environment(data))
    import django
    from django.core.management import call_command

    django.setup()
    for name in ("kombu", "celery", "recommender"):
        logging.getLogger(name).setLevel(logging.ERROR)
    call_command("migrate", verbosity=0, interactive=False)


def import_rows(rows: Iterable[Mapping[str, Any]], images: Path, file: Path) -> None:
    """Import catalogue rows the way a shopkeeper does: through a file."""
    from shop.catalog.importing.reading import count_lines, read_rows
    from shop.catalog.importing.writing import CatalogImport

    with file.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    with tqdm(total=count_lines(file), desc="import", unit="row", leave=False) as bar:
        CatalogImport(images).run(read_rows(file), lambda number: bar.update(number - bar.n))


def fashion_rows(folder: Path, limit: int | None = None) -> list[dict[str, Any]]:
    """Rows of products.jsonl, in the order of the file."""
    with (folder / "products.jsonl").open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return rows[:limit]


def demo_rows(options: Options) -> tuple[list[dict[str, Any]], Path]:
    """(rows, folder of the photos) of the demo catalogue, fetched when it was never made.

    Raises:
        shop.demo.DemoUnavailable: it is not there and cannot be fetched.
    """
    from shop.demo import prepare

    demo = prepare(options.data / "demo")
    with demo.file.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines], demo.file.parent


def index_everything() -> None:
    """Embed what has no vector yet, with the encoders of the settings."""
    from recommender.services.indexing import drain, reconcile

    reconcile()
    with tqdm(desc="embedding", unit="item", leave=False) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        drain(on_progress=show)
