"""``manage.py exposure``: which brands, categories and new items are shown, against what the shop has and what is bought."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from recommender.services.exposure import DIMENSIONS, exposure


class Command(BaseCommand):
    help = "Reports the exposure of brands, categories and new items in the logged answers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=float, default=30.0)
        parser.add_argument("--policy", default="", help="only answers of this policy, such as default or fusion-7")
        parser.add_argument("--simulated", action="store_true", help="of simulated shoppers instead of real ones")
        parser.add_argument("--top", type=int, default=10, help="groups of each kind")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = exposure(options["days"], policy=options["policy"], simulated=options["simulated"])
        except ValueError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(asdict(found), indent=2, ensure_ascii=False, default=str))
            return
        policies = ", ".join(f"{name} {n}" for name, n in sorted(found.policies.items())) or "none"
        self.stdout.write(f"{found.answers} answers since {found.since:%Y-%m-%d %H:%M} (by policy: {policies})")
        self.stdout.write(
            f"{found.shown:.1%} of {found.items} items were shown; Gini {found.gini:.3f}; "
            f"the most exposed tenth has {found.top_tenth:.1%}"
        )
        for dimension in DIMENSIONS:
            self.stdout.write(f"\n{dimension:32}  items  catalogue  exposure  clicks  purchases  exposure/catalogue")
            for group in found.groups[dimension][: max(1, options["top"])]:
                ratio = "-" if group.ratio is None else f"{group.ratio:.2f}"
                self.stdout.write(
                    f"{group.name[:32]:32}  {group.items:5d}  {group.of_catalogue:8.1%}  {group.of_exposure:7.1%}"
                    f"  {group.of_clicks:6.1%}  {group.of_purchases:8.1%}  {ratio:>10}"
                )
