"""Refining an answer: cheaper, dearer, more or less like this, another colour, one chip changed, and back again.

A refinement makes a new request out of the stored one, so refinements add up, and a new answer that names its parent. What a
price must be below is read from the catalogue at that moment, never from a score.
"""

from __future__ import annotations

import logging
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from django.db import DatabaseError
from django.utils.translation import gettext as _

from fusion.chips import ALL, SORT, WORDS, chip_key
from fusion.exceptions import InvalidQuery
from fusion.instructions.lexicon import role_of
from fusion.types import Alternative, ChipEdits, Constraint, Item, Money, Operator, Strength
from recommender.catalog import Shopper
from recommender.engine import get_engine
from recommender.models import Recommendation
from recommender.records import instruction_from_json, order_from_json, relaxation_from_json
from recommender.services.requests import RecommendationRequest, chips_in_force, request_of
from recommender.services.serving import Served, owned, recommend

logger = logging.getLogger(__name__)

MAX_SEEDS = 20
# Blocks in which "like it, but in another colour" speaks: the look of a photo is mostly its colours.
_COLOURLESS_BLOCKS = ("text",)
_LISTED = (Operator.IN, Operator.NOT_IN)


@dataclass(frozen=True, slots=True)
class Refinement:
    """One step.

    Attributes:
        action: one of ACTIONS.
        item_id: the product that is meant: "cheaper than this", "more like this".
        chip: what to set. chip_key: of the chip that is replaced or removed.
        alternative: which of the answer's ways out to take, from 0.
    """

    action: str
    item_id: str = ""
    chip: Constraint | None = None
    chip_key: str = ""
    alternative: int = -1


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between an answer's request and its parent's.

    Attributes:
        added: whether it came, or went.
        chip: the chip that did; None for a seed.
        item_id, like: the seed, and whether it is one to be like.
    """

    added: bool
    chip: Constraint | None = None
    item_id: str = ""
    like: bool = True


@dataclass(frozen=True, slots=True)
class Scene:
    """What an answer shows while it is being refined: its chips, the ids of its first page, its ways out."""

    chips: tuple[Constraint, ...] = ()
    first_page: tuple[str, ...] = ()
    alternatives: tuple[Alternative, ...] = ()


def refine(
    recommendation_id: str, refinement: Refinement, shopper: Shopper, *, limit: int = 0, language: str = ""
) -> tuple[Served, list[Change]]:
    """Refine a stored answer; the new answer, and what changed.

    Args:
        limit, language: of the new answer; 0 and "": as before.
    Raises:
        UnknownRecommendation, ResultExpired: as for its next page.
        InvalidQuery: this cannot be done; the message says why and what could be.
    """
    row = owned(recommendation_id, shopper)
    before = request_of(row)
    if refinement.action == "undo":
        request = undone(row, shopper)
    else:
        request = replace(refined(before, refinement, scene_of(row)), undo_to=row.pk)
    request = replace(request, parent_id=row.pk, limit=limit or before.limit, language=language or request.language)
    served = recommend(request, shopper)
    return served, changes(row, served.recommendation)


def chip_fields() -> frozenset[str]:
    """The fields that a chip may be over: those of the catalogue, and those that only a request has."""
    engine = get_engine()
    try:
        engine.refresh()
    except DatabaseError as error:
        logger.warning("event=refresh_failed error=%r", error)
    return engine.collection.columns.fields | {SORT, WORDS, "category", "brand", "in_stock"}


def undone(row: Recommendation, shopper: Shopper) -> RecommendationRequest:
    """The request that an answer was refined from.

    Raises:
        InvalidQuery: it was not refined, or what it was refined from is gone.
        UnknownRecommendation: what it was refined from is not this shopper's.
    """
    parent_id = str(row.request.get("undo_to") or "")
    if not parent_id or not Recommendation.objects.filter(pk=parent_id).exists():
        raise InvalidQuery(
            _("There is nothing to undo: this answer is the first one."), code="nothing_to_undo", pointer="/action"
        )
    return request_of(owned(parent_id, shopper, expired=True))


def scene_of(row: Recommendation) -> Scene:
    """What a stored answer shows."""
    chips = chips_in_force(instruction_from_json(row.instruction), order_from_json(row.request.get("order")))
    first_page = tuple(str(item_id) for item_id, _score in row.ranking[: row.request.get("limit", 24)])
    return Scene(chips, first_page, relaxation_from_json(row.relaxation).alternatives)


def changes(parent: Recommendation, child: Recommendation) -> list[Change]:
    """What is different in a child's request: chips that went and came, then seeds."""
    before = {_identity(c): c for c in scene_of(parent).chips}
    after = {_identity(c): c for c in scene_of(child).chips}
    found = [Change(False, chip) for key, chip in before.items() if key not in after]
    found += [Change(True, chip) for key, chip in after.items() if key not in before]
    for name, like in (("liked", True), ("disliked", False)):
        was, now = parent.request.get(name, []), child.request.get(name, [])
        found += [Change(False, None, item_id, like) for item_id in was if item_id not in now]
        found += [Change(True, None, item_id, like) for item_id in now if item_id not in was]
    return found


