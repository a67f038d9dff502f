"""What a policy sees of a request: few numbers, since every arm learns what each of them means from its own answers.

x = [ 1, words, a photo, products to start from, a history, log(1 + n_history) / LONG, musts ]                     (7,)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fusion.weighing import Context

FEATURES = ("one", "words", "photo", "liked", "history", "history_size", "musts")
# log(1 + 80): the longest profile by likeness.
_LONG = float(np.log(81.0))


def describe(context: Context) -> NDArray[np.float64]:
    """(len(FEATURES),); the entries lie between 0 and about 1.4."""
    sources = {source for source, _block in context.signals}
    return np.array(
        [
            1.0,
            "words" in sources,
            "photo" in sources,
            "liked" in sources,
            context.n_history > 0,
            np.log1p(context.n_history) / _LONG,
            context.n_musts > 0,
        ],
        np.float64,
    )
