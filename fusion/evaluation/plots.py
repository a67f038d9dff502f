"""The report as pictures, PNG and SVG: for a page of a report, readable in grey and by the colour-blind.

Colours are Okabe & Ito 2008; kinds differ in marker and place as well. Whatever is simulated says so in its title.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fusion.evaluation.report import RunInfo
from fusion.evaluation.results import Exposure, Results, Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#E69F00", "#009E73", "#6E6E6E"
COLOURS = {"arm": BLUE, "baseline": ORANGE, "knock-out": GREEN}
MARKERS = {"arm": "o", "baseline": "s", "knock-out": "D"}
NAMES = {"arm": "served pipeline", "baseline": "baseline", "knock-out": "pipeline without a signal"}
STYLE: Any = {
    "font.size": 12,
    "axes.titlesize": 14,
    "axes.labelsize": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.fonttype": "none",  # words stay words: they can be searched and read aloud
    "svg.hashsalt": "attune",
}
MAX_GROUPS = 15
DPI = 150


def draw(results: Results, info: RunInfo, folder: Path) -> list[Path]:
    """Write every plot that these results have something for.

    Raises:
        OSError: the folder cannot be written.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import rc_context

    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    with rc_context(STYLE):
        for name, plot in _plots(results):
            figure = plot(results, info)
            for ending in ("png", "svg"):
                path = folder / f"{name}.{ending}"
                figure.savefig(path, dpi=DPI, bbox_inches="tight", metadata=_metadata(ending, info))
                written.append(path)
    return written


def _plots(results: Results) -> Iterator[tuple[str, Callable[[Results, RunInfo], Figure]]]:
    yield "accuracy", _accuracy
    yield "coverage", _coverage
    if any(row.kind == "knock-out" for row in results.rows):
        yield "knock-outs", _knock_outs
    for by in ("category", "brand"):
        if len({row.group for row in results.exposure if row.by == by}) > 1:
            yield f"exposure-{by}", lambda r, i, by=by: _exposure(r, i, by)  # type: ignore[misc]


def _metadata(ending: str, info: RunInfo) -> dict[str, Any]:
    about = f"{info.label or 'real data'}; made {info.made_at}"
    return {"Description": about, "Date": None} if ending == "svg" else {"Description": about}


def _figure(height: float, width: float = 8.0) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure as NewFigure

    figure = NewFigure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots()


def _title(axes: Axes, title: str, results: Results, info: RunInfo) -> None:
    data = info.data
    where = f"{results.n_cases:,} cases, {data.get('items', 0):,} items, {info.settings.get('split', '')}"
    axes.set_title(f"{info.label + ': ' if info.label else ''}{title}\n", loc="left", fontweight="bold")
    axes.text(0, 1.02, where, transform=axes.transAxes, fontsize=11, color=GREY)


