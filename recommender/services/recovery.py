"""What else may have been meant, where the shop has nothing of the kind: requests that it can answer, one tap away."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from fusion.suggesting.index import things_in
from fusion.tokens import tokenize
from fusion.types import Answer
from recommender.engine import Engine, get_engine

logger = logging.getLogger(__name__)

MAX_MEANT = 4


def did_you_mean(answer: Answer, language: str) -> tuple[str, ...]:
    """At most MAX_MEANT requests: what is spelt nearly so, then what the nearest products are called.

    Empty where products have the words of the request, or where it is broad and gets directions instead.
    """
    text = answer.instruction.text.strip()
    if not text or answer.groups:
        return ()
    engine = get_engine()
    nothing = answer.state == "no_match"
    if not nothing and is_known(answer, engine):
        return ()
    try:
        found = dict.fromkeys(_meant(answer, engine, language, nothing))
    except Exception as error:
        logger.warning("event=did_you_mean_failed error=%r", error)
        return ()
    return tuple(said for said in found if said.casefold() != text.casefold())[:MAX_MEANT]


def is_known(answer: Answer, engine: Engine) -> bool:
    """Whether any product has a word of the request, or a must was understood."""
    words = tokenize(answer.words)
    return (
        not words
        or bool(answer.instruction.musts)
        or engine.collection.lexical.scores(words, engine.collection.columns.n_rows) is not None
    )


def _meant(answer: Answer, engine: Engine, language: str, nothing: bool) -> Iterator[str]:
    index = engine.suggestions.index()
    if index is not None:
        yield from index.nearest(answer.instruction.rest or answer.instruction.text, language, MAX_MEANT)
    if nothing:
        yield from things_in([ranked.item for ranked in answer.items], language)
