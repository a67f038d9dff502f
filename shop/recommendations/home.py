"""What pages show beside answers: requests to begin with, what is wanted more and more, and words of attributes."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence

from django.core.cache import cache
from django.db import DatabaseError
from django.http import HttpRequest

from recommender.catalog import Shopper
from recommender.engine import get_engine
from recommender.popularity import rising_items
from recommender.services.serving import RecommendationRequest, recommend
from shop.catalog.models import Product
from shop.catalog.selectors import products_by_sku
from shop.recommendations.pages import shopper_of

logger = logging.getLogger(__name__)

KEPT = 600  # seconds
LOOKED_AT = 6  # of each answer, so that no two requests show the same product


def answered_examples(request: HttpRequest, texts: Sequence[str]) -> list[tuple[str, Product]]:
    """Each request that the shop can answer in full, with the best product that has a photo; no product twice.

    The answers are anybody's, not this shopper's: no history, nothing stored. They are remembered for KEPT seconds.
    """
    asker = shopper_of(request)
    anyone = Shopper(language=asker.language, currency=asker.currency, use_history=False)
    key = hashlib.sha256("\n".join([anyone.language, anyone.currency, *texts]).encode()).hexdigest()[:24]
    found: list[list[str]] | None = cache.get(f"examples-{key}")
    if found is None:
        answers = [_best(text, anyone) for text in texts]
        found = [skus for skus, _ in answers]
        if all(whole for _, whole in answers):  # while the models are still being read, it is asked again
            cache.set(f"examples-{key}", found, KEPT)
    products = products_by_sku(sorted({sku for skus in found for sku in skus}))
    chosen: dict[str, Product] = {}
    for text, skus in zip(texts, found, strict=True):
        taken = {product.sku for product in chosen.values()}
        best = next((products[s] for s in skus if s in products and s not in taken and products[s].images.all()), None)
        if best:
            chosen[text] = best
    return list(chosen.items())


def trending(limit: int) -> list[str]:
    """Skus that more people want this week than in the weeks before; counted anew every ten minutes."""
    found: list[str] | None = cache.get("trending")
    if found is None:
        try:
            found = rising_items(simulated=get_engine().counts_simulated)
        except DatabaseError as error:  # a row less, not a page less
            logger.warning("event=trending_failed error=%r", error)
            return []
        cache.set("trending", found, KEPT)
    return found[:limit]


def value_name(field: str, value: str, language: str) -> str:
    """An attribute's value in a language where the plugin knows the word, else as the catalogue spells it."""
    return str(get_engine().parser.value_name(field, value, language.split("-")[0]))


def _best(text: str, anyone: Shopper) -> tuple[list[str], bool]:
    """Skus of the first results, none when nothing fits all of the request; and whether everything was there to answer it."""
    served = recommend(RecommendationRequest(text=text, limit=LOOKED_AT, surface="example", keep=False), anyone)
    fits = served.answer.state == "ok"
    return [ranked.item.item_id for ranked in served.answer.items] if fits else [], not served.answer.degraded
