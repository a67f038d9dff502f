"""The whole of serving as one list. Read this file first.

    understand the instruction -> encode the request's sources -> retrieve candidates under the constraints -> score ->
    fetch fresh items and re-check them -> explain

A failure inside (no model, no index, no history) never becomes an error: the answer names it in ``degraded`` and still
sells. Only an invalid request is refused, and that happens before this.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fusion.blocks import Leg, combine, terms_of, total
from fusion.chips import chip_key, edited, in_currency, labelled
from fusion.collection import ItemCollection
from fusion.encoders.base import Encoder
from fusion.exclusion import Exclusion
from fusion.fitting import fitting
from fusion.index.base import Mask, Rows
from fusion.instructions.base import InstructionParser
from fusion.messages import say
from fusion.musts import as_applied
from fusion.nearness import near_rows
from fusion.offering import offer
from fusion.profile import Profile
from fusion.ranking import best_first, by_column, diversify, relevant_enough, top_rows
from fusion.restating import labelled_as_seen
from fusion.run import PipelineOptions as PipelineOptions
from fusion.run import Run
from fusion.scoring import Scorer
from fusion.sources import SourceEncoder, Sources
from fusion.stand_in import queries_without, stand_ins
from fusion.telling import Teller, meets
from fusion.tokens import tokenize
from fusion.topic import TopicFinder
from fusion.types import (
    Answer,
    Constraint,
    Instruction,
    Item,
    Operator,
    Order,
    Query,
    RankedItem,
    Relaxation,
)
from fusion.weighing import Context, Weigher, weighed

logger = logging.getLogger(__name__)

Fetch = Callable[[Sequence[str]], Mapping[str, Item]]


class RecommendationPipeline:
    """Answers requests over one collection. Holds no request state; safe to call from many threads."""

    def __init__(
        self,
        collection: ItemCollection,
        encoders: Sequence[Encoder],
        parser: InstructionParser,
        fetch: Fetch,
        options: PipelineOptions | None = None,
    ) -> None:
        """Args: fetch: ids -> fresh items; an id that is missing from the result is gone."""
        self.collection = collection
        self.parser = parser
        self.fetch = fetch
        self.options = options or PipelineOptions()
        self.source_encoder = SourceEncoder(encoders, collection, self.options.weights)
        self.scorer = Scorer(collection, self.options.weights)
        self.teller = Teller(collection, parser)
        self.weigher: Weigher | None = None
        self.exclusion = Exclusion()

    def recommend(self, query: Query, profile: Profile | None = None) -> Answer:
        """One ranked, explained answer."""
        run = Run(query, profile or Profile())
        with run.stage("parse"):
            self._understand(run)
        with run.stage("encode"):
            self._encode(run)
        with run.stage("search"):
            self._retrieve(run)
        with run.stage("fuse"):
            self._score(run)
        with run.stage("rules"):
            order = self._arrange(run)
            fresh, order = self._recheck(run, order)
        if run.query.facets:
            with run.stage("facets"):
                self._offer(run, order, fresh)
        with run.stage("explain"):
            items = self.teller.tell(run, order, fresh)
        return self._answer(run, order, items)

    def reweigh(self, weights: Mapping[tuple[str, str], float]) -> None:
        """Score with other weights from the next request on."""
        self.options = replace(self.options, weights=weights)
        self.source_encoder.weights = self.scorer.weights = weights

    def still_fit(self, items: Mapping[str, Item], musts: Sequence[Constraint]) -> dict[str, Item]:
        """Fresh items that still meet the musts and the stock rule (for the next page of a stored ranking)."""
        musts = self.exclusion.from_constraints(musts)
        return {i: item for i, item in items.items() if self._fits(item, musts)}

    # -- understand ------------------------------------------------------------------------------------------------

    def _understand(self, run: Run) -> None:
        query = run.query
        if query.text.strip():
            try:
                run.instruction = self.parser.parse(query.text, language=query.language, currency=query.currency)
                run.degraded += run.instruction.degraded
            except Exception as error:
                logger.warning("event=parse_failed error=%r", error)
                run.degraded.append("parser")
                run.instruction = Instruction(text=query.text, language=query.language, rest=query.text)
        if query.edits:
            run.instruction = edited(
                run.instruction, query.edits, self.parser, run.language, query.currency or self.collection.columns.currency
            )
        if query.filters:
            run.instruction = replace(run.instruction, constraints=(*run.instruction.constraints, *self._filters(run)))
        run.instruction = labelled_as_seen(
            self.exclusion.from_instruction(run.instruction), query.currency, self.collection.columns, self.parser, run.language
        )
        run.order = query.order or run.instruction.order
        run.musts = run.instruction.musts

    def _filters(self, run: Run) -> list[Constraint]:
        """The filters with labels, without those that a chip already asks for."""
        asked = {chip_key(c) for c in run.instruction.musts}
        filters = [c for c in run.query.filters if chip_key(c) not in asked]
        currency = run.query.currency or self.collection.columns.currency
        return [c if c.label else labelled(in_currency(c, currency), self.parser, run.language) for c in filters]

    # -- encode ----------------------------------------------------------------------------------------------------

    def _encode(self, run: Run) -> None:
        run.sources = self.source_encoder.encode(run.query, run.instruction, run.profile)
        run.legs = self.source_encoder.calibrated(run.sources)
        run.degraded += run.sources.degraded
        run.context = self._context(run)
        if self.weigher is not None:
            try:
                run.weighing = self.weigher.weigh(run.context)
            except Exception as error:  # what was learnt is a gain; without it the defaults rank
                logger.warning("event=weigh_failed weigher=%s error=%r", type(self.weigher).__name__, error)
                run.degraded.append("fusion")

    def _context(self, run: Run) -> Context:
        return Context(
            words=run.sources.vectors.get(("words", "text")),
            signals=tuple(run.sources.weights),
            n_history=len(run.sources.history.ids) if run.sources.history else 0,
            n_musts=len(run.musts),
            language=run.instruction.language,
            draw=run.query.draw,
            unit=run.query.unit,
        )

    # -- retrieve --------------------------------------------------------------------------------------------------

    def _retrieve(self, run: Run) -> None:
        mask = self._mask(run.musts, run.query, run.profile, run.sources)
        topics = TopicFinder(self.collection, self.parser, run.instruction, run.legs, self._legs_of)
        if run.musts:
            allowed = self._mask((), run.query, run.profile, run.sources)
            mask = fitting(run, mask, allowed, topics, self.options.never_relaxed)
        if run.state == "ok" and run.query.photo is None and (thing := topics.lacking()):
            run.state = "no_match"
            run.relaxation = Relaxation(message=say("no_kind", run.language, words=thing))
        run.mask, run.total = mask, int(mask.sum())
        if not len(self.collection):
            run.degraded.append("index")
        n = self.collection.columns.n_rows
        run.lexical = self.collection.lexical.scores(tokenize(run.sources.words), n) if run.sources.words else None
        scope = self._mask((), run.query, run.profile, run.sources) if run.musts and self._has_floor(run) else mask
        if scope.sum() <= 2 * self.options.n_candidates:
            run.rows = np.flatnonzero(scope).astype(np.int64)
            return
        run.partial = self._has_floor(run)
        scopes = [scope, mask] if scope is not mask else [mask]
        run.rows = np.unique(np.concatenate([rows for allowed in scopes for rows in self._candidates(run, allowed)]))

    def _has_floor(self, run: Run) -> bool:
        """Whether only what is related is shown: of a request that no must of its own has picked from already.

        A filter only takes away. What is related is found without the filters, so that choosing one changes no score.
        """
        narrowed = all(c.source == "filter" for c in run.musts) and not run.relaxation.dropped
        return run.sources.has_request and narrowed

    def _candidates(self, run: Run, mask: Mask) -> list[Rows]:
        found = self._search(run, mask)
        nothing_asked = not found
        found.append(top_rows(run.lexical, mask, self.options.n_candidates))
        found.append(top_rows(self.collection.columns.numbers("popularity").astype(np.float32), mask, run.query.depth))
        found += [top_rows(together, mask, self.options.n_candidates) for together in run.sources.together.values()]
        if run.order is not None or nothing_asked:
            found.append(self._top_by_order(run.order, mask))
        return found

    def _search(self, run: Run, mask: Mask) -> list[Rows]:
        """Candidates by vectors: of a request and the history together, or of each interest where nothing was asked for."""
        history, weights = run.sources.history, run.sources.weights
        if not history:
            searches = [run.legs] if run.legs else []
        elif run.sources.has_request:
            searches = [[*run.legs, *history.legs(weights)]]
        else:
            searches = [[*run.legs, *interest] for interest in history.interests(weights)]
        k = self.options.n_candidates // max(1, len(searches))
        return [rows for legs in searches if legs for rows in self._search_one(run, legs, k, mask)]

    def _search_one(self, run: Run, legs: Sequence[Leg], k: int, mask: Mask) -> list[Rows]:
        """The best rows by all blocks, and by the others for what lacks some."""
        index, (query, offsets) = self.collection.index, combine(weighed(legs, run.weighing.factors))
        queries = [query, *queries_without(index, query, np.flatnonzero(mask))]
        return [index.search(blocks, offsets, k, mask) for blocks in queries]

    def _mask(self, musts: Sequence[Constraint], query: Query, profile: Profile, sources: Sources) -> Mask:
        mask = self.collection.columns.mask(map(as_applied, musts), in_stock_only=self.options.hide_out_of_stock)
        hidden = set(query.exclude) | set(query.liked)
        if not sources.has_request:
            hidden |= profile.kept_out  # what they have is no idea for a feed; a request may ask for it again
        rows = self.collection.rows_of(hidden)
        mask[rows[rows < len(mask)]] = False
        return mask

    def _legs_of(self, words: str) -> list[Leg]:
        """Some words of a request alone, as calibrated legs."""
        return self.source_encoder.calibrated(self.source_encoder.encode(Query(), Instruction(rest=words), Profile()))

    def _top_by_order(self, order: Order | None, mask: Mask) -> Rows:
        rows = np.flatnonzero(mask)
        column = self.collection.columns.numbers(order.field if order else "created_at")[rows]
        ranked = by_column(column, np.zeros(len(rows), np.float32), descending=order.descending if order else True)
        return rows[ranked[: self.options.n_candidates]].astype(np.int64)

    # -- score -----------------------------------------------------------------------------------------------------

    def _score(self, run: Run) -> None:
        run.columns = self.scorer.columns(run.instruction, run.sources, run.legs, run.lexical, run.rows)
        if run.sources.history:
            spoken = run.sources.history.columns(run.rows, run.sources.weights)
            loud = weighed([one.column for one in spoken], run.weighing.factors)
            run.spoken = [replace(one, column=column) for one, column in zip(spoken, loud, strict=True)]
        run.columns += self.scorer.again(run.profile, run.rows)
        run.columns = weighed(run.columns, run.weighing.factors)
        run.columns += [one.column for one in run.spoken]
        run.columns += stand_ins(run.columns, len(run.rows))
        run.scores = total(run.columns, len(run.rows))

    # -- arrange and re-check --------------------------------------------------------------------------------------

    def _arrange(self, run: Run) -> NDArray[np.int64]:
        """Positions into run.rows, best first, at most query.depth."""
        keep = np.flatnonzero(run.mask[run.rows])
        if run.columns and self._has_floor(run):
            related = self._above_floor(run)
            # What was filtered for and is all unrelated is shown nevertheless: a filter must not end in nothing.
            if not run.musts or related[keep].any():
                run.related = np.zeros(len(run.mask), bool)
                run.related[run.rows[related]] = True
                if run.partial and run.lexical is not None:
                    run.related |= run.lexical[: len(run.mask)] > 0
                keep = keep[related[keep]]
            run.total = len(keep) if run.related is None else int((run.related & run.mask).sum())
        if run.query.near and (near := self._near(run)) is not None:
            keep = keep[near[keep]]
            run.total = len(keep)
        scores, rows = run.scores[keep], run.rows[keep]
        if run.order is not None:
            # "The cheapest camera" is a camera: what is related most comes first, and nothing is lost by sorting.
            picked = any(c.operator is Operator.IN and c.field == "category" for c in run.musts)
            first = relevant_enough(scores) if run.sources.has_request and not picked else None
            values = self.collection.columns.numbers(run.order.field)[rows]
            return keep[by_column(values, scores, descending=run.order.descending, first=first)][: run.query.depth]
        newest = self.collection.columns.numbers("created_at")[rows]
        ranked = keep[best_first(scores, newest)][: run.query.depth]
        worded = bool(run.sources.words) or run.query.photo is not None
        return ranked if worded or not self.options.diversity else self._spread(run, ranked)

    def _above_floor(self, run: Run) -> Mask:
        """Candidates that are related enough; one that has a word of the request always is."""
        related = run.scores >= self.options.floor
        return related if run.lexical is None else related | (run.lexical[run.rows] > 0)

    def _near(self, run: Run) -> Mask | None:
        """Candidates that are clearly near the liked items; None where nothing can be compared."""
        liked = run.query.liked
        legs = self.source_encoder.calibrated(self.source_encoder.encode(Query(liked=liked), Instruction(), Profile()))
        return near_rows(self.collection, legs, liked, run.query.seed_blocks, run.rows)

    def _spread(self, run: Run, ranked: NDArray[np.int64]) -> NDArray[np.int64]:
        """Push look-alikes apart on the first pages of a feed."""
        blocks = [b for b in ("look", "image", "text") if b in self.collection.index.dims]
        if not blocks or len(ranked) < 3:
            return ranked
        pool = ranked[: 3 * run.query.limit]
        vectors, _present = self.collection.index.vectors(blocks[0], run.rows[pool])
        order = diversify(run.scores[pool], vectors, len(pool), 1.0 - self.options.diversity)
        return np.concatenate([pool[order], ranked[len(pool) :]])

    def _recheck(self, run: Run, order: NDArray[np.int64]) -> tuple[dict[str, Item], NDArray[np.int64]]:
        """Fresh items for the first page; what no longer fits leaves the ranking."""
        fresh: dict[str, Item] = {}
        gone: set[int] = set()
        start = 0
        while len(fresh) < run.query.limit and start < len(order):
            batch = order[start : start + run.query.limit - len(fresh) + 8]
            start += len(batch)
            ids = {int(p): self.collection.id_of(int(run.rows[p])) for p in batch}
            try:
                found = self.fetch([i for i in ids.values() if i])
            except Exception as error:
                logger.warning("event=fetch_failed error=%r", error)
                run.degraded.append("catalog")
                found = {i: item for i in ids.values() if (item := self.collection.item(i)) is not None}
            for position, item_id in ids.items():
                item = found.get(item_id)
                if item is not None and self._fits(item, run.musts):
                    fresh[item_id] = item
                else:
                    gone.add(position)
        run.total = max(0, run.total - len(gone))
        return fresh, np.asarray([p for p in order if int(p) not in gone], np.int64)

    def _fits(self, item: Item, musts: Sequence[Constraint]) -> bool:
        if self.options.hide_out_of_stock and not item.in_stock:
            return False
        return meets(self.collection, item, musts)

    # -- offer -----------------------------------------------------------------------------------------------------

    def _offer(self, run: Run, order: NDArray[np.int64], fresh: Mapping[str, Item]) -> None:
        try:
            base = self._mask((), run.query, run.profile, run.sources)[: len(run.mask)]
            offer(run, base, self._shown(run, order, fresh), self.collection.columns, self.parser)
        except Exception as error:
            logger.warning("event=facets_failed error=%r", error)
            run.degraded.append("facets")

    def _shown(self, run: Run, order: NDArray[np.int64], fresh: Mapping[str, Item]) -> list[tuple[Item, float]]:
        """The first page with its scores, best first."""
        places = [(self.collection.id_of(int(run.rows[p])), float(run.scores[p])) for p in order[: run.query.limit]]
        return [(fresh[item_id], score) for item_id, score in places if item_id in fresh]

    # -- answer ----------------------------------------------------------------------------------------------------

    def _answer(self, run: Run, order: NDArray[np.int64], items: tuple[RankedItem, ...]) -> Answer:
        ids = [(int(p), self.collection.id_of(int(run.rows[p]))) for p in order]
        known = [(p, item_id) for p, item_id in ids if item_id]
        return Answer(
            items=items,
            ranking=tuple((item_id, round(float(run.scores[p]), 6)) for p, item_id in known),
            terms={item_id: terms_of(run.columns, p) for p, item_id in known[: run.query.explain_depth]},
            because=run.because,
            words=run.sources.words,
            instruction=run.instruction,
            total=run.total,
            partial=run.partial,
            facets=run.facets,
            groups=run.groups,
            question=run.question,
            degraded=tuple(dict.fromkeys(run.degraded)),
            timings={name: round(ms, 3) for name, ms in run.timings.items()},
            weights={f"{c.source}/{c.block}": round(c.weight, 6) for c in run.columns},
            relaxation=run.relaxation,
            weighing=run.weighing,
            context=run.context,
            state=run.state if items else "no_match",
        )
