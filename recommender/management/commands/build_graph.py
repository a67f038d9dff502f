"""``manage.py build_graph``: the product graph from the catalogue and from what was bought, now instead of tonight."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from recommender.services import graphs, ledger


class Command(BaseCommand):
    help = "Builds the product graph anew: the catalogue's facts, and what was bought together. The worker does it nightly."

    def handle(self, *args: Any, **options: Any) -> None:
        with ledger.track("graph") as job:
            report = graphs.rebuild()
            job.job.total = job.job.done = report.items
            job.job.message = report.summary
        self.stdout.write(f"Graph {report.version}: {report.summary}; {report.bytes / 1e6:.1f} MB.")
