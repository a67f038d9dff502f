"""A request becomes sources: its words, photo, seeds and history as vectors in each block that can hold them."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from fusion.blocks import Leg, calibrate, mean_direction
from fusion.collection import ItemCollection
from fusion.columns import normalise_value
from fusion.encoders.base import BlockSpec, Encoder
from fusion.history import MAX_ITEMS_BESIDE, History
from fusion.history import SOURCE as HISTORY
from fusion.profile import Profile
from fusion.taste import LEG as TASTE
from fusion.taste import Taste
from fusion.types import Instruction, Operator, Query, Strength, Vector
from fusion.weights import share_out

logger = logging.getLogger(__name__)


@dataclass
class Sources:
    """What a request is made of, before and after calibration.

    Attributes:
        vectors: (source, block) -> (dim,) unit vector.
        legs: the calibrated ones, with their weights.
        history: what the shopper's own past says by likeness; None or empty where there is none.
        taste: the values that the shopper keeps choosing; None or empty where there is no history.
        together: source -> (n_rows,) how much shoppers of its items chose each item (``ItemCollection.chosen_with``).
        weights: (source, block) -> the weight of each signal that this request has, once calibrated.
        words, avoid: what the lexical leg searches for and against.
        degraded: what could not be used.
    """

    vectors: dict[tuple[str, str], Vector] = field(default_factory=dict)
    legs: list[Leg] = field(default_factory=list)
    history: History | None = None
    taste: Taste | None = None
    together: dict[str, Vector] = field(default_factory=dict)
    weights: dict[tuple[str, str], float] = field(default_factory=dict)
    words: str = ""
    avoid: str = ""
    degraded: list[str] = field(default_factory=list)

    @property
    def has_request(self) -> bool:
        """Whether the shopper asked for something, as opposed to opening a page."""
        return bool(self.words) or "liked" in self.together or any(s in ("photo", "liked") for s, _block in self.vectors)


def searched_words(instruction: Instruction) -> str:
    """What is embedded and looked up: the rest of the request, its expansions, and linked values it does not spell out."""
    words = [instruction.rest] if instruction.rest else []
    seen = normalise_value(instruction.rest)
    linked = [
        value.rpartition("/")[2]
        for c in instruction.constraints
        if c.operator is Operator.IN and c.strength is not Strength.AVOID and c.source != "filter" and c.field != "in_stock"
        for value in c.values[:3]
    ]
    for word in [*instruction.expansions, *linked]:
        if normalise_value(word) not in seen:
            words.append(word)
            seen += " " + normalise_value(word)
    return " ".join(words)


class SourceEncoder:
    """Turns requests into calibrated legs. A source that fails is named in ``degraded`` and the others go on."""

    def __init__(
        self, encoders: Sequence[Encoder], collection: ItemCollection, weights: Mapping[tuple[str, str], float]
    ) -> None:
        self.encoders = encoders
        self.collection = collection
        self.weights = weights

    def encode(self, query: Query, instruction: Instruction, profile: Profile) -> Sources:
        """All sources of a request; each text is encoded once, whatever the number of blocks that use it."""
        sources = Sources(words=searched_words(instruction), avoid=instruction.avoid)
        self._words(sources)
        if query.photo is not None:
            self._photo(query, sources)
        self._items("liked", [(i, 1.0) for i in query.liked], sources, query.seed_blocks)
        self._items("disliked", [(i, 1.0) for i in query.disliked], sources, query.seed_blocks)
        if profile.liked:
            blocks = [block for source, block in self.weights if source == HISTORY]
            limit = MAX_ITEMS_BESIDE if sources.has_request else None
            sources.history = History(self.collection, profile, blocks, limit)
            if sources.has_request:
                sources.taste = Taste(self.collection, profile)
        self._together("liked", [(i, 1.0) for i in query.liked], sources, query.seed_blocks)
        self._together("history", profile.chosen or profile.liked, sources)
        return sources

    def calibrated(self, sources: Sources) -> list[Leg]:
        """The legs that tell items apart, with the weights of those that this request does not have shared out."""
        legs = []
        for (source, block), vector in sources.vectors.items():
            leg = calibrate(
                Leg(source, block, vector, self.weights.get((source, block), 0.0)), self.collection.reference(block)
            )
            if leg is not None and leg.weight:
                legs.append(leg)
        present = [(leg.source, leg.block) for leg in legs]
        if sources.words:
            present.append(("words", "lexical"))
        present += [(source, "behaviour") for source in sources.together]
        if sources.history:
            present += [(HISTORY, block) for block in sources.history.blocks]
        if sources.taste:
            present.append(TASTE)
        weights = sources.weights = share_out(self.weights, present)
        return [Leg(leg.source, leg.block, leg.vector, weights[(leg.source, leg.block)], leg.mean, leg.std) for leg in legs]

    def _words(self, sources: Sources) -> None:
        texts = {source: text for source, text in (("words", sources.words), ("avoid", sources.avoid)) if text}
        if not texts:
            return
        for encoder in self.encoders:
            if not any(spec.words for spec in encoder.blocks):
                continue
            try:
                found = encoder.encode_instructions(list(texts.values()))
            except Exception as error:  # a broken model degrades the answer, never the shop
                logger.warning("event=encode_failed source=words encoder=%s error=%r", type(encoder).__name__, error)
                sources.degraded.append("text_model")
                continue
            for block, matrix in found.items():
                for source, vector in zip(texts, matrix, strict=True):
                    if (source, block) in self.weights:
                        sources.vectors[(source, block)] = vector

    def _photo(self, query: Query, sources: Sources) -> None:
        assert query.photo is not None
        specs = [spec for encoder in self.encoders for spec in encoder.blocks]
        for encoder in self.encoders:
            if not any(spec.modality == "photo" for spec in encoder.blocks):
                continue
            try:
                found = encoder.encode_photos([query.photo])
            except Exception as error:
                logger.warning("event=encode_failed source=photo encoder=%s error=%r", type(encoder).__name__, error)
                sources.degraded.append("image_model")
                continue
            for block, matrix in found.items():
                for target in _comparable(block, specs):
                    if ("photo", target) in self.weights:
                        sources.vectors.setdefault(("photo", target), matrix[0])

    def _items(
        self, source: str, weighted: Sequence[tuple[str, float]], sources: Sources, blocks: Collection[str] = ()
    ) -> None:
        """The weighted mean of items that are in the collection, per block; no blocks means all."""
        known = [(i, w) for i, w in weighted if i in self.collection]
        if not known:
            return
        rows = self.collection.rows_of(i for i, _ in known)
        strength = np.asarray([w for _, w in known], np.float32)
        for block in self.collection.index.dims:
            if (source, block) not in self.weights or (blocks and block not in blocks):
                continue
            vectors, present = self.collection.index.vectors(block, rows)
            direction = mean_direction(vectors[present], strength[present])
            if direction is not None:
                sources.vectors[(source, block)] = direction

    def _together(
        self, source: str, weighted: Sequence[tuple[str, float]], sources: Sources, blocks: Collection[str] = ()
    ) -> None:
        """What shoppers of these items chose, where that was learnt."""
        if self.weights.get((source, "behaviour")) and (not blocks or "behaviour" in blocks):
            found = self.collection.chosen_with(weighted)
            if found is not None:
                sources.together[source] = found


def _comparable(block: str, specs: Sequence[BlockSpec]) -> list[str]:
    """A block and the others that hold vectors of the same space."""
    space = next((spec.space for spec in specs if spec.name == block), None)
    return [block, *(s.name for s in specs if s.space == space and s.name != block)]
