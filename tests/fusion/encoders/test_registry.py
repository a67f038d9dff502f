from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fusion.encoders.bundled import BundledEncoder
from fusion.encoders.clip import OpenClipEncoder
from fusion.encoders.registry import build_encoder
from fusion.encoders.text import TransformersTextEncoder
from fusion.exceptions import FusionError, MissingDependency

MODELS = Path("nowhere")


def test_short_names_and_dotted_paths_build_the_same_class():
    assert isinstance(build_encoder({"BACKEND": "bundled"}, models_dir=MODELS), BundledEncoder)
    assert isinstance(
        build_encoder({"BACKEND": "fusion.encoders.bundled.BundledEncoder", "OPTIONS": None}, models_dir=MODELS), BundledEncoder
    )
    assert isinstance(
        build_encoder({"BACKEND": "open_clip", "OPTIONS": {"model": "ViT-B-32"}}, models_dir=MODELS), OpenClipEncoder
    )
    assert isinstance(
        build_encoder({"BACKEND": "transformers", "OPTIONS": {"model": "x"}}, models_dir=MODELS), TransformersTextEncoder
    )


def test_an_unknown_option_is_named_beside_the_known_ones():
    with pytest.raises(FusionError, match=r"no option tempreature\. Its options: .*temperature"):
        build_encoder({"BACKEND": "bundled", "OPTIONS": {"tempreature": 2}}, models_dir=MODELS)


def test_a_missing_option_is_named():
    with pytest.raises(FusionError, match="'model'"):
        build_encoder({"BACKEND": "open_clip"}, models_dir=MODELS)


@pytest.mark.parametrize("backend", ["bundle", "no.such.Thing", "fusion.encoders.base.Nothing"])
def test_a_backend_that_cannot_be_imported_names_the_choices(backend):
    with pytest.raises(MissingDependency, match="bundled, open_clip, transformers"):
        build_encoder({"BACKEND": backend}, models_dir=MODELS)


def test_a_class_that_is_no_encoder_is_refused():
    with pytest.raises(FusionError, match="not a subclass"):
        build_encoder({"BACKEND": "pathlib.Path"}, models_dir=MODELS)


def test_building_imports_no_torch():
    code = (
        "import sys; from pathlib import Path; from fusion.encoders.registry import build_encoder\n"
        "encoder = build_encoder({'BACKEND': 'bundled'}, models_dir=Path('x'))\n"
        "[encoder.identity(spec.name).id for spec in encoder.blocks]\n"
        "print([name for name in ('torch', 'transformers', 'open_clip') if name in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"
