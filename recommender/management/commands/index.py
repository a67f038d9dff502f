"""``manage.py index [--all]``: embed what is stale, here and now."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from recommender import selectors
from recommender.management.progress import Bar, both
from recommender.services import indexing, ledger

SHOWN_FAILURES = 20


class Command(BaseCommand):
    help = "Embeds what changed since the last run, with a progress bar. Safe beside a running worker."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--all", action="store_true", help="encode every item again, whether it changed or not")

    def handle(self, *args: Any, **options: Any) -> None:
        with Bar("comparing") as bar:
            indexing.reconcile(bar)
        if options["all"]:
            indexing.mark_all_stale()
        with ledger.track("index") as job, Bar("embedding") as bar:
            report = indexing.drain(on_progress=both(job, bar))
            job.job.failed = report.failed
        made = ", ".join(f"{name} {count}" for name, count in sorted(report.encoded.items())) or "nothing to encode"
        self.stdout.write(f"{report.items} items in {report.seconds:.1f} s: {made}; {report.removed} removed.")
        self._table()

    def _table(self) -> None:
        now = selectors.coverage()
        self.stdout.write(f"{'block':<10}{'expected':>10}{'embedded':>10}{'failed':>8}{'pending':>9}{'coverage':>10}")
        for block in now.blocks:
            if block.problem:
                self.stdout.write(self.style.WARNING(f"{block.block:<10}{block.problem}"))
                continue
            self.stdout.write(
                f"{block.block:<10}{block.expected:>10}{block.embedded:>10}{block.failed:>8}{block.pending:>9}{block.share:>10.1%}"
            )
        self._failures(now.failures)

    def _failures(self, total: int) -> None:
        from recommender.models import ItemFailure

        for failure in ItemFailure.objects.order_by("item_id", "block")[:SHOWN_FAILURES]:
            self.stdout.write(self.style.WARNING(f"{failure.item_id} {failure.block}: {failure.reason}"))
        if total > SHOWN_FAILURES:
            self.stdout.write(self.style.WARNING(f"... and {total - SHOWN_FAILURES} more: see the failures list in the admin."))
