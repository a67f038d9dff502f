"""The report as text: columns that line up, intervals beside means, the best of each column marked."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from fusion.evaluation.fidelity import Fidelity
from fusion.evaluation.intervals import Interval
from fusion.evaluation.report import RunInfo
from fusion.evaluation.results import Results, Row

BEST = "*"
MAX_NOTES = 20


def table_of(results: Results, info: RunInfo, fidelity: Sequence[Fidelity] = ()) -> list[str]:
    """All lines of the report. A mean is followed by its 95% interval; ``*`` marks the best mean of a column."""
    blocks = [
        list(_head(results, info)),
        _accuracy(results),
        _catalogue(results),
        _slices(results),
        _fidelity(fidelity),
        list(info.notes[:MAX_NOTES]),
    ]
    lines: list[str] = []
    for block in blocks:
        if block:
            lines += [*block, ""]
    return lines[:-1]


def _head(results: Results, info: RunInfo) -> Iterator[str]:
    data = info.data
    label = f"{info.label}: " if info.label else ""
    yield f"{label}{results.n_cases:,} cases of {data.get('shoppers', 0):,} shoppers over {data.get('items', 0):,} items"
    yield f"from {data.get('from', '')} to {data.get('to', '')}; " + ", ".join(
        f"{name} {value}" for name, value in info.settings.items() if value not in ("", None, False, 0)
    )


def _accuracy(results: Results) -> list[str]:
    k = results.k
    columns = {"ndcg": f"NDCG@{k}", "recall": f"recall@{k}", "hit": f"hit@{k}", "mrr": f"MRR@{k}"}
    header = ["", *columns.values(), f"{results.main} ahead, NDCG@{k}", "ms"]
    best = {name: _best([row.accuracy[name].mean for row in _whole(results)]) for name in columns}
    cells = [
        [
            row.name,
            *(_shown(row.accuracy[name], mark=row.accuracy[name].mean == best[name]) for name in columns),
            _lead(row),
            f"{row.ms_per_case:.1f}",
        ]
        for row in results.rows
    ]
    return _aligned(header, cells)


def _whole(results: Results) -> list[Row]:
    """Knock-outs are no candidates for the best: they only say what a signal brings."""
    return [row for row in results.rows if row.kind != "knock-out"]


def _catalogue(results: Results) -> list[str]:
    k = results.k
    names = [
        n for n in ("gini_category", "gini_brand", "gini_item") if not math.isnan(results.rows[0].catalogue.get(n, math.nan))
    ]
    header = ["", f"coverage@{k}", "novelty, bits", "diversity", *(n.replace("_", " by ") for n in names)]
    whole = _whole(results)
    most = [
        _best([row.catalogue["coverage"] for row in whole]),
        _best([row.lists["novelty"].mean for row in whole]),
        _best([row.lists["diversity"].mean for row in whole]),
    ]
    least = [-_best([-row.catalogue[n] for row in whole]) for n in names]
    cells = [
        [
            row.name,
            _number(row.catalogue["coverage"], row.catalogue["coverage"] == most[0]),
            _number(row.lists["novelty"].mean, row.lists["novelty"].mean == most[1]),
            _number(row.lists["diversity"].mean, row.lists["diversity"].mean == most[2]),
            *(_number(row.catalogue[n], row.catalogue[n] == low) for n, low in zip(names, least, strict=True)),
        ]
        for row in whole
    ]
    return _aligned(header, cells)


def _slices(results: Results) -> list[str]:
    header = ["slice", "cases", "", f"NDCG@{results.k}", f"hit@{results.k}"]
    cells, before = [], ""
    for row in results.slices:
        first = row.slice != before
        before = row.slice
        cells.append(
            [
                row.slice if first else "",
                f"{row.accuracy['ndcg'].n:,}" if first else "",
                row.ranker,
                _shown(row.accuracy["ndcg"]),
                _shown(row.accuracy["hit"]),
            ]
        )
    return _aligned(header, cells) if cells else []


def _fidelity(lines: Sequence[Fidelity]) -> list[str]:
    header = ["reasons: taken away", "answers", "rank falls", "score falls", "stay first", "rank falls, others", "places lost"]
    cells = [
        [
            line.how,
            f"{line.n}",
            _number(line.rank_falls),
            _number(line.score_falls),
            f"{line.leaders}",
            _number(line.rank_falls_of_others),
            f"{line.places:g}",
        ]
        for line in lines
    ]
    return _aligned(header, cells) if cells else []


def _lead(row: Row) -> str:
    if not row.behind:
        return ""
    lead = row.behind["ndcg"]
    return f"{lead.mean:+.4f} [{lead.low:+.4f}, {lead.high:+.4f}]{'' if lead.excludes_zero else ' ~'}"


def _shown(interval: Interval, *, mark: bool = False) -> str:
    if not interval.n:
        return "-"
    return f"{_number(interval.mean, mark)} [{interval.low:.3f}, {interval.high:.3f}]"


def _number(value: float, mark: bool = False) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}{BEST if mark else ''}"


def _best(values: Sequence[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return max(known) if known else math.nan


def _aligned(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(line[n]) for line in [header, *rows]) for n in range(len(header))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in [header, *rows]]
