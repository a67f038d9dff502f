"""Imports point one way: shop -> recommender -> fusion. Read from the sources, so a lazy import counts as well."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FORBIDDEN = {
    "fusion": {"django", "rest_framework", "celery", "recommender", "shop"},
    "recommender": {"shop"},
}
MODEL_PACKAGES = {"torch", "open_clip", "transformers", "timm", "torchvision"}
ENTRY_POINTS = {"settings.py", "urls.py", "celery.py", "wsgi.py", "asgi.py"}


def modules(package: str) -> list[Path]:
    return sorted(p for p in (ROOT / package).rglob("*.py"))


def imported(path: Path) -> Iterator[tuple[str, int, bool]]:
    """(top-level package, line, whether at module level)."""
    tree = ast.parse(path.read_text())
    top = {id(node) for node in tree.body}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno, id(node) in top) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module, node.lineno, id(node) in top


@pytest.mark.parametrize("package", sorted(FORBIDDEN))
def test_a_lower_package_knows_nothing_of_a_higher_one(package: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in modules(package)
        for name, line, _ in imported(path)
        if name.split(".")[0] in FORBIDDEN[package]
    ]
    assert not wrong


def test_the_shop_meets_the_plugin_in_one_place() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in modules("shop")
        for name, line, _ in imported(path)
        if name.split(".")[0] in ("recommender", "fusion")
        and path.parent.name != "recommendations"
        and path.name not in ENTRY_POINTS
    ]
    assert not wrong


def test_models_are_imported_lazily_and_by_the_encoders_and_the_index_only() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for package in ("fusion", "recommender", "shop")
        for path in modules(package)
        for name, line, at_top in imported(path)
        if name.split(".")[0] in MODEL_PACKAGES
        and (
            (at_top and path.name not in ("conse.py", "fusion_gate.py"))
            or path.parent.name not in ("encoders", "index", "learning")
        )
    ]
    assert not wrong


def test_no_module_is_called_after_nothing() -> None:
    names = {p.stem for package in ("fusion", "recommender", "shop") for p in modules(package)}
    assert not names & {"utils", "helpers", "common", "managers", "misc"}


def test_weights_are_data_not_code() -> None:
    for package in ("fusion", "recommender", "shop"):
        for path in modules(package):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call):
                    keywords = {k.arg: k.value for k in node.keywords}
                    called = ast.unparse(node.func)
                    assert "trust_remote_code" not in keywords or ast.unparse(keywords["trust_remote_code"]) == "False", path
                    assert called not in ("pickle.load", "pickle.loads", "joblib.load"), path
                    if called == "torch.load":
                        assert ast.unparse(keywords["weights_only"]) == "True", path
