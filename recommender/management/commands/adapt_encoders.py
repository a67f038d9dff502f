"""``manage.py adapt_encoders``: tune the encoder to this shop's own photos and words, and keep it if it is certainly better."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from fusion.exceptions import FusionError
from fusion.learning.adaptation import METHODS, TEXTS, AdaptationOptions
from recommender.exceptions import LearningFrozen, PromotionRefused, TrainingRefused
from recommender.management.progress import Bar
from recommender.services import adaptation, encoder_swap, ledger

DEFAULTS = AdaptationOptions()


class Command(BaseCommand):
    """``adapt_encoders [--method heads|lora|adalora] [--texts pairs|simcse] [--seed N] [--dry-run] [--promote] ...``."""

    help = (
        "Trains light heads behind the photo encoder on this shop's photos, titles and attributes, and on words that led to a "
        "purchase; measures them on products that were kept apart, and keeps them as a candidate if retrieval certainly "
        "improves. A run that was killed goes on where it was."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", type=int, default=DEFAULTS.seed, help="of the split and of the training")
        parser.add_argument(
            "--epochs", type=int, default=DEFAULTS.epochs, help="at most; it stops when validation gets no better"
        )
        parser.add_argument(
            "--method", choices=METHODS, default=DEFAULTS.method,
            help="lora and adalora tune the text tower, too: minutes an epoch, and a second text forward a request",
        )  # fmt: skip
        parser.add_argument("--texts", choices=TEXTS, default=DEFAULTS.texts, help="simcse adds a loss over the texts alone")
        parser.add_argument("--batch", type=int, default=DEFAULTS.batch_size, help="pairs a step")
        parser.add_argument("--lr", type=float, default=DEFAULTS.learning_rate)
        parser.add_argument("--threads", type=int, default=1, help="of torch (default: 1)")
        parser.add_argument(
            "--min-pairs", type=int, default=adaptation.MIN_PRODUCTS, metavar="N",
            help=f"refuse to learn from fewer products with a photo and a title (default: {adaptation.MIN_PRODUCTS})",
        )  # fmt: skip
        parser.add_argument(
            "--limit", type=int, default=adaptation.LIMIT, metavar="N",
            help=f"of more products, draw so many (default: {adaptation.LIMIT})",
        )  # fmt: skip
        parser.add_argument("--dry-run", action="store_true", help="train and measure, keep nothing")
        parser.add_argument("--promote", action="store_true", help="put it in force at once, if nothing speaks against it")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            training = AdaptationOptions(
                method=options["method"],
                texts=options["texts"],
                epochs=options["epochs"],
                seed=options["seed"],
                batch_size=options["batch"],
                learning_rate=options["lr"],
                threads=options["threads"],
            )
            with ledger.track("adapt") as job:
                report = self._adapt(training, options)
                job.job.message = report.summary
            self._say(report, dry_run=options["dry_run"])
            if options["promote"] and report.version is not None:
                self._promote(report)
        except (FusionError, LearningFrozen, TrainingRefused, PromotionRefused) as error:
            raise CommandError(str(error)) from error

    def _adapt(self, training: AdaptationOptions, options: dict[str, Any]) -> adaptation.AdaptationReport:
        with Bar("texts", " texts") as texts, Bar("training", " epochs") as epochs:
            bars = {"texts": texts, "training": epochs}
            return adaptation.adapt(
                training,
                min_products=max(options["min_pairs"], 1),
                limit=max(options["limit"], 1),
                dry_run=options["dry_run"],
                on_progress=lambda stage, done, total: bars[stage](done, total),
            )

    def _say(self, report: adaptation.AdaptationReport, *, dry_run: bool) -> None:
        of = ", ".join(f"{n:,} {name}" for name, n in report.products.items())
        self.stdout.write(f"Products with a photo and a title: {of}; {report.texts:,} texts, {report.pairs:,} bought pairs.")
        best, epochs = report.trained.best_epoch, report.trained.epochs
        took = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in report.seconds.items())
        self.stdout.write(f"Trained: {epochs} epochs, best {best}; {took}.")
        self.stdout.write(f"Held out: {report.comparison.pool:,} products, each text against all of their photos.")
        self.stdout.write(f"{'':<46}{'before':>8}{'after':>8}{'lift':>8}  95% interval")
        for row in report.comparison.rows:
            line = f"{row.name:<46}{row.before:>8.3f}{row.after:>8.3f}{row.lift.mean:>+8.3f}"
            line += f"  {row.lift.low:+.3f} to {row.lift.high:+.3f}"
            self.stdout.write(line if row.holds else self.style.WARNING(f"{line}  worse than is allowed"))
        if report.version is not None:
            self.stdout.write(
                f"Kept as candidate {report.version.pk} ({report.version.name}); promoting it is a step of its own."
            )
        elif report.comparison.improves:
            self.stdout.write("It is better; nothing was kept (--dry-run).")
        else:
            self.stdout.write(
                self.style.WARNING("Nothing is kept: retrieval does not certainly improve without harm elsewhere.")
            )

    def _promote(self, report: adaptation.AdaptationReport) -> None:
        assert report.version is not None
        with Bar("building vectors") as bar:
            encoder_swap.promote(
                report.version, "adapt_encoders", "--promote, after the judgement on held-out products", on_progress=bar
            )
        self.stdout.write("It is in force: every process follows with its next requests.")
