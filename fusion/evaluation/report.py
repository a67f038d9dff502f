"""One run as JSON: every number with its interval, and everything that is needed to make it again."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from fusion.evaluation.fidelity import Fidelity
from fusion.evaluation.intervals import LEVEL, N_RESAMPLES, Interval
from fusion.evaluation.results import Exposure, Results, Row, SliceRow

FORMAT = "attune-evaluation/1"


@dataclass(frozen=True)
class RunInfo:
    """Where the numbers come from.

    Attributes:
        data: source ("history" or "log"), file name and sha256, first and last moment, counts.
        simulated: "none", "some" or "all" of the cases were made by a simulator, not by people.
        settings: everything that was chosen: split, cut, k, seed, limits.
        versions: of the program, of Python and numpy, of the encoders (block -> id), and the weights in force.
        notes: what a reader must know to read the numbers right.
        problems: (line, reason) of what was left out of the files.
    """

    made_at: str
    data: Mapping[str, Any]
    simulated: str
    settings: Mapping[str, Any]
    versions: Mapping[str, Any]
    notes: Sequence[str] = ()
    problems: Sequence[Mapping[str, Any]] = field(default_factory=list)

    @property
    def label(self) -> str:
        """What stands above every table and plot where not everything is real; "" otherwise."""
        return {"all": "SIMULATED DATA", "some": "PARTLY SIMULATED DATA"}.get(self.simulated, "")


def to_json(results: Results, info: RunInfo, fidelity: Sequence[Fidelity] = ()) -> dict[str, Any]:
    """The report; docs/evaluation.schema.json describes it. A number that does not exist is null."""
    return {
        "format": FORMAT,
        "made_at": info.made_at,
        "simulated": info.simulated,
        "data": dict(info.data),
        "settings": {**info.settings, "level": LEVEL, "resamples": N_RESAMPLES},
        "versions": dict(info.versions),
        "notes": list(info.notes),
        "problems": [dict(problem) for problem in info.problems],
        "cases": results.n_cases,
        "k": results.k,
        "main": results.main,
        "rankers": [_row(row) for row in results.rows],
        "slices": [_slice(row) for row in results.slices],
        "exposure": [_exposure(row) for row in results.exposure],
        "fidelity": [{name: _number(value) for name, value in asdict(line).items()} for line in fidelity],
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "name": row.name,
        "kind": row.kind,
        "accuracy": _intervals(row.accuracy),
        "lists": _intervals(row.lists),
        "catalogue": {name: _number(value) for name, value in row.catalogue.items()},
        "main_minus_this": _intervals(row.behind),
        "empty_lists": row.empty,
        "ms_per_case": _number(row.ms_per_case),
    }


def _slice(row: SliceRow) -> dict[str, Any]:
    return {"slice": row.slice, "ranker": row.ranker, "accuracy": _intervals(row.accuracy)}


def _exposure(row: Exposure) -> dict[str, Any]:
    return {name: _number(value) for name, value in asdict(row).items()}


def _intervals(found: Mapping[str, Interval]) -> dict[str, dict[str, Any]]:
    return {name: {part: _number(value) for part, value in asdict(interval).items()} for name, interval in found.items()}


def _number(value: Any) -> Any:
    if isinstance(value, float):
        return None if math.isnan(value) or math.isinf(value) else round(value, 6)
    return value
