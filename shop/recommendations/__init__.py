"""Where the shop meets the plugin. No other part of the shop imports ``recommender`` or ``fusion``."""

from shop.recommendations.answers import ask, more, refine
from shop.recommendations.browsing import category_page, narrow_category
from shop.recommendations.comparing import best_of
from shop.recommendations.home import answered_examples, trending, value_name
from shop.recommendations.host import ShopCatalog, items_changed, products_waiting, record_past_events, start_warm_up
from shop.recommendations.pages import (
    delete_query_photo,
    export_of,
    for_you,
    forget_event,
    forget_everything,
    goes_with,
    history_of,
    history_size,
    keep_history,
    learnt_from_simulated,
    read_query_photo,
    seen_lately,
    shopper_of,
    similar_to,
    store_query_photo,
)
from shop.recommendations.phrases import PhraseMatcher, phrase_matcher
from shop.recommendations.suggestions import forget_recent_requests, suggestions_for

__all__ = [
    "PhraseMatcher",
    "ShopCatalog",
    "answered_examples",
    "ask",
    "best_of",
    "category_page",
    "delete_query_photo",
    "export_of",
    "for_you",
    "forget_event",
    "forget_everything",
    "forget_recent_requests",
    "goes_with",
    "history_of",
    "history_size",
    "items_changed",
    "keep_history",
    "learnt_from_simulated",
    "more",
    "narrow_category",
    "phrase_matcher",
    "products_waiting",
    "read_query_photo",
    "record_past_events",
    "refine",
    "seen_lately",
    "shopper_of",
    "similar_to",
    "start_warm_up",
    "store_query_photo",
    "suggestions_for",
    "trending",
    "value_name",
]
