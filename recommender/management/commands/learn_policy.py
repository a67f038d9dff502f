"""``manage.py learn_policy``: learn from the log which weight setting answers which request best, and show the evidence."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from fusion.policy.arms import ARMS
from fusion.policy.learners import DEFAULT_LEARNER, KINDS
from recommender.control import current_control
from recommender.exceptions import LearningFrozen
from recommender.management.log_ranges import add_log_range, log_range_of
from recommender.services import ledger
from recommender.services.policies import PolicyOptions, PolicyReport, begin, learn_policy

DEFAULTS = PolicyOptions()


class Command(BaseCommand):
    """``learn_policy [--learner L] [--from D] [--until D] [--simulated ...] [--seed N] [--keep] | --begin``."""

    help = (
        "Learns from stored answers, their propensities and what shoppers did which weight setting answers which request best. "
        "It is judged off-policy on the later part of the log against what is live, and kept as a candidate when certainly "
        "better; promoting it is a step of its own. --begin keeps a policy that explores, so that there is something to learn."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--begin", action="store_true", help="keep an exploring policy as a candidate, and stop")
        parser.add_argument("--learner", choices=KINDS, default=DEFAULT_LEARNER)
        add_log_range(parser)
        parser.add_argument("--memory", type=float, default=DEFAULTS.memory, help="answers after which one counts 1/e")
        parser.add_argument("--seed", type=int, default=DEFAULTS.seed, help="of the intervals")
        parser.add_argument("--keep", action="store_true", help="keep it with its evidence also when not certainly better")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["begin"]:
                self._begin()
                return
            if options["limit"] < 1 or options["memory"] <= 0:
                raise CommandError("--limit must be at least 1 and --memory above 0.")
            log = log_range_of(options)
            wanted = PolicyOptions(options["learner"], options["memory"], options["seed"])
            with ledger.track("policy") as job:
                report = learn_policy(log, wanted, keep=options["keep"])
                job.job.message = report.summary
        except LearningFrozen as error:
            raise CommandError(str(error)) from error
        self._say(report)

    def _begin(self) -> None:
        version = begin()
        cap = current_control().exploration
        self.stdout.write(
            f"Kept as candidate {version.pk} ({version.name}): the default weights, and with a chance of {cap:g} in all one of "
            f"{len(ARMS) - 1} other settings. It shows no gain by itself, so promoting it needs --force and a reason."
        )

    def _say(self, report: PolicyReport) -> None:
        counts = report.counts
        made_up = f", {counts.simulated:,} of them of simulated shoppers" if counts.simulated else ""
        self.stdout.write(f"Read: {counts.answers:,} answers{made_up}; {report.n_chosen:,} of them with a choice.")
        for why, n in sorted(counts.skipped.items()):
            self.stdout.write(f"  {n:,} answers left out: {why}.")
        if report.judgement is not None:
            for method, found in report.judgement.estimates.items():
                self.stdout.write(
                    f"  {method:<8} {found.value:.4f} [{found.low:.4f}, {found.high:.4f}] an answer, "
                    f"worth {found.effective:.0f} of its own"
                )
            gain = report.judgement.gain
            self.stdout.write(
                f"  live     {report.judgement.live:.4f}; gain {gain.mean:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}]"
            )
        if report.version is None:
            self.stdout.write(self.style.WARNING(f"Nothing was kept: {report.reason}."))
            return
        self.stdout.write(f"Kept as candidate {report.version.pk} ({report.version.name}); promoting it is a step of its own.")
