"""Which of a few products the shopper's last request is met by best."""

from __future__ import annotations

import logging
from collections.abc import Collection

from django.db import DatabaseError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from recommender.exceptions import ResultExpired, UnknownRecommendation
from recommender.models import Recommendation
from recommender.records import instruction_from_json
from recommender.services.serving import page
from recommender.services.visitors import owned_by
from shop.recommendations.pages import shopper_of
from shop.storefront.comparing import BestFit

logger = logging.getLogger(__name__)

MIN_RANKED = 2


def best_of(request: HttpRequest, skus: Collection[str]) -> BestFit | None:
    """The product that the shopper's latest answer ranked highest, if it ranked at least two of these.

    None where that says nothing about the fit: the answer was sorted by price or date, is too old, its best of these is no
    longer sold as it was asked for, or the shopper keeps the history out.
    """
    shopper = shopper_of(request)
    if not shopper.use_history:
        return None
    try:
        row = Recommendation.objects.filter(owned_by(shopper), surface="search").order_by("-id").first()
        places = [(place, sku) for place, (sku, _score) in enumerate(row.ranking) if sku in skus] if row else []
        if row is None or len(places) < MIN_RANKED or _is_sorted(row):
            return None
        place, best = places[0]
        shown = page(row.pk, shopper, place, 1, shopper.language).answer.items
    except (UnknownRecommendation, ResultExpired):
        return None
    except DatabaseError as error:  # a mark less, not a page less
        logger.warning("event=best_of_failed error=%r", error)
        return None
    if not shown or shown[0].item.item_id != best:
        return None
    reasons = shown[0].reasons
    return BestFit(best, _label(row), reasons[0].label if reasons else "")


def _is_sorted(row: Recommendation) -> bool:
    """Whether its order is one that was asked for, on the page or in words, rather than how well things fit."""
    return bool(row.request.get("order")) or instruction_from_json(row.instruction).order is not None


def _label(row: Recommendation) -> str:
    text = row.request.get("text", "")
    if text:
        return _("Fits “%(text)s” best") % {"text": text}
    return _("Fits your photo best") if row.request.get("photo_id") else _("Fits your last request best")
