"""The one class a host shop writes: how the plugin meets any backend."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, ClassVar

from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.db.models import Model
from django.dispatch import Signal
from django.utils.module_loading import import_string

from fusion.types import Item


@dataclass(frozen=True, slots=True)
class Feedback:
    """One thing a shopper did, as the host reports it. ``item_id`` must be an id that ``iter_item_ids`` knows.

    Attributes:
        kind: "view", "click", "add_to_cart", "remove_from_cart", "purchase", "like", "dislike" or "return".
        user_id: the host's user id as text, "" for a guest.
        visitor_id: the guest's id, "" when the host has none.
        recommendation_id: the answer that led to it, where known.
        occurred_at: None means now.
        event_id: a stable id makes the event idempotent ("order-17-line-3"); "" lets the plugin make one.
    """

    kind: str
    item_id: str
    user_id: str = ""
    visitor_id: str = ""
    session_id: str = ""
    quantity: int = 1
    value_minor: int | None = None
    currency: str = ""
    recommendation_id: str = ""
    position: int | None = None
    surface: str = ""
    occurred_at: datetime | None = None
    event_id: str = ""
    simulated: bool = False


class Catalog(ABC):
    """Adapter between a shop's products and the plugin. ``RECOMMENDER["CATALOG"]`` names the subclass.

    Only ``iter_item_ids`` and ``get_items`` are required; the rest makes changes and feedback arrive by themselves.
    """

    watched_models: ClassVar[Sequence[str]] = ()
    """Model labels ("catalog.Product") whose save and delete may change an item."""

    feedback_signals: ClassVar[Mapping[str, Signal | str]] = {}
    """Kind of payload -> the host's signal (or a dotted path to it); each payload goes to ``feedback_for``."""

    consumable_categories: ClassVar[Sequence[str]] = ()
    """Names or paths ("Food/Coffee") of categories whose items may be recommended again to somebody who bought them."""

    @abstractmethod
    def iter_item_ids(self) -> Iterator[str]:
        """Every id that a shopper may see, in any order, without loading the items."""

    @abstractmethod
    def get_items(self, item_ids: Sequence[str], *, with_photos: bool = False) -> dict[str, Item]:
        """Fresh items by id. An id that is missing from the result is gone or hidden.

        Must use a bounded number of queries. ``with_photos`` False may leave ``Item.photos`` empty.
        """

    def item_ids_for(self, instance: Model) -> Iterable[str]:
        """Ids of the items that a saved or deleted instance of a watched model may have changed."""
        return ()

    def feedback_for(self, kind: str, payload: Mapping[str, Any]) -> Iterable[Feedback]:
        """Feedback that a host signal carries. ``payload`` holds the signal's sender and keyword arguments."""
        return ()

    def category_urls(self, paths: Sequence[tuple[str, ...]]) -> Mapping[tuple[str, ...], str]:
        """Addresses of the pages of categories, by their path from the root; one without a page is left out.

        Must use a bounded number of queries.
        """
        return {}

    def may_remember(self, *, user_id: str = "", visitor_id: str = "") -> bool:
        """Whether this shopper lets their history be kept and used. Asked once for each API request."""
        return True


def user_key(pk: object) -> str:
    """The plugin's id of a signed-in user of the host: "user-7"; "" for nobody.

    Ids that were imported from another system stay as they are there, so the two can never mean each other's history.
    """
    return "" if pk in (None, "") else f"user-{pk}"


@dataclass(frozen=True, slots=True)
class Shopper:
    """Who asks. Both ids empty: an unknown visitor, whose history is empty."""

    user_id: str = ""
    visitor_id: str = ""
    session_id: str = ""
    language: str = ""
    currency: str = ""
    use_history: bool = True


@lru_cache(maxsize=1)
def get_catalog() -> Catalog:
    """The host's adapter, one per process.

    Raises:
        ImproperlyConfigured: ``RECOMMENDER["CATALOG"]`` is empty, cannot be imported or is not a Catalog.
    """
    from recommender.conf import get_settings

    path = get_settings().CATALOG
    try:
        adapter_class = import_string(path)
    except ImportError as error:
        raise ImproperlyConfigured(
            f"RECOMMENDER['CATALOG'] is {path!r}, which cannot be imported: {error}. "
            "Give the dotted path of your recommender.catalog.Catalog subclass."
        ) from error
    if not (isinstance(adapter_class, type) and issubclass(adapter_class, Catalog)):
        raise ImproperlyConfigured(f"RECOMMENDER['CATALOG'] is {path!r}, which is not a recommender.catalog.Catalog subclass.")
    try:
        adapter = adapter_class()
    except TypeError as error:  # an abstract method is missing, or __init__ wants arguments
        raise ImproperlyConfigured(f"RECOMMENDER['CATALOG'] is {path!r}, which cannot be made: {error}.") from error
    return adapter


def _forget(*, setting: str, **_: Any) -> None:
    if setting == "RECOMMENDER":
        get_catalog.cache_clear()


setting_changed.connect(_forget, dispatch_uid="recommender.catalog")
