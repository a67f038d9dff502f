"""Fill the log with simulated shoppers, judge the answers by what they secretly like, and take it all away again."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from fusion.evaluation.intervals import Interval
from fusion.simulation.judging import Judgement
from fusion.simulation.session import Plan
from recommender.engine import get_engine
from recommender.management.progress import Bar
from recommender.services.simulation import clear, judge_arms, run


class Command(BaseCommand):
    """``simulate [--shoppers N --sessions N --days N --seed N --shifts N] [--judge N] [--json F] | --clear``."""

    help = (
        "Let simulated shoppers with hidden tastes use this shop: requests in English and Chinese, clicks with position "
        "bias, late purchases, changing tastes. Every row is marked as simulated; --clear deletes them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--shoppers", type=int, default=100, help="how many people")
        parser.add_argument("--sessions", type=int, default=1000, help="how many visits in all")
        parser.add_argument("--days", type=float, default=28.0, help="over how many days, the last of which is today")
        parser.add_argument("--seed", type=int, default=0, help="the same seed and catalogue make the same shoppers")
        parser.add_argument("--chinese", type=float, default=0.5, help="share of shoppers who speak Chinese, 0 to 1")
        parser.add_argument("--drift", type=float, default=0.02, help="share of the tastes drawn anew at each visit, 0 to 1")
        parser.add_argument("--shifts", type=int, default=0, help="how often everybody's tastes change at once")
        parser.add_argument("--judge", type=int, default=0, metavar="N", help="afterwards grade N requests through four arms")
        parser.add_argument("--json", type=Path, metavar="F", help="also write the result here")
        parser.add_argument("--clear", action="store_true", help="delete everything simulated and stop")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["clear"]:
            events, answers = clear()
            self.stdout.write(f"Deleted {events:,} simulated events and {answers:,} simulated answers.")
            return
        plan = _plan(options)
        get_engine().warm_up()
        try:
            with Bar("simulated visits", " visits") as bar:
                simulation = run(plan, bar)
        except ValueError as error:
            raise CommandError(str(error)) from error
        acts = ", ".join(f"{n:,} {kind}" for kind, n in sorted(simulation.summary.acts.items())) or "no events"
        self.stdout.write(f"Simulated: {plan.sessions:,} visits of {plan.shoppers:,} shoppers; {acts}.")
        record: dict[str, Any] = {"simulated": True, "plan": _record_of(plan), "events": simulation.summary.acts}
        if options["judge"]:
            with Bar("judging", " requests") as bar:
                judgement = judge_arms(simulation, options["judge"], plan.seed + 1, bar)
            self._print(judgement)
            record["judgement"] = _judgement_json(judgement)
        if options["json"]:
            options["json"].write_text(json.dumps(record, ensure_ascii=False, indent=1), encoding="utf-8")

    def _print(self, judgement: Judgement) -> None:
        self.stdout.write(f"NDCG@10 by the hidden tastes of simulated shoppers, {judgement.n:,} requests [95%]:")
        for arm, interval in sorted(judgement.ndcg.items(), key=lambda pair: -pair[1].mean):
            self.stdout.write(f"  {arm:<12} {_shown(interval)}")
        self.stdout.write(
            f"  instruction and history against {judgement.best_other} alone: "
            f"{judgement.relative_lift:+.1%} ({_shown(judgement.lift)})"
        )


def _plan(options: dict[str, Any]) -> Plan:
    for name in ("shoppers", "sessions"):
        if options[name] < 1:
            raise CommandError(f"--{name} is {options[name]}; give a number of at least 1.")
    for name in ("chinese", "drift"):
        if not 0 <= options[name] <= 1:
            raise CommandError(f"--{name} is {options[name]}; give a share from 0 to 1.")
    if options["days"] <= 0 or options["shifts"] < 0 or options["judge"] < 0:
        raise CommandError("--days must be above 0, --shifts and --judge at least 0.")
    end = timezone.now()
    return Plan(
        shoppers=options["shoppers"],
        sessions=options["sessions"],
        start=end - timedelta(days=options["days"]),
        end=end,
        seed=options["seed"],
        chinese=options["chinese"],
        drift=options["drift"],
        shifts=options["shifts"],
    )


def _shown(interval: Interval) -> str:
    return f"{interval.mean:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def _record_of(plan: Plan) -> dict[str, Any]:
    return {
        "shoppers": plan.shoppers,
        "sessions": plan.sessions,
        "start": plan.start.isoformat(),
        "end": plan.end.isoformat(),
        "seed": plan.seed,
        "chinese": plan.chinese,
        "drift": plan.drift,
        "shifts": plan.shifts,
    }


def _judgement_json(judgement: Judgement) -> dict[str, Any]:
    ndcg = {arm: [interval.mean, interval.low, interval.high] for arm, interval in judgement.ndcg.items()}
    lift = [judgement.lift.mean, judgement.lift.low, judgement.lift.high]
    return {
        "n": judgement.n,
        "ndcg_at_10": ndcg,
        "best_other": judgement.best_other,
        "lift": lift,
        "relative_lift": judgement.relative_lift,
    }
