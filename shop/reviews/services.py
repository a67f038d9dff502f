"""Writes to reviews. Each public function is one transaction."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from shop.catalog.models import Product
from shop.reviews.models import Review
from shop.reviews.selectors import has_bought, own_review, owned_by


class NotBought(Exception):
    """Only who bought a product may review it."""


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
    return known


def delete_review(product: Product, *, user_id: int | None, visitor_token: str) -> bool:
    """Take this shopper's review of a product back; False when there is none."""
    mine = Review.objects.filter(owned_by(user_id=user_id, visitor_token=visitor_token), product=product)
    return mine.delete()[0] > 0


def decide(reviews: QuerySet[Review], state: str) -> int:
    """Approve, reject or put back many reviews at once. Returns how many changed."""
    wanted = Review.State(state)
    decided = None if wanted is Review.State.PENDING else timezone.now()
    return reviews.exclude(state=wanted).update(state=wanted, decided_at=decided)


@transaction.atomic
def merge_reviews(*, visitor_token: str, user_id: int) -> int:
    """At sign-in: a guest's reviews become the user's; where the user wrote one already, that one stays.

    Returns:
        How many moved.
    """
    if not visitor_token:
        return 0
    guest = Review.objects.filter(user=None, visitor_token=visitor_token)
    guest.filter(product_id__in=Review.objects.filter(user_id=user_id).values("product_id")).delete()
    return guest.update(user_id=user_id, visitor_token="")
