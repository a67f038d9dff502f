"""What a shopper asks, as the address carries it: every state of the answer page is a link."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.urls import reverse


@dataclass(frozen=True, slots=True)
class Asked:
    """A request in the address.

    Attributes:
        text: the shopper's words.
        photo: id of an uploaded photo, "" for none.
        drop: keys of what was understood and is not meant (see Chip.key).
        sort: "" (relevance), "price", "-price" or "newest".
    """

    text: str = ""
    photo: str = ""
    drop: tuple[str, ...] = ()
    sort: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.text or self.photo)

    @property
    def url(self) -> str:
        """The address of this very request."""
        return f"{reverse('storefront:search')}?{urlencode(self.pairs)}"

    @property
    def pairs(self) -> list[tuple[str, str]]:
        named = [("q", self.text), ("photo", self.photo), ("sort", self.sort)]
        return [(name, value) for name, value in named if value] + [("drop", key) for key in self.drop]

    def page_url(self, recommendation_id: str, offset: int) -> str:
        """The address of a later page of a stored answer."""
        extra = [("r", recommendation_id), ("offset", str(offset))]
        return f"{reverse('storefront:search')}?{urlencode(self.pairs + extra)}"

    def without(self, key: str) -> Asked:
        return replace(self, drop=(*self.drop, key))

    def put_back(self, key: str) -> Asked:
        return replace(self, drop=tuple(kept for kept in self.drop if kept != key))
