"""Where the shop meets the plugin. No other part of the shop imports ``recommender`` or ``fusion``."""

from shop.recommendations.host import ShopCatalog, items_changed, products_waiting, record_past_events, start_warm_up
from shop.recommendations.pages import (
    ask,
    delete_query_photo,
    export_of,
    for_you,
    forget_event,
    forget_everything,
    history_of,
    keep_history,
    more,
    read_query_photo,
    refine,
    seen_lately,
    shopper_of,
    similar_to,
    store_query_photo,
)

__all__ = [
    "ShopCatalog",
    "ask",
    "delete_query_photo",
    "export_of",
    "for_you",
    "forget_event",
    "forget_everything",
    "history_of",
    "items_changed",
    "keep_history",
    "more",
    "products_waiting",
    "read_query_photo",
    "record_past_events",
    "refine",
    "seen_lately",
    "shopper_of",
    "similar_to",
    "start_warm_up",
    "store_query_photo",
]
