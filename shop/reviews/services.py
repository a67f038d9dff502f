"""Writes to reviews. Each public function is one transaction."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.db.models import Avg, Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from shop.catalog.models import Product
from shop.reviews.models import Review
from shop.reviews.selectors import has_bought, own_review, owned_by


class NotBought(Exception):
    """Only who bought a product may review it."""


@transaction.atomic
def write_review(
    product: Product,
    *,
    user_id: int | None,
    visitor_token: str,
    stars: int,
    text: str = "",
    name: str = "",
    language: str = "",
) -> Review:
    """Write or change this shopper's one review of a product; a changed one waits for the shop's look again.

    Raises:
        NotBought: no order of this shopper holds the product.
    """
    if not has_bought(product.pk, user_id=user_id, visitor_token=visitor_token):
        raise NotBought
    given = {
        "stars": stars,
        "text": text.strip(),
        "name": name.strip(),
        "language": language,
        "state": Review.State.PENDING,
        "written_at": timezone.now(),
        "decided_at": None,
    }
    known = own_review(product.pk, user_id=user_id, visitor_token=visitor_token)
    if known is None:
        owner = {"user_id": user_id, "visitor_token": "" if user_id is not None else visitor_token}
        try:
            with transaction.atomic():
                return Review.objects.create(product=product, **owner, **given)
        except IntegrityError:  # a double click wrote it first
            known = own_review(product.pk, user_id=user_id, visitor_token=visitor_token)
            if known is None:
                raise
    for field, value in given.items():
        setattr(known, field, value)
    known.save()
    _count([product.pk])
    return known


@transaction.atomic
def delete_review(product: Product, *, user_id: int | None, visitor_token: str) -> bool:
    """Take this shopper's review of a product back; False when there is none."""
    mine = Review.objects.filter(owned_by(user_id=user_id, visitor_token=visitor_token), product=product)
    gone = mine.delete()[0] > 0
    _count([product.pk])
    return gone


def erase_reviews(reviews: QuerySet[Review]) -> int:
    """Delete a person's reviews and take them out of the means. Returns how many."""
    product_ids = set(reviews.values_list("product_id", flat=True))
    n = reviews.delete()[0]
    _count(product_ids)
    return n


def _count(product_ids: Iterable[int]) -> None:
    """Write what the approved reviews of these products come to into the products, for their cards."""
    shown = Review.objects.filter(product=OuterRef("pk"), state=Review.State.APPROVED).order_by().values("product")
    Product.objects.filter(pk__in=list(product_ids)).update(
        review_mean=Subquery(shown.annotate(mean=Avg("stars")).values("mean")),
        n_reviews=Coalesce(Subquery(shown.annotate(n=Count("id")).values("n")), 0),
    )


@transaction.atomic
def decide(reviews: QuerySet[Review], state: str) -> int:
    """Approve, reject or put back many reviews at once. Returns how many changed."""
    wanted = Review.State(state)
    decided = None if wanted is Review.State.PENDING else timezone.now()
    changing = reviews.exclude(state=wanted)
    product_ids = set(changing.values_list("product_id", flat=True))
    n = changing.update(state=wanted, decided_at=decided)
    _count(product_ids)
    return n


@transaction.atomic
def merge_reviews(*, visitor_token: str, user_id: int) -> int:
    """At sign-in: a guest's reviews become the user's; where the user wrote one already, that one stays.

    Returns:
        How many moved.
    """
    if not visitor_token:
        return 0
    guest = Review.objects.filter(user=None, visitor_token=visitor_token)
    doubles = guest.filter(product_id__in=Review.objects.filter(user_id=user_id).values("product_id"))
    product_ids = list(doubles.values_list("product_id", flat=True))
    doubles.delete()
    _count(product_ids)
    return guest.update(user_id=user_id, visitor_token="")
