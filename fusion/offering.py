"""What an answer offers beside its products: facets to narrow it by and, of a broad request, directions and a question."""

from __future__ import annotations

from collections.abc import Sequence

from fusion.columns import Columns
from fusion.directions import groups_of, is_broad, question_of
from fusion.facets import FacetCounter
from fusion.index.base import Mask
from fusion.instructions.base import InstructionParser
from fusion.run import Run
from fusion.tokens import tokenize
from fusion.types import Item


def offer(run: Run, base: Mask, shown: Sequence[tuple[Item, float]], columns: Columns, parser: InstructionParser) -> None:
    """Fill the run's facets, groups and question. Where musts gave way there is nothing to narrow: the ways out are shown.

    Args:
        base: (n_rows,) what may be shown without any must.
        shown: the first page with its scores, best first.
    """
    if run.relaxation.dropped:
        return
    base = base if run.related is None else base & run.related
    run.facets = FacetCounter(columns, base, run.musts, parser.value_name, run.language, run.query.currency).facets()
    items, scores = [item for item, _score in shown], [score for _item, score in shown]
    if not _is_open(run) or not is_broad(run.instruction, items, scores):
        return
    paths = {"/".join(item.category[:n]) for item in items for n in range(1, len(item.category) + 1)}
    names = {path: parser.value_name("category", path, run.language) for path in paths}
    run.groups = groups_of(items, scores, run.facets, names)
    run.question = question_of(run.facets, run.instruction, run.language)


def _is_open(run: Run) -> bool:
    """Whether the request leaves open what is meant: no photo, seed or order, and words that can be compared."""
    if run.state != "ok" or run.query.photo is not None or run.query.liked or run.order is not None:
        return False
    said, strange = (set(tokenize(text)) for text in (run.instruction.rest, " ".join(run.instruction.unparsed)))
    compared = any(source == "words" for source, _block in run.sources.vectors)
    return not (run.sources.words and run.lexical is None and (said <= strange or not compared))
