"""Answer requests on the command line: one, or a file of them."""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from fusion.exceptions import InvalidQuery
from fusion.types import RankedItem
from recommender.catalog import Shopper
from recommender.engine import get_engine
from recommender.services.serving import RecommendationRequest, Served, recommend


class Command(BaseCommand):
    """``recommend "TEXT" [--photo F]`` or ``recommend --batch FILE``."""

    help = "Answer a shopper's request: words (English or Chinese), a photo, or both."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("text", nargs="?", default="", help="what the shopper says")
        parser.add_argument("--photo", type=Path, help="a photo file (JPEG, PNG, WebP, GIF, AVIF)")
        parser.add_argument("--user", default="", help="whose history to use")
        parser.add_argument("--limit", type=int, default=10, help="how many products, 1 to 100")
        parser.add_argument("--language", default="", help="language of the answer (en, zh); default: the request's own")
        parser.add_argument("--json", action="store_true", help="print JSON")
        parser.add_argument("--explain", action="store_true", help="print every term of each score")
        parser.add_argument("--batch", type=Path, help="JSONL of {qid, text, photo?, user?}; answers are JSONL, too")
        parser.add_argument("--output", type=Path, help="write the batch's answers here instead of to standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["limit"] <= 100:
            raise CommandError(f"--limit is {options['limit']}; give a number from 1 to 100.")
        if options["batch"] is None and not options["text"] and options["photo"] is None and not options["user"]:
            raise CommandError(
                'Nothing was asked. Give a text ("black running shoes"), --photo FILE, --user U or --batch FILE.'
            )
        get_engine().warm_up()
        if options["batch"] is not None:
            self._batch(options)
        else:
            self._one(options)

    def _one(self, options: dict[str, Any]) -> None:
        try:
            served = recommend(_request(options, _read(options["photo"])), Shopper(user_id=options["user"]))
        except InvalidQuery as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(served, explain=options["explain"]), ensure_ascii=False, indent=2))
            return
        self._print(served, explain=options["explain"])

    def _print(self, served: Served, *, explain: bool) -> None:
        answer = served.answer
        for constraint in answer.instruction.constraints:
            self.stdout.write(f"  [{constraint.strength}] {constraint.label or constraint.field}")
        if answer.relaxation.message:
            self.stdout.write(f"  {answer.relaxation.message}")
        if answer.degraded:
            self.stdout.write(self.style.WARNING(f"  degraded: {', '.join(answer.degraded)}"))
        for ranked in answer.items:
            price = f"{ranked.item.price.major} {ranked.item.price.currency}" if ranked.item.price else "-"
            self.stdout.write(f"{ranked.rank:>3}. {ranked.item.title}  {price}  ({ranked.item.item_id}, {ranked.score:.2f})")
            for reason in ranked.reasons:
                self.stdout.write(f"       {reason.share:>4.0%} {reason.label}")
            for term in ranked.terms if explain else ():
                self.stdout.write(
                    f"       {term.contribution:+.3f} = {term.weight:+.2f} x {term.z:+.2f}  {term.source}/{term.block}"
                )
        timings = "  ".join(f"{name} {ms:.1f}" for name, ms in answer.timings.items())
        self.stdout.write(f"{answer.total} products; ms: {timings}")

    def _batch(self, options: dict[str, Any]) -> None:
        path: Path = options["batch"]
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{path} cannot be read as UTF-8 text ({error}).") from error
        sink = options["output"].open("w", encoding="utf-8") if options["output"] else self.stdout
        failed = 0
        for answer in _answers(lines, path.parent, options):
            failed += "error" in answer
            sink.write(json.dumps(answer, ensure_ascii=False) + "\n")
        if options["output"]:
            sink.close()
        if failed:
            self.stderr.write(f"{failed} of {len(lines)} lines could not be answered; each has an 'error'.")


def _answers(lines: list[str], folder: Path, options: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(tqdm(lines, unit="request", file=sys.stderr, disable=not sys.stderr.isatty()), start=1):
        if not line.strip():
            continue
        qid: Any = number
        try:
            asked = json.loads(line)
            if not isinstance(asked, dict):
                raise ValueError('a line must be an object like {"qid": 1, "text": "black shoes"}')
            qid = asked.get("qid", number)
            photo = _read(folder / str(asked["photo"])) if asked.get("photo") else None
            given = {**options, "text": str(asked.get("text") or ""), "limit": int(asked.get("limit", options["limit"]))}
            started = time.perf_counter()
            served = recommend(_request(given, photo, keep=False), Shopper(user_id=str(asked.get("user") or "")))
            ms = (time.perf_counter() - started) * 1000
        except (ValueError, InvalidQuery, CommandError) as error:
            yield {"qid": qid, "ids": [], "items": [], "ms": 0.0, "degraded": [], "error": f"line {number}: {error}"}
            continue
        answer = _as_json(served, explain=options["explain"])
        yield {"qid": qid, "ids": [i["sku"] for i in answer["items"]], "ms": round(ms, 3), **answer}


def _request(options: dict[str, Any], photo: bytes | None, *, keep: bool = True) -> RecommendationRequest:
    return RecommendationRequest(
        text=options["text"],
        photo=photo,
        limit=options["limit"],
        surface="command",
        language=options["language"],
        keep=keep,
    )


def _read(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandError(f"The photo {path} cannot be read ({error.strerror or error}).") from error


def _as_json(served: Served, *, explain: bool) -> dict[str, Any]:
    answer = served.answer
    return {
        "items": [_item_json(ranked, explain=explain) for ranked in answer.items],
        "degraded": list(answer.degraded),
        "state": answer.state,
        "total": answer.total,
        "message": answer.relaxation.message,
        "intent": served.recommendation.instruction,
        "timings": dict(answer.timings),
    }


def _item_json(ranked: RankedItem, *, explain: bool) -> dict[str, Any]:
    item = ranked.item
    result: dict[str, Any] = {
        "sku": item.item_id,
        "rank": ranked.rank,
        "title": item.title,
        "price": str(item.price.major) if item.price else None,
        "currency": item.price.currency if item.price else None,
        "score": round(ranked.score, 6),
        "reasons": [{"code": r.code, "label": r.label, "share": round(r.share, 4)} for r in ranked.reasons],
        "unmet": list(ranked.unmet),
    }
    if explain:
        result["terms"] = [
            {"source": t.source, "block": t.block, "weight": t.weight, "z": t.z, "contribution": t.contribution}
            for t in ranked.terms
        ]
    return result
