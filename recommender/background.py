"""Long learning in a process of its own, below everything else: the worker goes on embedding and pages do not notice.

``start`` is what the worker's tasks call. The process lowers its priority, keeps to one thread and a bounded memory, and does
one function of ``recommender.services.training``, which writes the ledger. When it is killed nothing is half done: what was
learnt is stored in one transaction at the end, and checkpoints are whole files.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import subprocess
import sys
from typing import Any

logger = logging.getLogger(__name__)

NICENESS = 15


def start(name: str, **arguments: Any) -> int:
    """Begin one training beside this process and return its process id at once."""
    command = [sys.executable, "-m", "recommender.background", name, json.dumps(arguments)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603
    logger.info("event=training_started name=%s pid=%d", name, process.pid)
    return process.pid


def main(arguments: list[str]) -> None:
    """``python -m recommender.background NAME JSON``.

    Raises:
        SystemExit: no training has this name.
    """
    os.nice(NICENESS)
    import django

    django.setup()
    from recommender.conf import get_settings
    from recommender.services import training

    name, given = arguments[0], json.loads(arguments[1]) if len(arguments) > 1 else {}
    if name not in training.TRAININGS:
        sys.exit(f"There is no training {name!r}; known are {', '.join(training.TRAININGS)}.")
    limit = get_settings().TRAINING_MAX_BYTES
    if limit:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    training.TRAININGS[name](**given)


if __name__ == "__main__":
    main(sys.argv[1:])
