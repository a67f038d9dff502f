"""``manage.py experiment``: try a candidate on a share of the shoppers, look at it, end it."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from fusion.policy.split import CANDIDATE, LIVE
from recommender.exceptions import LearningFrozen, PromotionRefused
from recommender.management.commands.models import by_whom, version_named
from recommender.models import Experiment
from recommender.services import experiments


class Command(BaseCommand):
    help = "Tries a candidate of the fusion weights on a share of the shoppers, and says whether it is better."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        started = actions.add_parser("start", help="let a share of the shoppers be weighed by a candidate")
        started.add_argument("version", type=int)
        started.add_argument("--share", type=float, default=0.5, help="of the shoppers, 0.01 to 0.99")
        started.add_argument(
            "--days", type=float, default=7.0, help="what a shopper does so long after their first answer counts"
        )
        actions.add_parser("stop", help="give everybody what is live again")
        shown = actions.add_parser("status", help="look at the one that runs, or at the last one")
        shown.add_argument("--json", action="store_true")
        for name in ("start", "stop"):
            actions.choices[name].add_argument("--reason", required=True, help="kept with the change")
            actions.choices[name].add_argument("--by", default="", help="who; default: the user of the system")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['action']}")(options)
        except (PromotionRefused, LearningFrozen, ValueError) as error:
            raise CommandError(str(error)) from error

    def _start(self, options: dict[str, Any]) -> None:
        candidate = version_named(options["version"])
        begun = experiments.start(candidate, by_whom(options), options["reason"], share=options["share"], days=options["days"])
        self.stdout.write(
            f"{begun.name}: {candidate} for {begun.share:.0%} of the shoppers, {begun.live or 'the defaults'} for the others. "
            "Everybody stays on one side. Look with manage.py experiment status, as often as you like."
        )

    def _stop(self, options: dict[str, Any]) -> None:
        ended = experiments.stop(by_whom(options), options["reason"])
        self.stdout.write(f"{ended.name} is over, everybody gets {ended.live or 'the defaults'}. Verdict: {ended.verdict}.")

    def _status(self, options: dict[str, Any]) -> None:
        one = Experiment.objects.select_related("candidate", "live").first()
        if one is None:
            raise CommandError("There was no experiment yet. Start one: manage.py experiment start VERSION --reason ...")
        seen = experiments.to_json(experiments.look(one)) if one.state == Experiment.State.RUNNING else one.reading
        if options["json"]:
            self.stdout.write(json.dumps({"experiment": one.pk, "state": one.state, **seen}, indent=2))
            return
        self.stdout.write(
            f"{one.name} ({one.state}): {one.candidate} against {one.live or 'the defaults'}, "
            f"since {one.started_at:%Y-%m-%d %H:%M}"
        )
        if not seen:
            return
        for side in (CANDIDATE, LIVE):
            self.stdout.write(f"  {side}: {seen['shoppers'][side]} shoppers, mean reward {_number(seen['reward'][side])}")
        self.stdout.write(
            f"  difference {_number(seen['difference'])} [{_number(seen['low'])}, {_number(seen['high'])}], "
            f"valid at every look; chance of this split: {_number(seen['mismatch'])}"
        )
        for name, found in seen["guardrails"].items():
            said = "  BROKEN" if found["broken"] else ""
            self.stdout.write(f"  {name}: {_number(found[CANDIDATE])} against {_number(found[LIVE])}{said}")
        self.stdout.write(f"  {seen['waiting']} shoppers wait for their days to end; {seen['crossed']} were on both sides.")
        self.stdout.write(f"  verdict: {seen['verdict']}, as of {seen['as_of']}")


def _number(value: float | None) -> str:
    return "not known yet" if value is None else f"{value:.4f}"
