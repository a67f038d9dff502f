"""Small items and collections that the tests of this library share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import numpy as np

from fusion.collection import ItemCollection, ItemRecord
from fusion.exchange import Exchange
from fusion.index.exact import ExactIndex
from fusion.instructions.base import InstructionParser
from fusion.types import Instruction, Item, Money, Vector, Vocabulary


def make_item(item_id: str, title: str = "", *, price: str | None = "10", currency: str = "USD", **fields: object) -> Item:
    money = None if price is None else Money.from_major(Decimal(price), currency)
    attributes = {k: tuple(v) for k, v in dict(fields.pop("attributes", {})).items()}  # type: ignore[call-overload]
    return Item(item_id=item_id, title=title or item_id, price=money, attributes=attributes, **fields)  # type: ignore[arg-type]


def unit(*values: float) -> Vector:
    vector = np.asarray(values, np.float32)
    return vector / np.float32(np.linalg.norm(vector))


def collection_of(
    items: Sequence[Item], vectors: Mapping[str, Mapping[str, Vector]] | None = None, rates: Mapping[str, float] | None = None
) -> ItemCollection:
    """Args: vectors: block -> item id -> vector."""
    given = vectors or {}
    dims = {block: len(next(iter(by_id.values()))) for block, by_id in given.items()}
    collection = ItemCollection(ExactIndex(dims), Exchange(rates))
    records = [ItemRecord(i, {b: by_id[i.item_id] for b, by_id in given.items() if i.item_id in by_id}) for i in items]
    collection.update(records)
    collection.rebuild_lexical()
    return collection


class GivenParser(InstructionParser):
    """Reads what it was told beforehand, and every other text as plain words: the pipeline is what is under test."""

    def __init__(self, known: Mapping[str, Instruction] | None = None) -> None:
        self.known = dict(known or {})

    def fit(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary

    def parse(self, text: str, *, language: str = "", currency: str = "") -> Instruction:
        return self.known.get(text) or Instruction(text=text, language=language or "en", rest=text)
