"""manage.py import_events FILE"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from shop.accounts.past_events import EventReport, import_past_events
from shop.catalog.importing.reading import count_lines, read_rows
from shop.catalog.importing.report import FileUnreadable
from shop.recommendations import record_past_events


class Command(BaseCommand):
    help = (
        "Import what shoppers did elsewhere from JSONL or CSV: user, sku, type (purchase, view, add_to_cart, like, ...), at "
        "(ISO 8601), and quantity if it is not 1. Users are kept as given. Importing the same file again adds nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="JSONL or CSV, UTF-8")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            rows = read_rows(path, required="user")
            with tqdm(total=count_lines(path), unit="row", desc="events", disable=options["verbosity"] == 0) as bar:
                report = import_past_events(rows, record_past_events, lambda number: bar.update(number - bar.n))
        except FileUnreadable as error:
            raise CommandError(str(error)) from error
        self._print(report)

    def _print(self, report: EventReport) -> None:
        for problem in sorted(report.refused, key=lambda problem: problem.row):
            self.stdout.write(self.style.ERROR(f"refused  {problem}"))
        for sku, times in sorted(report.unknown_skus.items()):
            self.stdout.write(self.style.WARNING(f"unknown sku {sku}: {times} events"))
        self.stdout.write(str(report))
