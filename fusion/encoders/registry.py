"""Builds the encoder that the settings name."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from fusion.encoders.base import Encoder
from fusion.exceptions import FusionError, MissingDependency

BACKENDS: Mapping[str, str] = {
    "bundled": "fusion.encoders.bundled.BundledEncoder",
    "open_clip": "fusion.encoders.clip.OpenClipEncoder",
    "transformers": "fusion.encoders.text.TransformersTextEncoder",
}


def build_encoder(conf: Mapping[str, Any], *, models_dir: Path) -> Encoder:
    """The encoder of ``{"BACKEND": name or dotted path, "OPTIONS": {...}}``. Reads no weights.

    ``models_dir`` is passed to every encoder whose constructor takes it.

    Raises:
        MissingDependency: the class cannot be imported.
        FusionError: it is not an Encoder, or an option is not one of its own.
    """
    encoder_class = _import(str(conf["BACKEND"]))
    options = dict(conf.get("OPTIONS") or {})
    allowed = set(inspect.signature(encoder_class).parameters)
    unknown = sorted(set(options) - allowed)
    if unknown:
        raise FusionError(
            f"Encoder {conf['BACKEND']!r} has no option {', '.join(unknown)}. "
            f"Its options: {', '.join(sorted(allowed - {'models_dir'}))}."
        )
    if "models_dir" in allowed:
        options.setdefault("models_dir", models_dir)
    try:
        return encoder_class(**options)
    except TypeError as error:
        raise FusionError(f"Encoder {conf['BACKEND']!r}: {error}. Set it in OPTIONS.") from error


def _import(backend: str) -> type[Encoder]:
    module_name, _, class_name = BACKENDS.get(backend, backend).rpartition(".")
    try:
        found = getattr(import_module(module_name), class_name)
    except (ImportError, AttributeError, ValueError) as error:
        raise MissingDependency(
            f"Encoder BACKEND {backend!r} cannot be imported ({error}). Use {', '.join(BACKENDS)} or a dotted path to a class."
        ) from error
    if not (isinstance(found, type) and issubclass(found, Encoder)):
        raise FusionError(f"Encoder BACKEND {backend!r} is not a subclass of fusion.encoders.base.Encoder.")
    return found
