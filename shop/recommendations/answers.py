"""The answer page's questions to the plugin: ask, show more of an answer, take one step from it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from fusion.chips import SORT, chip_key, chips_of
from fusion.exceptions import InvalidQuery
from fusion.facets import Facet
from fusion.types import Answer
from recommender.catalog import Shopper
from recommender.engine import get_engine
from recommender.exceptions import ResultExpired, UnknownPhoto, UnknownRecommendation
from recommender.models import Recommendation
from recommender.records import constraint_from_json
from recommender.services.recovery import did_you_mean, is_known
from recommender.services.refining import Change, Refinement, changes, refined, scene_of, undone
from recommender.services.requests import chips_in_force
from recommender.services.serving import Served, owned, page, recommend
from shop.catalog.selectors import products_by_sku
from shop.recommendations.addresses import ORDERS, PAGE_SIZE, asked_of, request_of, sort_of, ways_of
from shop.recommendations.dividing import divider_of
from shop.recommendations.narrowing import before_filters, edited, filtered
from shop.recommendations.offering import Offering, plain_chip
from shop.recommendations.pages import cards_of, shopper_of
from shop.storefront.asking import Asked, Step
from shop.storefront.cards import AnswerPage, Chip, name_in_page
from shop.storefront.errors import AnswerExpired, AnswerGone, PhotoGone, RequestRefused
from shop.storefront.wording import degraded_notes

logger = logging.getLogger(__name__)

# Steps that a page offers; more come over the API.
_PAGE_STEPS = ("cheaper", "dearer", "more_like", "less_like", "another_colour", "edit", "filter", "undo")
MAX_TOLD = 3


def ask(request: HttpRequest, asked: Asked) -> AnswerPage:
    """Answer a request in words, with a photo, or both.

    Raises:
        PhotoGone: the photo in the address is not this shopper's, or its day is over.
        RequestRefused: the request cannot be answered as it is.
    """
    shopper = shopper_of(request, remember=True)
    parent = _own(asked.parent, shopper)
    given = replace(request_of(asked), parent_id=parent, undo_to=parent)
    try:
        return _answer_page(recommend(given, shopper), asked, shopper)
    except UnknownPhoto as error:
        raise PhotoGone from error
    except InvalidQuery as error:
        raise RequestRefused(str(error)) from error


def more(request: HttpRequest, asked: Asked, recommendation_id: str, offset: int, *, whole: bool = True) -> AnswerPage:
    """A later page of a stored answer: nothing repeats and nothing is left out, whatever happened in between.

    Args:
        whole: with the facets, which are counted anew; False for the cards alone.
    Raises:
        AnswerGone, AnswerExpired: see shop.storefront.errors.
    """
    shopper = shopper_of(request)
    try:
        served = page(recommendation_id, shopper, offset, PAGE_SIZE, shopper.language)
    except UnknownRecommendation as error:
        raise AnswerGone from error
    except ResultExpired as error:
        raise AnswerExpired from error
    if whole:
        served = replace(served, answer=replace(served.answer, facets=_counted_anew(asked, shopper)))
    return _answer_page(served, asked, shopper, whole=whole)


def _counted_anew(asked: Asked, shopper: Shopper) -> tuple[Facet, ...]:
    try:
        return recommend(replace(request_of(asked), keep=False), shopper).answer.facets
    except (InvalidQuery, UnknownPhoto, RequestRefused):
        return ()


def refine(request: HttpRequest, asked: Asked, answer: str, step: Step) -> Asked:
    """The request one step on: cheaper than a product, more or less like it, a chip changed, filters chosen, or a step back.

    Args:
        answer: id of the answer on which the step was taken.
    Raises:
        AnswerGone: the answer is not this shopper's.
        RequestRefused: the step is not possible here; the message says why.
    """
    if step.action not in _PAGE_STEPS:
        raise AnswerGone
    shopper = shopper_of(request)
    try:
        row = owned(answer, shopper, expired=True)
        if step.action == "undo":
            return asked_of(undone(row, shopper))
        if step.action == "edit":
            following = edited(asked, step, shopper.currency)
        elif step.action == "filter":
            following = filtered(before_filters(asked, _filters_of(row)), step, shopper.currency)
        else:
            following = asked_of(refined(request_of(asked), Refinement(step.action, step.sku), scene_of(row)))
        request_of(following)  # refuses what no answer could read
    except UnknownRecommendation as error:
        raise AnswerGone from error
    except InvalidQuery as error:
        raise RequestRefused(str(error)) from error
    return replace(following, parent=row.pk)


def _filters_of(row: Recommendation) -> Asked:
    """What was asked for a stored answer, as far as filters go."""
    return Asked(only=tuple(chip_key(constraint_from_json(c)) for c in row.request.get("filters", ())))


def _own(answer: str, shopper: Shopper) -> str:
    """The id of an answer if it is this shopper's, else ""; an address may name any."""
    try:
        return owned(answer, shopper, expired=True).pk if answer else ""
    except UnknownRecommendation:
        return ""


