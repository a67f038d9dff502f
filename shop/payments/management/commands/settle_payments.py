"""manage.py settle_payments"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from shop.payments.services import settle


class Command(BaseCommand):
    help = "Release reservations that no order took within an hour, and try again to give back what is due. Run it hourly."

    def handle(self, *args: Any, **options: Any) -> None:
        counts = settle()
        self.stdout.write(", ".join(f"{state}: {n}" for state, n in sorted(counts.items())) or "Nothing to settle.")
