"""Two fitted catalogues, shared by the tests of the instruction parser."""

from __future__ import annotations

import pytest

from fusion.instructions.parser import LexiconParser
from tests.instructions.suite import fitted_parsers


@pytest.fixture(scope="session")
def parsers() -> dict[str, LexiconParser]:
    return fitted_parsers()


@pytest.fixture(scope="session")
def clothes(parsers: dict[str, LexiconParser]) -> LexiconParser:
    return parsers["clothes"]


@pytest.fixture(scope="session")
def demo(parsers: dict[str, LexiconParser]) -> LexiconParser:
    return parsers["demo"]
