"""``manage.py train_fusion``: learn from the shop's own log how much each signal of a request counts."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from fusion.learning.fusion_training import OBJECTIVES, FusionOptions
from fusion.learning.rewards import WINDOW
from recommender.exceptions import LearningFrozen, PromotionRefused, TrainingRefused
from recommender.management.log_ranges import add_log_range, log_range_of
from recommender.management.progress import Bar
from recommender.services import versions
from recommender.services.fusion import FusionReport, train_gate
from recommender.services.logged_answers import LogRange

DEFAULTS = FusionOptions()


class Command(BaseCommand):
    """``train_fusion [--objective softmax|mse] [--from D] [--until D] [--simulated ...] [--seed N] [--promote]``."""

    help = (
        "Learns from the stored answers and what shoppers did with them how much each signal of a request counts. What is "
        "certainly better than the defaults on held-out answers is kept as a candidate; else the defaults stay. "
        "A run that was killed is gone on from by the next one with the same options."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--objective", choices=OBJECTIVES, default=DEFAULTS.objective)
        add_log_range(parser)
        parser.add_argument("--window", type=float, default=WINDOW.days, help="days in which an answer's events count")
        parser.add_argument(
            "--epochs", type=int, default=DEFAULTS.epochs, help="at most; it stops when validation gets no better"
        )
        parser.add_argument("--lr", type=float, default=DEFAULTS.learning_rate)
        parser.add_argument("--weight-decay", type=float, default=DEFAULTS.weight_decay, help="pull to the defaults")
        parser.add_argument("--batch", type=int, default=DEFAULTS.batch, help="answers a step")
        parser.add_argument("--patience", type=int, default=DEFAULTS.patience, help="epochs without a better validation")
        parser.add_argument("--threads", type=int, default=DEFAULTS.threads)
        parser.add_argument("--seed", type=int, default=DEFAULTS.seed)
        parser.add_argument("--restart", action="store_true", help="do not go on from a run that was killed")
        parser.add_argument("--promote", action="store_true", help="put it in force at once, if nothing speaks against it")

    def handle(self, *args: Any, **options: Any) -> None:
        log = _log_range(options)
        try:
            training = FusionOptions(
                objective=options["objective"],
                epochs=options["epochs"],
                learning_rate=options["lr"],
                weight_decay=options["weight_decay"],
                batch=options["batch"],
                patience=options["patience"],
                threads=options["threads"],
                seed=options["seed"],
            )
        except ValueError as error:
            raise CommandError(str(error)) from error
        try:
            with Bar("training", " epochs") as bar:
                report = train_gate(
                    log, training, resume=not options["restart"], on_progress=bar, on_epoch=self._epoch(options["verbosity"])
                )
            self._say(report)
            if options["promote"] and report.version is not None:
                versions.promote(report.version, "train_fusion", "--promote, after the judgement on held-out answers")
                self.stdout.write("It is in force: every process follows with its next request.")
        except (LearningFrozen, TrainingRefused, PromotionRefused) as error:
            raise CommandError(str(error)) from error

    def _epoch(self, verbosity: int) -> Any:
        def on_epoch(epoch: int, numbers: Mapping[str, float]) -> None:
            if verbosity > 1:
                self.stdout.write(f"epoch {epoch}: " + ", ".join(f"{name} {value:.4f}" for name, value in numbers.items()))

        return on_epoch

    def _say(self, report: FusionReport) -> None:
        counts = report.counts
        made_up = f", {counts.simulated:,} of them of simulated shoppers" if counts.simulated else ""
        self.stdout.write(f"Read: {counts.answers:,} answers with {counts.events:,} events{made_up}.")
        for why, n in sorted(counts.skipped.items()):
            self.stdout.write(f"  {n:,} answers left out: {why}.")
        if report.trained is not None:
            trained = report.trained
            resumed = f", gone on from epoch {trained.resumed_from}" if trained.resumed_from else ""
            self.stdout.write(
                f"Trained: {trained.epochs} epochs, best {trained.best_epoch}{resumed}; validation NDCG@10 "
                f"{trained.default_validation:.4f} -> {trained.validation:.4f}."
            )
        if report.held_out is not None:
            found, lift = report.held_out, report.held_out.lift
            self.stdout.write(
                f"Held out ({found.n:,} answers with a reward): NDCG@10 {found.default:.4f} -> {found.value:.4f}, "
                f"lift {lift.mean:+.4f} [{lift.low:+.4f}, {lift.high:+.4f}]."
            )
        if report.version is None:
            self.stdout.write(f"The defaults stay: {report.reason}.")
            return
        factors = ", ".join(f"{name} x{factor:g}" for name, factor in report.metrics["factors"].items())
        self.stdout.write(f"Usual factors: {factors}.")
        self.stdout.write(f"Kept as candidate {report.version.pk} ({report.version.name}); promoting it is a step of its own.")


def _log_range(options: Mapping[str, Any]) -> LogRange:
    if options["limit"] < 1 or options["window"] <= 0:
        raise CommandError("--limit must be at least 1 and --window above 0 days.")
    return replace(log_range_of(options), window=timedelta(days=options["window"]))
