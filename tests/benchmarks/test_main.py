"""The benchmarks run, at sizes whose numbers mean nothing. No time is asserted."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
COLOURS = {"Red": (200, 20, 30), "Black": (15, 15, 15), "Blue": (20, 40, 190)}


def _shop(folder: Path) -> Path:
    """24 small products in three categories that the study knows, with plain photos."""
    (folder / "images").mkdir(parents=True)
    rows = []
    for n in range(24):
        leaf = ("Backpacks", "Watches", "Belts")[n % 3]
        colour = list(COLOURS)[n % 2 + (n % 3 == 0)]
        Image.new("RGB", (60, 80), COLOURS[colour]).save(folder / "images" / f"{n}.jpg")
        rows.append(
            {
                "sku": str(n), "name": f"Acme {colour} {leaf} {n}", "category": f"Accessories/{leaf}",
                "gender": ("Men", "Women")[n % 2], "color": colour, "image": f"images/{n}.jpg",
            }
        )  # fmt: skip
    (folder / "products.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    return folder


def _texts(file: Path) -> Path:
    rows = [{"id": f"T{n}", "title": f"red thing {n}", "description": "", "price": None, "category": None} for n in range(200)]
    with gzip.open(file, "wt", encoding="utf-8") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)
    return file


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=600
    )


@pytest.mark.models
@pytest.mark.slow
def test_a_tiny_run_fills_every_table(tmp_path):
    names = ["quality", "embedding", "serving", "serving-10k"]
    out = tmp_path / "out.json"
    finished = _run(
        "--tiny", "--only", ",".join(names), "--fashion", str(_shop(tmp_path / "shop")), "--work", str(tmp_path / "work"),
        "--texts", str(_texts(tmp_path / "texts.jsonl.gz")), "--json", str(out), "--markdown",
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr[-3000:]
    record = json.loads(out.read_text())
    keys = {table["key"] for table in record["tables"]}
    assert keys >= {
        "catalogue",
        "quality-words",
        "quality-weights",
        "quality-photo",
        "embedding",
        "serving-real",
        "serving-200",
    }
    assert record["failed"] == []
    assert all(table["rows"] for table in record["tables"])
    assert "| stage |" in finished.stdout


def test_an_unknown_name_is_refused_with_the_known_ones():
    finished = _run("--only", "sped")
    assert finished.returncode == 1
    assert "Unknown benchmarks sped" in finished.stderr
    assert "serving-100k" in finished.stderr


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    finished = _run("--fashion", str(tmp_path / "nowhere"))
    assert finished.returncode == 1
    assert "does not exist" in finished.stderr
