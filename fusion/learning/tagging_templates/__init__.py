"""Sentences with gaps, and the words that fill them, that the want/avoid tagger learns from: TOML beside this module."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

LANGUAGES = ("en", "zh")


@lru_cache(maxsize=4)
def load(name: str) -> Mapping[str, Any]:
    """The content of "en", "zh" or "words"."""
    return tomllib.loads(resources.files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8"))
