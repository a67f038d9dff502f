"""Which stored answers a command learns from, as options of the command line."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from recommender.management.moments import moment
from recommender.services.logged_answers import SIMULATED, LogRange


def add_log_range(parser: ArgumentParser) -> None:
    """``--from``, ``--until``, ``--simulated`` and ``--limit``."""
    parser.add_argument("--from", dest="since", default="", metavar="D", help="first answers (date or time); default: all")
    parser.add_argument("--until", default="", metavar="D", help="read the log as it was then; default: now")
    parser.add_argument("--simulated", choices=SIMULATED, default=SIMULATED[0], help="answers of simulated shoppers")
    parser.add_argument("--limit", type=int, default=LogRange().limit, metavar="N", help="at most the newest N answers")


def log_range_of(options: Mapping[str, Any]) -> LogRange:
    """What the options say.

    Raises:
        CommandError: a moment is none.
    """
    return LogRange(
        until=moment("--until", options["until"]),
        since=moment("--from", options["since"]),
        simulated=options["simulated"],
        limit=options["limit"],
    )