def _identity(chip: Constraint) -> str:
    return f"{chip.strength.value} {chip_key(chip)}"


def refined(request: RecommendationRequest, refinement: Refinement, scene: Scene) -> RecommendationRequest:
    """The request after one step.

    Raises:
        InvalidQuery: this step cannot be done here; the message says why.
    """
    return _STEPS[refinement.action](request, refinement, scene)


# -- the steps ---------------------------------------------------------------------------------------------------------


def _cheaper(request: RecommendationRequest, step: Refinement, scene: Scene) -> RecommendationRequest:
    price = _price_of(step, scene, down=True)
    return _bounded(request, scene, price.currency, high=price.amount_minor - 1)


def _dearer(request: RecommendationRequest, step: Refinement, scene: Scene) -> RecommendationRequest:
    price = _price_of(step, scene, down=False)
    return _bounded(request, scene, price.currency, low=price.amount_minor + 1)


def _more_like(request: RecommendationRequest, step: Refinement, scene: Scene) -> RecommendationRequest:
    item = _item(step)
    return _seeded(request, liked=_joined(request.liked, item), disliked=_left(request.disliked, item), item=item)


def _less_like(request: RecommendationRequest, step: Refinement, scene: Scene) -> RecommendationRequest:
    item = _item(step)
    return _seeded(request, liked=_left(request.liked, item), disliked=_joined(request.disliked, item), item=item)


def _another_colour(request: RecommendationRequest, step: Refinement, scene: Scene) -> RecommendationRequest:
    asked = [c for c in scene.chips if role_of(c.field) == "color" and c.operator is Operator.IN]
    if step.item_id:
        item = _item(step)
        field, colours = _colours(item)
    else:
        item = None
        musts = [c for c in asked if c.strength is not Strength.AVOID]
        field, colours = (musts[0].field, musts[0].values) if musts else ("", ())
    if not colours:
        message = _("No color is known here, so there is no other one to look for. Name the color you would like.")
        raise InvalidQuery(message, code="colour_unknown", pointer="/product_id")
    for chip in asked:
        request = _without(request, chip)
    other = Constraint(field, Operator.NOT_IN, tuple(colours), source="chip")
    request = _with(request, other)
    if item is None:
        return request
    request = _seeded(request, liked=_joined(request.liked, item), disliked=_left(request.disliked, item), item=item)
    return replace(request, seed_blocks=request.seed_blocks or _COLOURLESS_BLOCKS)


def _set_chip(request: RecommendationRequest, step: Refinement, scene: Scene) -> RecommendationRequest:
    chip = step.chip
    if chip is None:
        raise InvalidQuery(_("Say which chip to set."), code="required", pointer="/chip")
    replaced = [c for c in scene.chips if chip_key(c) == step.chip_key] if step.chip_key else _rivals(chip, scene.chips)
    for old in replaced:
        request = _without(request, old)
    return _with(request, chip)


def _remove_chip(request: RecommendationRequest, step: Refinement, scene: Scene) -> RecommendationRequest:
    for chip in scene.chips:
        if chip_key(chip) == step.chip_key:
            return _without(request, chip)
    raise InvalidQuery(_("This answer has no such chip."), code="unknown_chip", pointer="/chip/id")


def _relax(request: RecommendationRequest, step: Refinement, scene: Scene) -> RecommendationRequest:
    if not 0 <= step.alternative < len(scene.alternatives):
        message = _("This answer has no such alternative; see recovery.alternatives.")
        raise InvalidQuery(message, code="unknown_alternative", pointer="/alternative")
    way = scene.alternatives[step.alternative]
    for chip in way.dropped:
        request = _without(request, chip)
    for chip in way.added:
        request = _with(request, chip)
    return request


_STEPS: Mapping[str, Callable[[RecommendationRequest, Refinement, Scene], RecommendationRequest]] = MappingProxyType(
    {
        "cheaper": _cheaper,
        "dearer": _dearer,
        "more_like": _more_like,
        "less_like": _less_like,
        "another_colour": _another_colour,
        "set_chip": _set_chip,
        "remove_chip": _remove_chip,
        "relax": _relax,
    }
)
ACTIONS = (*_STEPS, "undo")


# -- what they are made of ---------------------------------------------------------------------------------------------


def _without(request: RecommendationRequest, chip: Constraint) -> RecommendationRequest:
    """The request without a chip, whether a filter, the words or an earlier edit brought it."""
    key = chip_key(chip)
    filters = tuple(c for c in request.filters if chip_key(c) != key)
    order = None if chip.field == SORT else request.order
    added = tuple(c for c in request.edits.added if chip_key(c) != key)
    removed = request.edits.removed
    read = chip.source != "filter" and (chip.span is not None or len(added) == len(request.edits.added))
    if read and ALL not in removed and key not in removed:
        removed = (*removed, key)
    return replace(request, filters=filters, order=order, edits=ChipEdits(removed, added))


