"""``manage.py reconcile``: find and embed what signals could not see, then say what is missing and why."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from recommender import selectors
from recommender.management.progress import Bar, both
from recommender.services import indexing, ledger

SHOWN = 50


class Command(BaseCommand):
    help = "Compares the whole catalogue with the index, embeds what differs and lists every missing vector with its reason."

    def handle(self, *args: Any, **options: Any) -> None:
        with ledger.track("reconcile") as job:
            with Bar("comparing") as bar:
                found = indexing.reconcile(both(job, bar))
            job.job.message = found.summary
            self.stdout.write(f"{found.items} items compared: {job.job.message}; {found.cleared} foreign vectors deleted.")
            with Bar("embedding") as bar:
                indexing.drain(on_progress=both(job, bar))
        for block in selectors.coverage().blocks:
            state = block.problem or f"{block.embedded} of {block.expected} embedded ({block.share:.1%})"
            self.stdout.write(f"{block.block}: {state}")
        self._list_missing()

    def _list_missing(self) -> None:
        total = 0
        for total, gap in enumerate(selectors.missing(), 1):
            if total <= SHOWN:
                self.stdout.write(self.style.WARNING(f"{gap.item_id} {gap.block}: {gap.reason}"))
        if total > SHOWN:
            self.stdout.write(self.style.WARNING(f"... and {total - SHOWN} more."))
