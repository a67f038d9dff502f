"""A progress bar for commands: what ``on_progress(done, total)`` draws."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import TracebackType

from tqdm import tqdm


class Bar:
    """Draws with tqdm on a terminal's stderr; silent where nobody watches."""

    def __init__(self, label: str, unit: str = " items") -> None:
        self._bar = tqdm(desc=label, unit=unit, total=0, file=sys.stderr, disable=None, leave=False)

    def __call__(self, done: int, total: int) -> None:
        self._bar.total = total
        self._bar.update(done - self._bar.n)

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._bar.close()


def both(first: Callable[[int, int], None], second: Callable[[int, int], None]) -> Callable[[int, int], None]:
    """Progress for two readers: the ledger and the terminal."""

    def on_progress(done: int, total: int) -> None:
        first(done, total)
        second(done, total)

    return on_progress