def _dropped(asked: Asked, shopper: Shopper) -> list[Chip]:
    """What was read from the words and taken off, to be put back."""
    if not asked.drop:
        return []
    parsed = get_engine().parser.parse(asked.text, language=shopper.language, currency=shopper.currency)
    return [plain_chip(c) for c in chips_of(parsed, shopper.language) if chip_key(c) in asked.drop]


def _seed_chips(asked: Asked) -> list[Chip]:
    """The products to be like, and not like."""
    products = products_by_sku([*asked.like, *asked.unlike])
    says = {sku: _("like %(name)s") for sku in asked.like} | {sku: _("unlike %(name)s") for sku in asked.unlike}
    names = {sku: name_in_page(product) for sku, product in products.items()}
    return [Chip(text % {"name": names[sku]}, "seed", sku) for sku, text in says.items() if sku in names]


def _answer_page(served: Served, asked: Asked, shopper: Shopper, *, whole: bool = True) -> AnswerPage:
    answer, order = served.answer, served.answer.instruction.order
    chips = chips_in_force(answer.instruction, ORDERS.get(asked.sort), shopper.language)
    offering = Offering(answer.facets, answer.musts, asked.only, shopper.currency)
    cards = cards_of(served)
    first = served.offset == 0
    return AnswerPage(
        id=served.recommendation.pk,
        cards=cards,
        chips=[*(offering.chip(c) for c in chips), *_seed_chips(asked)],
        dropped=_dropped(asked, shopper),
        sort=asked.sort or sort_of(order),
        unparsed=answer.instruction.unparsed,
        total=answer.total,
        partial=answer.partial,
        state=answer.state,
        message=answer.relaxation.message,
        degraded=degraded_notes(answer.degraded),
        offset=served.offset,
        next_offset=served.next_offset,
        ways=ways_of(answer.relaxation.alternatives, asked, served.recommendation.pk),
        order_key=next((chip_key(c) for c in chips if c.field == SORT), ""),
        undo=bool(served.recommendation.request.get("undo_to")),
        facets=offering.boxes(),
        had=offering.had(),
        hidden=offering.hidden(),
        addable=offering.addable(),
        says=_says(answer, served.recommendation, shopper) if first else "",
        directions=offering.directions(answer.groups, cards) if first else (),
        question=offering.question(answer.question) if first else None,
        meant=did_you_mean(answer, shopper.language) if first else (),
        divider=None if asked.sort else divider_of(served, cards, shopper.language, whole=whole),
        by_meaning=first and not answer.groups and "text_model" not in answer.degraded and not is_known(answer, get_engine()),
    )


def _says(answer: Answer, row: Recommendation, shopper: Shopper) -> str:
    """What a screen reader hears when an answer takes the place of another: how many products, and what is different."""
    parts = [ngettext("%(n)d product", "%(n)d products", answer.total) % {"n": answer.total}]
    try:
        parent = owned(row.parent_id, shopper, expired=True) if row.parent_id else None
    except UnknownRecommendation:
        parent = None
    parts += _told(changes(parent, row)) if parent else []
    parts += [answer.relaxation.message] if answer.relaxation.message else []
    return _(". ").join(parts)


def _told(found: Sequence[Change]) -> list[str]:
    told = []
    for change in [c for c in found if c.chip is not None][:MAX_TOLD]:
        text = _("Added: %(what)s") if change.added else _("Taken off: %(what)s")
        told.append(text % {"what": change.chip.label or ", ".join(change.chip.values)})  # type: ignore[union-attr]
    return told
