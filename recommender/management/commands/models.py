"""``manage.py models``: what was learnt, what is in force, and the switches."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Callable
from getpass import getuser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from recommender.control import current_control, exclusion_of
from recommender.exceptions import PromotionRefused
from recommender.management.progress import Bar
from recommender.models import LearningControl, ModelChange, ModelVersion
from recommender.services import comparison, control, switching, versions
from recommender.services.comparison import Comparison, RequestComparison, flat, said

KINDS = ModelVersion.Kind.values


class Command(BaseCommand):
    help = "Lists, compares, promotes, rolls back and rejects learnt versions; freezes learning and says what is allowed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        listed = actions.add_parser("list", help="versions, newest first, and what is in force")
        listed.add_argument("--kind", choices=KINDS)
        listed.add_argument("--limit", type=int, default=20)
        listed.add_argument("--json", action="store_true")
        actions.add_parser("show", help="everything about one version").add_argument("version", type=int)
        compared = actions.add_parser("compare", help="two versions side by side; 0 is the defaults")
        compared.add_argument("left", type=int)
        compared.add_argument("right", type=int)
        compared.add_argument("--request", action="append", default=[], help="a text to rank (repeat it); default: recent ones")
        promoted = actions.add_parser("promote", help="put a version in force")
        promoted.add_argument("version", type=int)
        promoted.add_argument("--force", action="store_true", help="without evidence, too; the reason is kept")
        actions.add_parser("rollback", help="put what was live before back in force").add_argument("kind", choices=KINDS)
        actions.add_parser("reject", help="never put a version in force").add_argument("version", type=int)
        actions.add_parser("freeze", help="train, promote and explore nothing until unfreeze")
        actions.add_parser("unfreeze", help="let learning go on")
        actions.add_parser("cap", help="bound what is explored").add_argument("share", type=float, help="0 (never) to 1")
        excluded = actions.add_parser("exclude", help="attributes that are never used; none allows all again")
        excluded.add_argument("names", nargs="*")
        for name, action in actions.choices.items():
            if name not in ("list", "show", "compare"):
                action.add_argument("--reason", required=True, help="kept with the change")
                action.add_argument("--by", default="", help="who; default: the user of the system")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['action']}")(options)
        except (PromotionRefused, ValueError) as error:
            raise CommandError(str(error)) from error

    # -- read ------------------------------------------------------------------------------------------------------

    def _list(self, options: dict[str, Any]) -> None:
        rows = ModelVersion.objects.defer("data").filter(**({"kind": options["kind"]} if options["kind"] else {}))
        shown = list(rows.order_by("-pk")[: max(1, options["limit"])])
        if options["json"]:
            self.stdout.write(json.dumps([_described(row) for row in shown], indent=2, ensure_ascii=False))
            return
        self._state()
        for row in shown:
            self.stdout.write(_line(row))
        if not shown:
            self.stdout.write("Nothing was learnt yet: the configured weights and encoders serve.")

    def _state(self) -> None:
        for kind in KINDS:
            row = versions.live(kind)
            self.stdout.write(f"In force, {kind}: {f'{row.pk} ({row.name})' if row else 'the defaults'}")
        allowed = current_control()
        excluded = ", ".join(sorted(exclusion_of(allowed).roles)) or "none"
        frozen = "frozen" if allowed.frozen else "not frozen"
        self.stdout.write(f"Learning is {frozen}; exploration at most {allowed.exploration:g}; excluded attributes: {excluded}")

    def _show(self, options: dict[str, Any]) -> None:
        row = version_named(options["version"])
        self.stdout.write(_line(row))
        self.stdout.write(
            f"  learnt {row.created_at:%Y-%m-%d %H:%M}, from {row.parent_id or 'the defaults'}; sha256 {row.sha256}"
        )
        for title, values in (("metrics", row.metrics), ("what it saw", row.about)):
            self.stdout.write(f"  {title}:")
            for name, value in flat(values):
                self.stdout.write(f"    {name}: {said(value)}")
        for refusal in switching.refusals(row):
            self.stdout.write(f"  speaks against it: {refusal.message}")
        for change in ModelChange.objects.filter(version=row).order_by("pk"):
            self.stdout.write(f"  {change.at:%Y-%m-%d %H:%M} {change.action} by {change.by}: {change.reason}")

    def _compare(self, options: dict[str, Any]) -> None:
        left, right = (version_named(pk) if pk else None for pk in (options["left"], options["right"]))
        kinds = {row.kind for row in (left, right) if row}
        if len(kinds) != 1:
            raise CommandError("Compare two versions of one kind, or one with the defaults (0).")
        found = comparison.compare(kinds.pop(), left, right, options["request"])
        self._print_comparison(found)

    def _print_comparison(self, found: Comparison) -> None:
        names = [f"{row.pk} ({row.name})" if row else "defaults" for row in (found.left, found.right)]
        self.stdout.write(f"{names[0]} -> {names[1]}, as of {found.as_of:%Y-%m-%d %H:%M} UTC")
        for metric in found.metrics:
            self.stdout.write(f"  {metric.name}: {said(metric.left)} -> {said(metric.right)}")
        for factor in found.factors:
            self.stdout.write(f"  weight of {factor.signal}: x {factor.left:.3f} -> x {factor.right:.3f}")
        for asked in found.requests:
            self._print_request(asked)
        if found.problem:
            self.stderr.write(self.style.WARNING(found.problem))

    def _print_request(self, asked: RequestComparison) -> None:
        self.stdout.write(f"  “{asked.text}”: {asked.stayed} of {len(asked.after)} stay")
        for place in asked.after:
            moved = "new" if place.moved is None else f"{place.moved:+d}" if place.moved else "="
            self.stdout.write(f"    {place.rank:2d} {moved:>4}  {place.title}")

    # -- change ----------------------------------------------------------------------------------------------------

    def _promote(self, options: dict[str, Any]) -> None:
        row = version_named(options["version"])
        with Bar("vectors") as bar:
            change = switching.promote(
                row, by_whom(options), options["reason"], force=options["force"], wait=True, on_progress=bar
            )
        forced = change.evidence.get("forced")
        self.stdout.write(f"{row} is in force." + (f" Forced in spite of: {', '.join(forced)}." if forced else ""))

    def _rollback(self, options: dict[str, Any]) -> None:
        change = switching.roll_back(options["kind"], by_whom(options), options["reason"])
        self.stdout.write(f"{change.version} is in force again." if change.version else "The defaults are in force again.")

    def _reject(self, options: dict[str, Any]) -> None:
        change = versions.reject(version_named(options["version"]), by_whom(options), options["reason"])
        self.stdout.write(f"{change.version} is rejected.")

    def _freeze(self, options: dict[str, Any]) -> None:
        self._switched(control.freeze, options, "Learning is frozen; what is live goes on serving and nothing is explored.")

    def _unfreeze(self, options: dict[str, Any]) -> None:
        self._switched(control.unfreeze, options, "Learning goes on.")

    def _switched(self, switch: Callable[[str, str], bool], options: dict[str, Any], said: str) -> None:
        self.stdout.write(said if switch(by_whom(options), options["reason"]) else "Nothing to change: it was so.")

    def _cap(self, options: dict[str, Any]) -> None:
        changed = control.cap_exploration(options["share"], by_whom(options), options["reason"])
        self.stdout.write(f"At most {options['share']:g} is explored." if changed else "Nothing to change: it was so.")

    def _exclude(self, options: dict[str, Any]) -> None:
        changed = control.exclude_attributes(options["names"], by_whom(options), options["reason"])
        names = ", ".join(LearningControl.objects.values_list("excluded_attributes", flat=True).get(pk=1)) if changed else ""
        said = f"Excluded: {names or 'none'}. Every item is marked; the worker embeds it again."
        self.stdout.write(said if changed else "Nothing to change: it was so.")


def version_named(pk: int) -> ModelVersion:
    row = ModelVersion.objects.filter(pk=pk).first()
    if row is None:
        raise CommandError(f"There is no model version {pk}. manage.py models list names them.")
    return row


def by_whom(options: dict[str, Any]) -> str:
    if options["by"]:
        return str(options["by"])
    try:
        return getuser()
    except (KeyError, OSError, ImportError):  # a container's user may have no name
        return "command line"


def _line(row: ModelVersion) -> str:
    simulated = ", from simulated shoppers" if row.simulated else ""
    return f"{row.pk:5d}  {row.kind:7}  {row.state:9}  {row.created_at:%Y-%m-%d %H:%M}  {row.name}{simulated}"


def _described(row: ModelVersion) -> dict[str, Any]:
    return {
        "id": row.pk, "kind": row.kind, "name": row.name, "state": row.state, "parent": row.parent_id,
        "metrics": row.metrics, "about": row.about, "sha256": row.sha256, "simulated": row.simulated, "note": row.note,
        "created_at": row.created_at.isoformat(), "promoted_at": row.promoted_at and row.promoted_at.isoformat(),
    }  # fmt: skip
