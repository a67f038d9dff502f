"""Addresses of the answer page <-> the plugin's requests: everything that a shopper set or took off is in the address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from django.utils.translation import gettext as _

from fusion.chips import chip_key, read_chip
from fusion.instructions.lexicon import role_of
from fusion.types import Alternative, ChipEdits, Constraint, Operator, Order, Strength
from recommender.services.serving import RecommendationRequest
from shop.storefront.asking import Asked
from shop.storefront.cards import Way
from shop.storefront.errors import RequestRefused

PAGE_SIZE = 18
ORDERS = {"price": Order("price", False), "-price": Order("price", True), "newest": Order("created_at", True)}
_OTHER_COLOUR_BLOCKS = ("text",)


def request_of(asked: Asked) -> RecommendationRequest:
    """What an address asks.

    Raises:
        RequestRefused: a chip in it is damaged.
    """
    try:
        added = tuple(read_chip(key, Strength(strength)) for strength, _, key in (chip.partition(":") for chip in asked.add))
        filters = tuple(replace(read_chip(key), source="filter") for key in asked.only)
    except ValueError as error:
        raise RequestRefused(_("This address is damaged. Ask again in the box above.")) from error
    return RecommendationRequest(
        text=asked.text,
        photo_id=asked.photo,
        box=asked.corners,
        liked=asked.like,
        disliked=asked.unlike,
        seed_blocks=_OTHER_COLOUR_BLOCKS if asked.like and any(_refuses_a_colour(chip) for chip in added) else (),
        edits=ChipEdits(asked.drop, added),
        filters=filters,
        order=ORDERS.get(asked.sort),
        limit=PAGE_SIZE,
        surface="search",
        exclude=(*asked.like, *asked.unlike),
        facets=True,
    )


def _refuses_a_colour(chip: Constraint) -> bool:
    return chip.operator is Operator.NOT_IN and role_of(chip.field) == "color"


def asked_of(request: RecommendationRequest) -> Asked:
    """The address of a request; ``request_of`` backwards."""
    return Asked(
        text=request.text,
        photo=request.photo_id,
        drop=request.edits.removed,
        sort=sort_of(request.order),
        add=tuple(f"{chip.strength.value}:{chip_key(chip)}" for chip in request.edits.added),
        like=request.liked,
        unlike=request.disliked,
        parent=request.undo_to,
        box=",".join(f"{number:g}" for number in request.box) if request.box else "",
        only=tuple(chip_key(chip) for chip in request.filters),
    )


def sort_of(order: Order | None) -> str:
    """The page's name of an order; "" for best match and for orders that the page has no link for."""
    pair = (order.field, order.descending) if order else None
    return next((name for name, known in ORDERS.items() if (known.field, known.descending) == pair), "")


def ways_of(alternatives: Sequence[Alternative], asked: Asked, answer: str) -> list[Way]:
    """The ways out of an answer that nothing fits, as addresses; the first one is what the answer shows."""
    ways = []
    for place, way in enumerate(alternatives):
        following = asked
        for chip in way.dropped:
            following = following.without(chip_key(chip))
        added = tuple(f"{chip.strength.value}:{chip_key(chip)}" for chip in way.added)
        following = replace(following, add=(*following.add, *added), parent=answer)
        ways.append(Way(way.label, way.n_results, following.url, place == 0))
    return ways
