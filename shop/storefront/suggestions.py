"""What is shown below the box while a shopper types: small frozen values, ready to print."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shop.storefront.pictures import Picture


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a text; ``matched``: it was typed."""

    text: str
    matched: bool


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request to ask. ``recent``: the shopper asked it before."""

    text: str
    parts: Sequence[Part]
    url: str
    recent: bool = False


@dataclass(frozen=True, slots=True)
class PageRow:
    """A page to go to: a category, with how many products it has, or an answer of the shop (None)."""

    text: str
    parts: Sequence[Part]
    url: str
    total: int | None = None


@dataclass(frozen=True, slots=True)
class ProductRow:
    """A product to go to. ``language`` is the language of its name."""

    text: str
    parts: Sequence[Part]
    url: str
    language: str
    price: str
    picture: Picture | None


@dataclass(frozen=True, slots=True)
class Panel:
    """Everything that is suggested."""

    requests: Sequence[RequestRow] = ()
    categories: Sequence[PageRow] = ()
    products: Sequence[ProductRow] = ()
    answers: Sequence[PageRow] = ()

    @property
    def total(self) -> int:
        return len(self.requests) + len(self.categories) + len(self.products) + len(self.answers)

    @property
    def only_recent(self) -> bool:
        return self.total > 0 and self.total == sum(row.recent for row in self.requests)


def parts_of(text: str, ranges: Iterable[tuple[int, int]]) -> list[Part]:
    """The text in pieces, those within the ranges marked."""
    parts, at = [], 0
    for start, end in ranges:
        parts += [Part(text[at:start], False), Part(text[start:end], True)]
        at = end
    return [part for part in (*parts, Part(text[at:], False)) if part.text]
