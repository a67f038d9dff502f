"""The line between what is of the kind that was asked for and what only comes near it."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from fusion.kinds import kind_end
from fusion.messages import either
from recommender.engine import get_engine
from recommender.services.serving import Served
from shop.storefront.cards import Card, Divider


def divider_of(served: Served, cards: Sequence[Card], language: str, *, whole: bool) -> Divider | None:
    """The line before the first card of this page that no card of the kind follows, on this page or a later one.

    Args:
        whole: whether the page stands alone. One that is added below another has its line there, if it began there.
    """
    answer, engine = served.answer, get_engine()
    if answer.instruction.order is not None or answer.groups:
        return None
    fresh = {ranked.item.item_id: ranked.item for ranked in answer.items}
    end = kind_end([item_id for item_id, _score in answer.ranking], fresh, answer.instruction, engine.collection)
    if end is None or (end.place == 0 and answer.relaxation.message) or (end.place < served.offset and not whole):
        return None
    shown = {card.sku for card in cards}
    after = [ranked.item.item_id for ranked in answer.items if ranked.rank > end.place and ranked.item.item_id in shown]
    if not after:
        return None
    names = list(dict.fromkeys(engine.parser.value_name("category", value, language) for value in end.categories))
    return Divider(after[0], _("Not in %(kind)s, but near what you said") % {"kind": either(names, language)})
