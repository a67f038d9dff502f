"""What an answer says of its items: why each is there, and which of what was asked it does not meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from fusion.blocks import terms_of
from fusion.collection import ItemCollection
from fusion.columns import satisfies
from fusion.evidence import Evidence
from fusion.explanation import explain
from fusion.instructions.base import InstructionParser
from fusion.messages import say
from fusion.musts import as_applied
from fusion.profile import Profile
from fusion.run import Run
from fusion.taste import Taste
from fusion.types import Answer, Constraint, Item, Query, RankedItem, Relaxation, Term


def meets(collection: ItemCollection, item: Item, musts: Sequence[Constraint]) -> bool:
    """Whether a fresh item meets all of them."""
    columns, known = collection.columns, collection.completed(item)
    return all(satisfies(known, as_applied(c), columns.exchange, columns.currency) for c in musts)


class Teller:
    """Explains items over one collection. Holds no request state."""

    def __init__(self, collection: ItemCollection, parser: InstructionParser) -> None:
        self.collection = collection
        self.parser = parser

    def tell(self, run: Run, order: NDArray[np.int64], fresh: Mapping[str, Item]) -> tuple[RankedItem, ...]:
        """The first page of an answer; ``run.because`` is filled on the way.

        Args:
            order: places in the run's rows, best first. fresh: item id -> item, of what may be shown.
        """
        page = [(int(p), self.collection.id_of(int(run.rows[p]))) for p in order[: run.query.limit]]
        shown = [(p, fresh[item_id]) for p, item_id in page if item_id in fresh]
        evidence = Evidence(self.collection, run.language, run.instruction, self.parser.value_name)
        if run.sources.history:
            told = order[: max(run.query.limit, run.query.explain_depth)]
            speakers = run.sources.history.speakers(run.spoken, told)
            run.because = {self.collection.id_of(int(run.rows[p])): s for p, s in zip(told, speakers, strict=True) if s}
        context = evidence.context(
            run.sources.words,
            run.query.liked,
            [item for _, item in shown],
            evidence.speaker(run.because),
            {"liked": [(i, 1.0) for i in run.query.liked], "history": run.profile.chosen or run.profile.liked},
            evidence.taste_speaker(run.sources.taste),
        )
        items = []
        for rank, (position, item) in enumerate(shown, start=1):
            terms = terms_of(run.columns, position)
            score = float(run.scores[position])
            unmet = self._unmet(item, run.relaxation, run.language)
            items.append(RankedItem(item, rank, score, terms, explain(item, terms, context), unmet))
        return tuple(items)

    def _unmet(self, item: Item, relaxation: Relaxation, language: str) -> tuple[str, ...]:
        """Labels of what was let go that this item does not meet; a price is called one: "price up to $10"."""
        missed = [c for c in relaxation.dropped if not meets(self.collection, item, [c])]
        labels = [(c, c.label or c.field) for c in missed]
        return tuple(say("priced", language, bounds=label) if c.field == "price" else label for c, label in labels)

    def tell_stored(
        self,
        items: Sequence[Item],
        terms: Mapping[str, tuple[Term, ...]],
        answer: Answer,
        query: Query,
        first_rank: int,
        profile: Profile | None = None,
    ) -> tuple[RankedItem, ...]:
        """A later page of a stored answer, explained from the terms that were kept with it.

        Args:
            answer: the stored answer; its instruction, words, ranking and what it is because of are read.
            query: of which the language and the seeds are read.
            profile: the shopper's, as it is now; None says nothing of their taste.
        """
        language = query.language or answer.instruction.language or "en"
        evidence = Evidence(self.collection, language, answer.instruction, self.parser.value_name)
        taste = Taste(self.collection, profile) if profile else None
        together = {"liked": [(i, 1.0) for i in query.liked], "history": [(i, 1.0) for _kind, i in answer.because.values()]}
        context = evidence.context(
            answer.words, query.liked, items, evidence.speaker(answer.because), together,
            evidence.taste_speaker(taste),
        )  # fmt: skip
        scores = dict(answer.ranking)
        return tuple(
            RankedItem(
                i, rank, scores[i.item_id], terms.get(i.item_id, ()), explain(i, terms.get(i.item_id, ()), context),
                self._unmet(i, answer.relaxation, language),
            )
            for rank, i in enumerate(items, start=first_rank)
        )  # fmt: skip
