"""manage.py import_catalog FILE [--images DIR] [--dry-run]"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from shop.catalog.importing.reading import count_lines, read_rows
from shop.catalog.importing.report import FileUnreadable, ImportReport
from shop.catalog.importing.writing import CatalogImport


class Command(BaseCommand):
    help = (
        "Import products from JSONL or CSV. Fields: sku, name, description, category (a path with /), brand, price, currency, "
        "stock, image (path or list); translations or name_zh, description_zh; every other field becomes an attribute. "
        "Importing the same file again changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="JSONL or CSV, UTF-8")
        parser.add_argument(
            "--images", type=Path, default=None, help="folder that image paths start from (default: the file's)"
        )
        parser.add_argument("--dry-run", action="store_true", help="check everything, write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        run = CatalogImport(options["images"] or path.parent, dry_run=options["dry_run"])
        try:
            rows = read_rows(path)
            with tqdm(total=count_lines(path), unit="row", desc="import", disable=options["verbosity"] == 0) as bar:
                run.run(rows, lambda number: bar.update(number - bar.n))
        except FileUnreadable as error:
            raise CommandError(str(error)) from error
        self._print(run.report, dry_run=options["dry_run"])
        if not run.report.readable:
            raise CommandError(f"No row of {path} could be read. Expected JSONL (one object a line) or CSV with a header.")

    def _print(self, report: ImportReport, *, dry_run: bool) -> None:
        for problem in report.refused:
            self.stdout.write(self.style.ERROR(f"refused  {problem}"))
        for problem in report.photo_problems:
            self.stdout.write(self.style.WARNING(f"no photo {problem}"))
        self.stdout.write(("Dry run, nothing was written. " if dry_run else "") + str(report))
