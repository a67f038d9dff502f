"""python -m benchmarks: every benchmark in a process of its own, a table at the end. Start reading at ``main``."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from benchmarks.options import Options
from benchmarks.report import Table, update_document
from benchmarks.shop_data import environment

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One benchmark: ``benchmarks.MODULE.run(options, **arguments)``.

    Attributes:
        needs: what must have been given: "fashion", "texts" or "".
        full_only: left out of a quick run unless it is asked for by name.
    """

    module: str
    needs: str = ""
    full_only: bool = False
    size: int = 0


BENCHMARKS = {
    "catalogue": Benchmark("catalogue"),
    "quality": Benchmark("quality", needs="fashion"),
    "embedding": Benchmark("embedding"),
    "serving": Benchmark("serving"),
    "serving-10k": Benchmark("serving", needs="texts", size=10_000),
    "serving-100k": Benchmark("serving", needs="texts", size=100_000, full_only=True),
    "suggesting": Benchmark("suggesting"),
    "suggesting-10k": Benchmark("suggesting", needs="texts", size=10_000),
    "understanding": Benchmark("understanding"),
    "graph": Benchmark("graph"),
    "weighing": Benchmark("weighing"),
    "adaptation": Benchmark("adaptation"),
    "training": Benchmark("training"),
    "vitals": Benchmark("vitals"),
    "gate": Benchmark("gate", full_only=True),
    "visibility": Benchmark("visibility"),
    "processes": Benchmark("processes"),
    "policy": Benchmark("policy", full_only=True),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for and print it."""
    args = _parse(arguments)
    if args.child:
        return _child(args.child, Path(args.options), Path(args.out))
    options = _options(args)
    tables: list[Table] = []
    failed = []
    started = time.monotonic()
    for name in _wanted(args.only, options):
        print(f"{name} ...", file=sys.stderr, flush=True)
        found = _run_child(name, options)
        if found is None:
            failed.append(name)
        tables += found or []
    seconds = time.monotonic() - started
    _print(tables, failed, seconds, markdown=args.markdown)
    if args.json:
        args.json.write_text(
            json.dumps(_record(tables, options, failed, seconds), ensure_ascii=False, indent=1), encoding="utf-8"
        )
    if args.update:
        homeless = update_document(args.update, tables)
        print(f"{args.update} updated" + (f"; only printed: {', '.join(homeless)}" if homeless else ""), file=sys.stderr)
    return 1 if failed else 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure Attune.")
    parser.add_argument("--fashion", type=Path, help="folder with products.jsonl and images/; without it the demo catalogue")
    parser.add_argument("--texts", type=Path, help="products_text.jsonl.gz, for the larger catalogues")
    parser.add_argument("--quick", action="store_true", help="smaller sizes, no 100,000 products")
    parser.add_argument("--tiny", action="store_true", help="smoke-test sizes; the numbers mean nothing")
    parser.add_argument("--only", default="", help=f"comma separated: {', '.join(BENCHMARKS)}")
    parser.add_argument("--json", type=Path, help="also write everything here")
    parser.add_argument("--markdown", action="store_true", help="print markdown tables")
    parser.add_argument("--update", type=Path, metavar="DOC", help="put the tables into this document (docs/performance.md)")
    parser.add_argument("--work", type=Path, help="where catalogues and vectors are kept (default: DATA_DIR/benchmarks)")
    parser.add_argument("--seed", type=int, default=20240607)
    for hidden in ("--child", "--options", "--out"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def _options(args: argparse.Namespace) -> Options:
    data = Path(os.environ.get("DATA_DIR", ROOT / "var")).expanduser().resolve()
    for given in (args.fashion, args.texts):
        if given and not given.exists():
            raise SystemExit(f"{given} does not exist.")
    return Options(
        work=(args.work or data / "benchmarks").resolve(),
        data=data,
        fashion=args.fashion.resolve() if args.fashion else None,
        texts=args.texts.resolve() if args.texts else None,
        quick=args.quick or args.tiny,
        tiny=args.tiny,
        seed=args.seed,
    )


def _wanted(only: str, options: Options) -> list[str]:
    asked = [name.strip() for name in only.split(",") if name.strip()]
    unknown = sorted(set(asked) - set(BENCHMARKS))
    if unknown:
        raise SystemExit(f"Unknown benchmarks {', '.join(unknown)}. Known: {', '.join(BENCHMARKS)}.")
    names = [
        name
        for name, benchmark in BENCHMARKS.items()
        if (name in asked or name == "catalogue" or not asked)
        and not (benchmark.full_only and options.quick and name not in asked)
    ]
    for name in [name for name in names if BENCHMARKS[name].needs and not getattr(options, BENCHMARKS[name].needs)]:
        print(f"{name}: left out, it needs --{BENCHMARKS[name].needs}", file=sys.stderr)
        names.remove(name)
    return names


def _run_child(name: str, options: Options) -> list[Table] | None:
    """The benchmark's tables, or None when it failed; what it says goes to the terminal."""
    options.work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.work) as scratch:
        given, out = Path(scratch) / "options.json", Path(scratch) / "tables.json"
        given.write_text(json.dumps(options.to_json()))
        command = [sys.executable, "-m", "benchmarks", "--child", name, "--options", str(given), "--out", str(out)]
        finished = subprocess.run(command, cwd=ROOT, env=environment(Path(scratch)), check=False)
        if finished.returncode or not out.exists():
            print(f"{name} failed (exit code {finished.returncode}); the lines above say why.", file=sys.stderr)
            return None
        return [Table.from_json(table) for table in json.loads(out.read_text(encoding="utf-8"))]


def _child(name: str, given: Path, out: Path) -> int:
    options = Options.from_json(json.loads(given.read_text()))
    benchmark = BENCHMARKS[name]
    module = import_module(f"benchmarks.{benchmark.module}")
    tables = module.run(options, benchmark.size) if benchmark.module in ("serving", "suggesting") else module.run(options)
    out.write_text(json.dumps([table.to_json() for table in tables], ensure_ascii=False), encoding="utf-8")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # background threads (a nudge to a broker nobody runs) must not hold up the next benchmark


def _print(tables: Sequence[Table], failed: Sequence[str], seconds: float, *, markdown: bool) -> None:
    for table in tables:
        print(("\n" + (table.markdown() if markdown else table.text())), flush=True)
    print(f"\n{_machine()}; {seconds:.0f} s in all." + (f" Failed: {', '.join(failed)}." if failed else ""))


def _machine() -> str:
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return f"{os.cpu_count()} CPUs, {platform.machine()}, Python {platform.python_version()}, load {load:.1f} at the end"


def _record(tables: Sequence[Table], options: Options, failed: Sequence[str], seconds: float) -> dict[str, object]:
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": _machine(),
        "options": {key: value for key, value in options.to_json().items() if key in ("quick", "tiny", "seed")},
        "seconds": round(seconds, 1),
        "failed": list(failed),
        "tables": [table.to_json() for table in tables],
    }


if __name__ == "__main__":
    raise SystemExit(main())
