"""What a shopper asks, as the address carries it: every state of the answer page is a link."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from urllib.parse import urlencode

from django.urls import reverse


@dataclass(frozen=True, slots=True)
class Asked:
    """A request in the address.

    Attributes:
        text: the shopper's words.
        photo: id of an uploaded photo, "" for none.
        drop: keys of what was understood and is not meant (see Chip.key).
        add: chips put in by hand, each as its strength, a colon and its key.
        only: keys of filters: what they do not fit is left out, and nothing else changes.
        like, unlike: skus of products to be like, and not like.
        sort: "" (relevance), "price", "-price" or "newest".
        parent: id of the answer that this one refines; its request is what "undo" goes back to.
        box: the part of the photo that is meant, "left,top,right,bottom", each 0 to 1; "" for all of it.
        category: slug of the category whose page this is, "" for an answer. Only ``only`` and ``sort`` mean anything there.
    """

    text: str = ""
    photo: str = ""
    drop: tuple[str, ...] = ()
    sort: str = ""
    add: tuple[str, ...] = ()
    like: tuple[str, ...] = ()
    unlike: tuple[str, ...] = ()
    parent: str = ""
    box: str = ""
    only: tuple[str, ...] = ()
    category: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.text or self.photo or self.add or self.like or self.unlike or self.only)

    @property
    def url(self) -> str:
        """The address of this very request."""
        if self.category:
            pairs = [pair for pair in self.pairs if pair[0] != "from"]
            return reverse("storefront:category", args=[self.category]) + (f"?{urlencode(pairs)}" if pairs else "")
        return f"{reverse('storefront:search')}?{urlencode(self.pairs)}"

    @property
    def pairs(self) -> list[tuple[str, str]]:
        named = [("q", self.text), ("photo", self.photo), ("box", self.box), ("sort", self.sort), ("from", self.parent)]
        lists = [("drop", self.drop), ("add", self.add), ("f", self.only), ("like", self.like), ("unlike", self.unlike)]
        return [pair for pair in named if pair[1]] + [(name, value) for name, values in lists for value in values]

    def page_url(self, recommendation_id: str, offset: int) -> str:
        """The address of a later page of a stored answer."""
        extra = [("r", recommendation_id), ("offset", str(offset))]
        return f"{reverse('storefront:search')}?{urlencode(self.pairs + extra)}"

    def place_url(self, number: int) -> str:
        """The address of a page of a category."""
        url = self.url
        return url if number < 2 else f"{url}{'&' if '?' in url else '?'}page={number}"

    @property
    def photo_url(self) -> str:
        """The address of the photo, or of the part of it that is meant."""
        return f"{reverse('storefront:photo', args=[self.photo])}{f'?box={self.box}' if self.box else ''}"

    @property
    def corners(self) -> tuple[float, float, float, float] | None:
        """The box as numbers."""
        left, top, right, bottom = map(float, self.box.split(",")) if self.box else (0.0, 0.0, 1.0, 1.0)
        return (left, top, right, bottom) if self.box else None

    @property
    def crop(self) -> list[tuple[str, int]]:
        """Left, top, width and height of the part in whole per cent, as a form asks for them."""
        left, top, right, bottom = self.corners or (0.0, 0.0, 1.0, 1.0)
        shares = (("left", left), ("top", top), ("width", right - left), ("height", bottom - top))
        return [(name, round(100 * share)) for name, share in shares]

    @property
    def uncropped_pairs(self) -> list[tuple[str, str]]:
        """All of the request but the box."""
        return [pair for pair in self.pairs if pair[0] != "box"]

    def without(self, key: str) -> Asked:
        """Without a chip, be it read from the words, put in by hand or a filter."""
        add = tuple(chip for chip in self.add if chip.partition(":")[2] != key)
        only = tuple(kept for kept in self.only if kept != key)
        by_hand = len(add) < len(self.add) or len(only) < len(self.only)
        drop = self.drop if by_hand or key in self.drop else (*self.drop, key)
        return replace(self, drop=drop, add=add, only=only)

    def narrowed(self, key: str) -> Asked:
        """With one filter more."""
        return replace(self, only=(*(kept for kept in self.only if kept != key), key))

    def put_back(self, key: str) -> Asked:
        return replace(self, drop=tuple(kept for kept in self.drop if kept != key))

    def without_seed(self, sku: str) -> Asked:
        like, unlike = (tuple(kept for kept in seeds if kept != sku) for seeds in (self.like, self.unlike))
        return replace(self, like=like, unlike=unlike)


@dataclass(frozen=True, slots=True)
class Step:
    """One step from an answer to the next, as a form of the answer page sends it.

    Attributes:
        action: "cheaper", "dearer", "more_like", "less_like", "another_colour" (with ``sku``), "edit", "filter" or "undo".
        key: of the chip that is edited, "" for a new one.
        values: of an edited chip; of a new one, the key of what it asks for.
        how: what an edited chip says: "must", "want", "avoid" or "not".
        low, high: bounds of a price in major units.
        price: key of the range that is chosen, "" for any price, KEEP for what it was; was: its key before.
        had: keys of chips that the facets showed as chosen.
    """

    action: str
    sku: str = ""
    key: str = ""
    values: tuple[str, ...] = ()
    how: str = ""
    low: Decimal | None = None
    high: Decimal | None = None
    price: str = ""
    was: str = ""
    had: tuple[str, ...] = ()


KEEP = "keep"
