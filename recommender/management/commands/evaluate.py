"""``manage.py evaluate``: how well this shop's pipeline answers, against baselines, on what shoppers really did next."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from fusion.evaluation.cases import N_FOLDS, Selection
from fusion.evaluation.reading import FileUnreadable
from fusion.evaluation.report import to_json
from fusion.evaluation.table import table_of
from recommender.evaluation.log import SIMULATED
from recommender.evaluation.run import Cases, Options, evaluate, from_file, from_log
from recommender.management.progress import Bar

SHOWN_PROBLEMS = 20
FIDELITY_ANSWERS = 500


class Command(BaseCommand):
    help = (
        "Replay a purchase history (--history FILE) or this shop's log (--log) point in time through the pipeline that "
        "serves, with baselines and each signal taken out, and print metrics with 95% intervals. See docs/evaluation.md."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        source = parser.add_mutually_exclusive_group(required=True)
        source.add_argument(
            "--history", type=Path, metavar="FILE", help="JSONL (.gz) of shoppers with dated baskets, or of events"
        )
        source.add_argument("--log", action="store_true", help="this shop's stored requests and events")
        parser.add_argument("--items", type=Path, metavar="FILE", help="JSONL (.gz) of products; default: this shop's index")
        parser.add_argument(
            "--images", type=Path, metavar="DIR", help="folder of the products' photos; default: that of --items"
        )
        parser.add_argument("--split", choices=("global-time", "leave-one-out"), default="global-time")
        parser.add_argument(
            "--cut", metavar="TIME", help="moment of the global-time split; default: after --share of the baskets"
        )
        parser.add_argument(
            "--share", type=float, default=0.8, help="part of the baskets (requests) before the cut (default: .8)"
        )
        parser.add_argument("--folds", type=int, default=N_FOLDS, help="how often leave-one-out learns anew (default: 6)")
        parser.add_argument(
            "--hindsight", action="store_true", help="leave-one-out that also learns from later (to compare only)"
        )
        parser.add_argument("--new-only", action="store_true", help="only items that the shopper had not touched before count")
        parser.add_argument("--min-baskets", type=int, default=0, help="baskets that a shopper needs before the case")
        parser.add_argument("--min-items", type=int, default=0, help="distinct items that a shopper needs before the case")
        parser.add_argument("--limit", type=int, default=0, help="at most so many cases, evenly over time (default: all)")
        parser.add_argument("--k", type=int, default=10, help="how many places of a list count (default: 10)")
        parser.add_argument("--seed", type=int, default=0, help="of the bootstrap, of ALS and of the draws (default: 0)")
        parser.add_argument("--simulated", choices=SIMULATED, default="include", help="what a simulator made")
        parser.add_argument(
            "--fidelity",
            type=int,
            nargs="?",
            const=FIDELITY_ANSWERS,
            default=0,
            metavar="N",
            help=f"also check the reasons of N answers (default: {FIDELITY_ANSWERS})",
        )
        parser.add_argument(
            "--cold",
            type=float,
            default=0.0,
            metavar="SHARE",
            help="also answer as if nobody had touched this share of the items",
        )
        parser.add_argument("--json", type=Path, metavar="FILE", help="write everything here, too")
        parser.add_argument("--plots", type=Path, metavar="DIR", help="write plots (PNG and SVG) here")

    def handle(self, *args: Any, **given: Any) -> None:
        options = _options(given)
        _writable(given["json"], given["plots"])
        try:
            with Bar("embed") as bar:
                cases = from_log(options) if given["log"] else from_file(options, bar)
        except (FileUnreadable, ValueError) as error:
            raise CommandError(str(error)) from error
        self._list_problems(cases)
        with Bar("answers", unit=" answers") as bar:
            results, info, fidelity = evaluate(cases, options, bar)
        self.stdout.write("\n".join(table_of(results, info, fidelity)))
        if given["json"]:
            _write(given["json"], json.dumps(to_json(results, info, fidelity), ensure_ascii=False, indent=1) + "\n")
        if given["plots"]:
            from fusion.evaluation.plots import draw

            for path in draw(results, info, given["plots"]):
                self._say(given, f"wrote {path}")

    def _say(self, given: dict[str, Any], line: str) -> None:
        if given["verbosity"]:
            self.stderr.write(line)

    def _list_problems(self, cases: Cases) -> None:
        for problem in cases.problems[:SHOWN_PROBLEMS]:
            self.stderr.write(self.style.WARNING(f"{problem['file']}, line {problem['line']}: {problem['reason']}; left out."))
        if len(cases.problems) > SHOWN_PROBLEMS:
            self.stderr.write(
                self.style.WARNING(f"... and {len(cases.problems) - SHOWN_PROBLEMS} more; --json lists them all.")
            )


def _options(given: dict[str, Any]) -> Options:
    for name, least in (
        ("k", 1),
        ("folds", 1),
        ("limit", 0),
        ("min_baskets", 0),
        ("min_items", 0),
        ("fidelity", 0),
        ("seed", 0),
    ):
        if given[name] < least:
            raise CommandError(f"--{name.replace('_', '-')} is {given[name]}; give {least} or more.")
    if given["k"] > 100:
        raise CommandError(f"--k is {given['k']}; a page has at most 100 products.")
    if not 0 < given["share"] < 1:
        raise CommandError(f"--share is {given['share']}; give a part between 0 and 1, such as 0.8.")
    if not 0 <= given["cold"] < 1:
        raise CommandError(f"--cold is {given['cold']}; give a part from 0 (off) to below 1, such as 0.2.")
    if given["log"] and (given["items"] or given["images"]):
        raise CommandError("--items belongs to --history; --log replays over this shop's own index.")
    if given["hindsight"] and (given["log"] or given["split"] != "leave-one-out"):
        raise CommandError("--hindsight belongs to --history with --split leave-one-out.")
    names = ("history", "items", "images", "split", "share", "folds", "hindsight", "k", "seed", "simulated", "fidelity", "cold")
    selection = Selection(given["new_only"], given["min_baskets"], given["min_items"], given["limit"])
    return Options(**{name: given[name] for name in names}, cut=_moment(given["cut"]), selection=selection)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"--cut is {text!r}; write a time like 2026-03-14 or 2026-03-14T09:30:00Z.") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _writable(report: Path | None, plots: Path | None) -> None:
    """Before an hour of work, not after it."""
    if report is not None and not report.parent.is_dir():
        raise CommandError(f"--json {report} cannot be written: there is no folder {report.parent}.")
    if plots is not None:
        if find_spec("matplotlib") is None:
            raise CommandError("--plots needs matplotlib: pip install matplotlib, or leave --plots out.")
        try:
            plots.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CommandError(f"--plots {plots} cannot be made ({error.strerror or error}).") from error


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{path} cannot be written ({error.strerror or error}).") from error
