"""What an adaptation learns from: indexed products with the vectors of their photos, and words that led to a purchase."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fusion.instructions.catalogue_values import CatalogueValues, read_catalogue
from fusion.types import Item, Matrix, Vocabulary
from recommender.catalog import get_catalog
from recommender.conf import get_settings
from recommender.control import current_exclusion
from recommender.facts import from_facts
from recommender.models import Event, IndexedItem, ItemEmbedding, Recommendation

CHUNK = 500


@dataclass(frozen=True)
class Catalogue:
    """Products with a title and every asked vector; ``vectors`` maps a block to (n_items, dim) unit rows, in the same order."""

    items: tuple[Item, ...]
    vectors: Mapping[str, Matrix]


def read_catalogue_items(blocks: Sequence[tuple[str, str]], limit: int, seed: int) -> Catalogue:
    """
    Args:
        blocks: (block, encoder id) of the vectors that a product must have.
        limit: the products with the smallest hashes of seed and id, so that a new product moves few others.
    """
    stored: dict[str, dict[str, bytes]] = defaultdict(dict)
    shown = set(IndexedItem.objects.filter(removed=False, n_photos__gt=0).values_list("item_id", flat=True))
    drawn = sorted(shown, key=lambda item_id: hashlib.sha256(f"{seed}/{item_id}".encode()).digest())
    items: list[Item] = []
    allowed = current_exclusion().from_item
    for start in range(0, len(drawn), CHUNK):
        chunk = drawn[start : start + CHUNK]
        rows = ItemEmbedding.objects.filter(item_id__in=chunk, encoder_id__in=[encoder_id for _block, encoder_id in blocks])
        for item_id, block, encoder_id, vector in rows.values_list("item_id", "block", "encoder_id", "vector"):
            if (block, encoder_id) in blocks:
                stored[item_id][block] = bytes(vector)
        whole = [item_id for item_id in chunk if len(stored[item_id]) == len(blocks)]
        facts = IndexedItem.objects.filter(item_id__in=whole).values_list("item_id", "facts", "derived")
        items += [item for given in facts.order_by("item_id") if (item := allowed(from_facts(*given))).title.strip()]
        if len(items) >= limit:
            break
    kept = tuple(items[:limit])
    vectors = {
        block: _unit(np.stack([np.frombuffer(stored[item.item_id][block], "<f2") for item in kept]).astype(np.float32))
        for block, _encoder_id in blocks
        if kept
    }
    return Catalogue(kept, vectors)


def vocabulary_of(items: Sequence[Item]) -> CatalogueValues:
    """The items' own values, linked to the lexicon, which knows what they are called in the other language."""
    values: dict[str, Counter[str]] = defaultdict(Counter)
    for item in items:
        if item.category:
            values["category"]["/".join(item.category)] += 1
        for name, given in item.attributes.items():
            values[name].update(given)
    return read_catalogue(Vocabulary({name: dict(counts) for name, counts in values.items()}))


def bought_pairs(item_ids: set[str]) -> list[tuple[str, str]]:
    """(words, product) of purchases that followed a request in words, one for each shopper, words and product.

    Only words that at least ``BEHAVIOUR_MIN_SHOPPERS`` shoppers bought after count, so that no single person's words are learnt
    by heart; nobody who does not want to be remembered and no simulated shopper is among them.
    """
    bought = Event.objects.filter(kind=Event.Kind.PURCHASE, simulated=False).exclude(recommendation_id="")
    bought = bought.exclude(user_id="", visitor_id="")
    rows = [
        row
        for row in bought.values_list("recommendation_id", "item_id", "user_id", "visitor_id").iterator()
        if row[1] in item_ids
    ]
    words = _words_of({recommendation_id for recommendation_id, *_ in rows})
    remembered: dict[tuple[str, str], bool] = {}
    asked = get_catalog().may_remember
    pairs: set[tuple[str, str, tuple[str, str]]] = set()
    for recommendation_id, item_id, user_id, visitor_id in rows:
        whose = (user_id, "") if user_id else ("", visitor_id)
        if whose not in remembered:
            remembered[whose] = asked(user_id=user_id, visitor_id=visitor_id)
        if remembered[whose] and (said := words.get(recommendation_id)):
            pairs.add((said, item_id, whose))
    shoppers: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for said, _item_id, whose in pairs:
        shoppers[said].add(whose)
    enough = {said for said, who in shoppers.items() if len(who) >= get_settings().BEHAVIOUR_MIN_SHOPPERS}
    return sorted((said, item_id) for said, item_id, _whose in pairs if said in enough)


def _words_of(recommendation_ids: set[str]) -> dict[str, str]:
    """Answer -> the words that were searched with, as the encoder saw them."""
    found: dict[str, str] = {}
    ids = sorted(recommendation_ids)
    for start in range(0, len(ids), CHUNK):
        rows = Recommendation.objects.filter(pk__in=ids[start : start + CHUNK], simulated=False)
        found.update({pk: " ".join(str(words or "").split()) for pk, words in rows.values_list("pk", "request__words")})
    return {pk: words for pk, words in found.items() if words}


def _unit(rows: Matrix) -> Matrix:
    unit: Matrix = (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)).astype(np.float32)
    return unit