def _with(request: RecommendationRequest, chip: Constraint) -> RecommendationRequest:
    key = chip_key(chip)
    added = (*(c for c in request.edits.added if chip_key(c) != key), chip)
    removed = tuple(k for k in request.edits.removed if k != key)
    order = None if chip.field == SORT else request.order
    return replace(request, edits=ChipEdits(removed, added), order=order)


def _rivals(chip: Constraint, chips: Sequence[Constraint]) -> list[Constraint]:
    """Chips that a new one stands in for: of the same field and direction. What else is refused stays refused."""
    if chip.operator is Operator.NOT_IN:
        return []
    return [c for c in chips if c.field == chip.field and (c.operator in _LISTED) == (chip.operator in _LISTED)
            and c.operator is not Operator.NOT_IN]  # fmt: skip


def _seeded(
    request: RecommendationRequest, *, liked: tuple[str, ...], disliked: tuple[str, ...], item: Item
) -> RecommendationRequest:
    """The request with these seeds; the newest ones where there are too many. A seed is not shown again."""
    exclude = _joined(request.exclude, item)
    return replace(request, liked=liked[-MAX_SEEDS:], disliked=disliked[-MAX_SEEDS:], exclude=exclude)


def _joined(ids: tuple[str, ...], item: Item) -> tuple[str, ...]:
    return (*(i for i in ids if i != item.item_id), item.item_id)


def _left(ids: tuple[str, ...], item: Item) -> tuple[str, ...]:
    return tuple(i for i in ids if i != item.item_id)


def _item(step: Refinement) -> Item:
    """The product that is meant, as the catalogue has it now."""
    if not step.item_id:
        raise InvalidQuery(_("Say which product is meant."), code="required", pointer="/product_id")
    found = get_engine().fetch([step.item_id]).get(step.item_id)
    if found is None:
        raise InvalidQuery(_("There is no such product."), code="unknown_product", pointer="/product_id")
    return found


def _colours(item: Item) -> tuple[str, tuple[str, ...]]:
    """(field, colours) of a product: the catalogue's, or measured in its photo."""
    indexed = get_engine().collection.item(item.item_id)
    known = {**(indexed.attributes if indexed else {}), **item.attributes}
    return next(((field, tuple(values)) for field, values in known.items() if role_of(field) == "color" and values), ("", ()))


def _price_of(step: Refinement, scene: Scene, *, down: bool) -> Money:
    """What a price is compared with: the product's own now, or the median of the first page.

    Args:
        down: whether something cheaper is looked for; a median between two minor units is rounded so that none of them counts.
    """
    if step.item_id:
        price = _item(step).price
        if price is None:
            message = _("This product has no price to compare with. Choose another one.")
            raise InvalidQuery(message, code="price_unknown", pointer="/product_id")
        return price
    items = get_engine().fetch(scene.first_page)
    prices = [item.price for item in items.values() if item.price is not None]
    if not prices:
        message = _("No product on this page has a price to compare with. Name a price instead.")
        raise InvalidQuery(message, code="price_unknown", pointer="/product_id")
    columns = get_engine().collection.columns
    currencies = {price.currency for price in prices}
    currency = currencies.pop() if len(currencies) == 1 else columns.currency
    middle = columns.exchange.amount(statistics.median(columns.exchange.of(price) for price in prices), currency)
    middle = round(middle, 6)
    return Money(math.ceil(middle) if down else math.floor(middle), currency)


def _bounded(
    request: RecommendationRequest, scene: Scene, currency: str, *, low: float | None = None, high: float | None = None
) -> RecommendationRequest:
    """The request with a bound on the price beside those that were said; they become one chip."""
    columns = get_engine().collection.columns

    def here(bound: float, unit: str) -> float:
        return round(columns.exchange.amount(columns.exchange.value(bound, unit or columns.currency), currency), 6)

    for chip in scene.chips:
        if chip.field != "price" or chip.source == "filter" or chip.strength is not Strength.MUST:
            continue
        if chip.low is not None:
            low = max(low or 0, math.ceil(here(chip.low, chip.currency)))
        if chip.high is not None:
            said = math.floor(here(chip.high, chip.currency))
            high = said if high is None else min(high, said)
        request = _without(request, chip)
    if (high is not None and high < 0) or (low is not None and high is not None and low > high):
        message = _("No price can be both that and within the limits that are set. Take off the limit first.")
        raise InvalidQuery(message, code="empty_range", pointer="/action")
    operator = Operator.LTE if low is None else Operator.GTE if high is None else Operator.BETWEEN
    return _with(request, Constraint("price", operator, low=low, high=high, currency=currency, source="chip"))
