"""Reads of reviews."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Avg, Count, Q, QuerySet

from shop.orders.models import Order, OrderLine
from shop.reviews.models import MAX_STARS, Review


@dataclass(frozen=True, slots=True)
class Verdict:
    """What approved reviews come to. ``mean`` is None without any; ``counts`` holds (stars, how many), most stars first."""

    n: int
    mean: float | None
    counts: Sequence[tuple[int, int]]


def owned_by(*, user_id: int | None, visitor_token: str) -> Q:
    """Reviews of a user or, for a guest, of the visitor; of nobody none."""
    if user_id is not None:
        return Q(user_id=user_id)
    return Q(user=None, visitor_token=visitor_token) if visitor_token else Q(pk__in=[])


def approved(product_id: int) -> QuerySet[Review]:
    """What shoppers see, newest first."""
    return Review.objects.filter(product_id=product_id, state=Review.State.APPROVED)


def verdict_of(product_id: int) -> Verdict:
    """Mean and counts of the approved reviews of a product. Two queries."""
    rows = approved(product_id)
    total = rows.aggregate(n=Count("id"), mean=Avg("stars"))
    found = dict(rows.order_by().values_list("stars").annotate(n=Count("id")))
    return Verdict(total["n"], total["mean"], [(stars, found.get(stars, 0)) for stars in range(MAX_STARS, 0, -1)])


def own_review(product_id: int, *, user_id: int | None, visitor_token: str) -> Review | None:
    """What this shopper wrote about a product, in whatever state."""
    return Review.objects.filter(owned_by(user_id=user_id, visitor_token=visitor_token), product_id=product_id).first()


def has_bought(product_id: int, *, user_id: int | None, visitor_token: str) -> bool:
    """Whether an order of this shopper holds the product and was not cancelled."""
    lines = OrderLine.objects.filter(product_id=product_id).exclude(order__status=Order.Status.CANCELLED)
    if user_id is not None:
        return lines.filter(order__user_id=user_id).exists()
    return bool(visitor_token) and lines.filter(order__user=None, order__visitor_token=visitor_token).exists()
