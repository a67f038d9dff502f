"""What a run was asked to do; the same for the parent and for the process of each benchmark."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Options:
    """Where data comes from and how much of it is looked at.

    Attributes:
        work: folder for everything a run makes; catalogues and their vectors are kept there between runs.
        data: the shop's own DATA_DIR, of which the converted weights and the demo catalogue are read.
        fashion: a folder with products.jsonl and images/; None measures on the demo catalogue.
        texts: a products_text.jsonl.gz, {"id", "title", "description", "price", "category"} a line; None repeats titles.
        quick: smaller sizes and fewer repetitions.
        tiny: sizes for a smoke test; the numbers mean nothing.
    """

    work: Path
    data: Path
    fashion: Path | None = None
    texts: Path | None = None
    quick: bool = False
    tiny: bool = False
    seed: int = 20240607

    def pick(self, full: int, quick: int, tiny: int) -> int:
        """A size for this run."""
        return tiny if self.tiny else quick if self.quick else full

    @property
    def models(self) -> Path:
        return self.data / "models"

    def to_json(self) -> dict[str, Any]:
        """Plain values, for the process of a benchmark and for the record of a run."""
        return {
            "work": str(self.work),
            "data": str(self.data),
            "fashion": str(self.fashion) if self.fashion else None,
            "texts": str(self.texts) if self.texts else None,
            "quick": self.quick,
            "tiny": self.tiny,
            "seed": self.seed,
        }

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> Options:
        paths = {name: Path(given[name]) if given[name] else None for name in ("fashion", "texts")}
        return cls(
            work=Path(given["work"]),
            data=Path(given["data"]),
            fashion=paths["fashion"],
            texts=paths["texts"],
            quick=given["quick"],
            tiny=given["tiny"],
            seed=given["seed"],
        )
