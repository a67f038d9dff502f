"""Item <-> the JSON facts stored beside its vectors: what masks, facets, the lexical leg and an answer without a host need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from fusion.colour_words import colours_named
from fusion.instructions.lexicon import role_of
from fusion.types import Item, ItemText, Money


def to_facts(item: Item) -> dict[str, Any]:
    """JSON-ready facts of an item: everything but its photos."""
    return {
        "title": item.title,
        "description": item.description,
        "category": list(item.category),
        "category_names": {code: list(names) for code, names in item.category_names.items()},
        "brand": item.brand,
        "price_minor": item.price.amount_minor if item.price else None,
        "currency": item.price.currency if item.price else "",
        "stock": item.stock,
        "attributes": {name: list(values) for name, values in item.attributes.items()},
        "translations": {code: [text.title, text.description] for code, text in item.translations.items()},
        "url": item.url,
        "created_at": item.created_at.isoformat() if item.created_at else None,
        "rating": item.rating,
        "popularity": item.popularity,
    }


def from_facts(
    item_id: str, facts: Mapping[str, Any], derived: Mapping[str, Sequence[str]] | None = None, color_field: str = "color"
) -> Item:
    """The item that ``to_facts`` described, completed where the catalogue is silent.

    A colour comes from the catalogue; else from the title's words; else from the photo, as it was measured.

    Args:
        derived: measured attributes, e.g. {"color": ["red"]}.
        color_field: what this catalogue calls the attribute that holds colours.
    """
    attributes = {name: tuple(values) for name, values in facts.get("attributes", {}).items()}
    measured = dict(derived or {})
    if not any(role_of(name) == "color" for name in attributes):
        colours = colours_named(facts.get("title", "")) or tuple(measured.get("color", ()))
        if colours:
            attributes[color_field] = colours
    for name, values in measured.items():
        if name != "color":
            attributes.setdefault(name, tuple(values))
    price = facts.get("price_minor")
    created = facts.get("created_at")
    return Item(
        item_id=item_id,
        title=facts.get("title", ""),
        description=facts.get("description", ""),
        category=tuple(facts.get("category", ())),
        category_names={code: tuple(names) for code, names in facts.get("category_names", {}).items()},
        brand=facts.get("brand", ""),
        price=None if price is None else Money(price, facts.get("currency", "")),
        stock=facts.get("stock"),
        attributes=attributes,
        translations={code: ItemText(*words) for code, words in facts.get("translations", {}).items()},
        url=facts.get("url", ""),
        created_at=datetime.fromisoformat(created) if created else None,
        rating=facts.get("rating"),
        popularity=facts.get("popularity", 0.0),
    )
