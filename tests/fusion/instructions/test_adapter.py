"""A tagger on disk: read only as it was written, only on the encoder that it was trained on."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fusion.encoders.base import EncoderIdentity
from fusion.exceptions import ChecksumMismatch, MissingDependency
from fusion.instructions.adapter import CARD, base_of, read_adapter, write_adapter

BASE = EncoderIdentity("transformers", "/models/small", "abc123", 8)


def tensors(value: float = 0.5) -> dict[str, np.ndarray]:
    made = {"head.weight": np.full((5, 8), value), "head.bias": np.zeros(5)}
    for projection in ("query", "value"):
        made[f"layer.0.{projection}.down"] = np.full((2, 8), value)
        made[f"layer.0.{projection}.up"] = np.full((8, 2), value)
    return made


def write(folder: Path, **card: object) -> Path:
    return write_adapter(folder, tensors(), {"base": base_of(BASE), "n_layers": 1, "threshold": 0.8, **card})


def test_what_was_written_is_read(tmp_path):
    write(tmp_path)
    adapter = read_adapter(tmp_path, BASE)
    assert adapter.threshold == 0.8
    assert adapter.tensors["layer.0.value.up"].dtype == np.float32
    assert np.array_equal(adapter.tensors["head.weight"], np.full((5, 8), 0.5, np.float32))


def test_a_folder_may_move_and_the_pooling_may_change(tmp_path):
    write(tmp_path)
    assert read_adapter(tmp_path, replace(BASE, model="/elsewhere/small", pooling="cls", query_prefix="query: ")).n_layers == 1


def test_another_encoder_is_refused_by_name(tmp_path):
    write(tmp_path)
    with pytest.raises(ChecksumMismatch, match=r"on transformers/small \(abc123.*encoder is transformers/small \(def456"):
        read_adapter(tmp_path, replace(BASE, checksum="def456"))


def test_changed_weights_are_refused(tmp_path):
    path = tmp_path / json.loads(write(tmp_path).read_text())["file"]
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ChecksumMismatch, match=r"sha256.*train_tagger"):
        read_adapter(tmp_path, BASE)


def test_missing_weights_and_a_missing_card_are_named(tmp_path):
    with pytest.raises(MissingDependency, match=r"no readable card\.json"):
        read_adapter(tmp_path, BASE)
    path = tmp_path / json.loads(write(tmp_path).read_text())["file"]
    path.unlink()
    with pytest.raises(MissingDependency, match="is missing"):
        read_adapter(tmp_path, BASE)


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"format": 99}, "no card of a tagger of format 1"),
        ({"labels": ["O"]}, "no card of a tagger"),
        ({"n_layers": 2}, "does not hold the tensors"),
        ({"file": "../../etc/passwd"}, "is missing"),
    ],
)
def test_a_card_that_does_not_fit_is_refused(tmp_path, changed, match):
    path = write(tmp_path)
    path.write_text(json.dumps({**json.loads(path.read_text()), **changed}))
    with pytest.raises((ChecksumMismatch, MissingDependency), match=match):
        read_adapter(tmp_path, BASE)


def test_numbers_that_are_none_are_refused(tmp_path):
    broken = {**tensors(), "head.bias": np.full(5, np.nan)}
    write_adapter(tmp_path, broken, {"base": base_of(BASE), "n_layers": 1, "threshold": 0.8})
    with pytest.raises(ChecksumMismatch, match="does not hold the tensors"):
        read_adapter(tmp_path, BASE)


@pytest.mark.parametrize("renames", [0, 1])
def test_a_training_that_is_killed_while_it_writes_leaves_the_old_adapter(tmp_path, renames):
    write(tmp_path)
    code = f"""
import os, signal
from pathlib import Path
from tests.fusion.instructions import test_adapter as t
real, left = os.replace, [{renames}]
def replace(*paths):
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 1
    real(*paths)
os.replace = replace
t.write_adapter(Path({str(tmp_path)!r}), t.tensors(9.0), {{"base": t.base_of(t.BASE), "n_layers": 1, "threshold": 0.6}})
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGKILL
    adapter = read_adapter(tmp_path, BASE)
    assert adapter.threshold == 0.8
    assert float(adapter.tensors["head.weight"].max()) == 0.5


def test_training_again_leaves_the_new_adapter_and_the_one_before_it(tmp_path):
    for value in (0.5, 1.0, 2.0):
        write_adapter(tmp_path, tensors(value), {"base": base_of(BASE), "n_layers": 1, "threshold": 0.8})
    assert float(read_adapter(tmp_path, BASE).tensors["head.weight"].max()) == 2.0
    assert len(list(tmp_path.glob("*.safetensors"))) == 2
    assert (tmp_path / CARD).is_file()
