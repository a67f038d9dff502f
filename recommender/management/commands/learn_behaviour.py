"""``manage.py learn_behaviour``: learn from the log what shoppers choose together, and say what came of it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from recommender.control import refuse_when_frozen
from recommender.exceptions import LearningFrozen
from recommender.services import behaviour, ledger


class Command(BaseCommand):
    help = "Learns from the event log what shoppers choose together, for the score and its reasons. The worker does it nightly."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--simulated", action="store_true", help="learn from simulated events, too")
        parser.add_argument("--roll-back", action="store_true", help="put the version before the one in force back in force")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["roll_back"]:
            version = behaviour.roll_back()
            self.stdout.write(
                f"Version {version} is in force." if version else "There is no earlier version: none is in force."
            )
            return
        try:
            refuse_when_frozen()
        except LearningFrozen as error:
            raise CommandError(str(error)) from error
        with ledger.track("behaviour") as job:
            report = behaviour.learn(simulated=options["simulated"])
            job.job.message = _line(report)
        self.stdout.write(_line(report) if report.version else self.style.WARNING(_line(report)))
        for name, value in {**report.chosen.measured, **report.chosen.weights}.items():
            self.stdout.write(f"  {name}: {value:g}")
        if report.version and not report.chosen.weights:
            self.stdout.write("  Too few later purchases to choose weights by: the defaults hold.")


def _line(report: behaviour.LearnReport) -> str:
    if not report.version:
        return f"Nothing learnt from {report.n_events} events. {report.reason}"
    return (
        f"Version {report.version} ({report.model}): {report.n_items} items, {report.n_pairs} neighbours, "
        f"from {report.n_events} events of {report.n_shoppers} shoppers."
    )
