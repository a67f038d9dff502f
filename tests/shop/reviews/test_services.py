import pytest
from django.contrib.auth.models import User

from shop.catalog.models import Product
from shop.orders.fulfilment import set_status
from shop.orders.models import Order
from shop.orders.services import add_to_cart, cart_for, order_place
from shop.reviews.models import Review
from shop.reviews.selectors import has_bought, verdict_of
from shop.reviews.services import NotBought, decide, delete_review, erase_reviews, merge_reviews, write_review
from tests.shop.makers import CONTACT, make_product

pytestmark = pytest.mark.django_db
GUEST = {"user_id": None, "visitor_token": "guest"}


def buy(product: Product, *, user_id: int | None = None, visitor_token: str = "guest") -> Order:
    cart = cart_for(user_id=user_id, visitor_token=visitor_token)
    add_to_cart(cart, product)
    return order_place(cart, CONTACT, f"key-{Order.objects.count()}")


def test_only_a_buyer_may_write_and_a_cancelled_order_is_no_purchase():
    product = make_product()
    with pytest.raises(NotBought):
        write_review(product, **GUEST, stars=5)
    order = buy(product)
    assert has_bought(product.pk, **GUEST)
    assert not has_bought(product.pk, user_id=None, visitor_token="")
    set_status(order, "cancelled")
    with pytest.raises(NotBought):
        write_review(product, **GUEST, stars=5)


def test_one_buyer_has_one_review_and_a_changed_one_waits_again():
    product = make_product()
    buy(product)
    write_review(product, **GUEST, stars=5, text=" Good. ")
    decide(Review.objects.all(), "approved")
    changed = write_review(product, **GUEST, stars=2, text="It broke.")
    assert Review.objects.get() == changed
    assert (changed.stars, changed.text, changed.state) == (2, "It broke.", "pending")
    assert delete_review(product, **GUEST)
    assert not delete_review(product, **GUEST)


def test_the_verdict_counts_approved_reviews_alone():
    product = make_product()
    assert (verdict_of(product.pk).n, verdict_of(product.pk).mean) == (0, None)
    for n, (stars, state) in enumerate([(5, "approved"), (4, "approved"), (1, "rejected"), (1, "pending")]):
        Review.objects.create(product=product, visitor_token=f"guest-{n}", stars=stars, state=state)
    found = verdict_of(product.pk)
    assert (found.n, found.mean) == (2, 4.5)
    assert found.counts == [(5, 1), (4, 1), (3, 0), (2, 0), (1, 0)]


def card_of(product: Product) -> tuple[float | None, int]:
    product.refresh_from_db()
    return product.review_mean, product.n_reviews


def test_the_card_s_numbers_follow_every_decision_change_and_erasure():
    product = make_product()
    buy(product)
    mine = write_review(product, **GUEST, stars=2)
    other = Review.objects.create(product=product, visitor_token="other", stars=5)
    assert card_of(product) == (None, 0)
    decide(Review.objects.all(), "approved")
    assert card_of(product) == (3.5, 2)
    write_review(product, **GUEST, stars=1)
    assert card_of(product) == (5.0, 1), "a changed review waits again"
    decide(Review.objects.filter(pk=mine.pk), "approved")
    delete_review(product, **GUEST)
    assert card_of(product) == (5.0, 1)
    erase_reviews(Review.objects.filter(pk=other.pk))
    assert card_of(product) == (None, 0)


def test_many_are_decided_at_once_and_the_time_is_kept():
    product = make_product()
    for n in range(3):
        Review.objects.create(product=product, visitor_token=f"guest-{n}", stars=3)
    assert decide(Review.objects.all(), "approved") == 3
    assert decide(Review.objects.all(), "approved") == 0
    assert Review.objects.filter(decided_at=None).count() == 0
    decide(Review.objects.all(), "pending")
    assert Review.objects.filter(decided_at=None).count() == 3


def test_signing_in_takes_reviews_along_and_the_account_s_own_stays():
    user = User.objects.create_user("lin")
    both, new = make_product(), make_product()
    buy(both, user_id=user.pk)
    write_review(both, user_id=user.pk, visitor_token="", stars=5)
    for product in (both, new):
        buy(product)
        write_review(product, **GUEST, stars=1)
    assert merge_reviews(visitor_token="guest", user_id=user.pk) == 1
    assert dict(Review.objects.filter(user=user).values_list("product_id", "stars")) == {both.pk: 5, new.pk: 1}
    assert Review.objects.count() == 2