def _accuracy(results: Results, info: RunInfo) -> Figure:
    """Arms and baselines with their intervals, best on top, in two panels."""
    from matplotlib.figure import Figure as NewFigure

    rows = sorted(_whole(results), key=lambda row: row.accuracy["ndcg"].mean)
    figure = NewFigure(figsize=(10, 1.6 + 0.42 * len(rows)), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    for axes, name, label in zip(panels, ("ndcg", "hit"), (f"NDCG@{results.k}", f"hit@{results.k}"), strict=True):
        for place, row in enumerate(rows):
            _point(axes, row.accuracy[name], place, row.kind)
        axes.set_yticks(range(len(rows)), [row.name for row in rows])
        axes.set_xlabel(f"{label}, mean and 95% interval")
        axes.grid(axis="x", alpha=0.3)
        axes.set_xlim(left=0)
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.locator_params(axis="x", nbins=5)
    _title(panels[0], "What shoppers took next", results, info)
    _legend(panels[1], rows)
    return figure


def _point(axes: Axes, interval: Any, place: int, kind: str) -> None:
    spread = [[interval.mean - interval.low], [interval.high - interval.mean]]
    axes.errorbar(
        interval.mean, place, xerr=spread, fmt=MARKERS[kind], color=COLOURS[kind], markersize=8, capsize=4, linewidth=2
    )


def _legend(axes: Axes, rows: Sequence[Row]) -> None:
    axes.legend(handles=_kind_handles(rows), loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3, frameon=False)


def _knock_outs(results: Results, info: RunInfo) -> Figure:
    """What each signal brings: the loss when its weight is 0, case by case."""
    rows = sorted((row for row in results.rows if row.kind == "knock-out"), key=lambda row: row.behind["ndcg"].mean)
    figure, axes = _figure(1.6 + 0.45 * len(rows))
    for place, row in enumerate(rows):
        _point(axes, row.behind["ndcg"], place, row.kind)
    axes.axvline(0, color=GREY, linewidth=1)
    axes.set_yticks(range(len(rows)), [row.name for row in rows])
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_xlabel(f"NDCG@{results.k} lost without it: paired difference, 95% interval\n(left of 0: better without)")
    axes.grid(axis="x", alpha=0.3)
    _title(axes, f"What each signal brings ({results.main})", results, info)
    return figure


def _coverage(results: Results, info: RunInfo) -> Figure:
    """Coverage against accuracy: up and to the right is better."""
    rows = _whole(results)
    figure, axes = _figure(5.5)
    for row in rows:
        x, y = row.catalogue["coverage"] * 100, row.accuracy["ndcg"].mean
        axes.plot(x, y, MARKERS[row.kind], color=COLOURS[row.kind], markersize=10)
    _labels(axes, [(row.catalogue["coverage"] * 100, row.accuracy["ndcg"].mean, row.name) for row in rows])
    axes.set_xlabel(f"items on at least one list of {results.k}, % of the catalogue")
    axes.set_ylabel(f"NDCG@{results.k}")
    axes.margins(0.1)
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    _title(axes, "Accuracy and coverage", results, info)
    axes.legend(handles=_kind_handles(rows), loc="lower right", frameon=False)
    return figure


def _kind_handles(rows: Sequence[Row]) -> list[Any]:
    from matplotlib.lines import Line2D

    kinds = [kind for kind in COLOURS if any(row.kind == kind for row in rows)]
    return [Line2D([], [], color=COLOURS[k], marker=MARKERS[k], linestyle="", markersize=8, label=NAMES[k]) for k in kinds]


def _labels(axes: Axes, points: Sequence[tuple[float, float, str]]) -> None:
    """Names beside points; one that would lie on another's name goes below its point."""
    wide = max((x for x, _, _ in points), default=1.0) or 1.0
    high = max((y for _, y, _ in points), default=1.0) or 1.0
    placed: list[tuple[float, float]] = []
    for x, y, name in sorted(points, key=lambda point: -point[1]):
        crowded = any(abs(x - px) < 0.3 * wide and abs(y - py) < 0.05 * high for px, py in placed)
        right = x > 0.75 * wide
        axes.annotate(
            name,
            (x, y),
            xytext=(-9 if right else 9, -14 if crowded else 4),
            textcoords="offset points",
            ha="right" if right else "left",
        )
        placed.append((x, y))


def _exposure(results: Results, info: RunInfo, by: str) -> Figure:
    """A group's share of the attention beside its share of the catalogue; the largest groups of the catalogue."""
    rows: list[Exposure] = [row for row in results.exposure if row.by == by][:MAX_GROUPS][::-1]
    figure, axes = _figure(1.8 + 0.45 * len(rows))
    places = range(len(rows))
    axes.barh([p - 0.2 for p in places], [r.catalogue_share * 100 for r in rows], 0.38, color=GREY, label="of the catalogue")
    axes.barh(
        [p + 0.2 for p in places],
        [r.exposure_share * 100 for r in rows],
        0.38,
        color=BLUE,
        hatch="//",
        edgecolor="white",
        label=f"of the attention ({results.main})",
    )
    axes.set_yticks(places, [f"{r.group} ({r.items})" for r in rows])
    axes.set_xlabel("share, %")
    axes.legend(loc="lower right", frameon=False)
    axes.grid(axis="x", alpha=0.3)
    _title(axes, f"Who is shown: exposure by {by}", results, info)
    return figure


def _whole(results: Results) -> list[Row]:
    return [row for row in results.rows if row.kind != "knock-out"]
