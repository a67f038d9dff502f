import pytest
from django.contrib.auth.models import User

from shop.wishlist import services
from shop.wishlist.models import Wish
from shop.wishlist.selectors import wished_skus, wishes_of
from shop.wishlist.services import WishlistFull, drop_wish, make_wish, merge_wishes
from tests.shop.makers import make_product

pytestmark = pytest.mark.django_db
GUEST = {"user_id": None, "visitor_token": "guest"}


def test_a_product_is_kept_once_however_often_it_is_asked_for():
    product = make_product("a")
    assert make_wish(product, **GUEST) == make_wish(product, **GUEST)
    assert wished_skus(**GUEST) == {"a"}
    assert wished_skus(user_id=None, visitor_token="other") == frozenset()


def test_dropping_says_whether_there_was_something_to_drop():
    product = make_product()
    make_wish(product, **GUEST)
    assert drop_wish(product, **GUEST)
    assert not drop_wish(product, **GUEST)


def test_nobody_has_no_wishes_and_cannot_make_one():
    with pytest.raises(ValueError, match="a user or a visitor token"):
        make_wish(make_product(), user_id=None, visitor_token="")
    assert wished_skus(user_id=None, visitor_token="") == frozenset()
    assert not wishes_of(user_id=None, visitor_token="").exists()


def test_a_full_list_takes_no_more(monkeypatch):
    monkeypatch.setattr(services, "MAX_WISHES", 2)
    for sku in ("a", "b"):
        make_wish(make_product(sku), **GUEST)
    with pytest.raises(WishlistFull):
        make_wish(make_product("c"), **GUEST)


def test_a_hidden_product_waits_on_the_list_until_it_is_shown_again():
    product = make_product("a", is_active=False)
    make_wish(product, **GUEST)
    assert wished_skus(**GUEST) == frozenset()
    product.is_active = True
    product.save()
    assert wished_skus(**GUEST) == {"a"}


def test_signing_in_moves_every_wish_and_keeps_a_double_once():
    user = User.objects.create_user("lin")
    both, mine, new = make_product("both"), make_product("mine"), make_product("new")
    for product in (both, mine):
        make_wish(product, user_id=user.pk, visitor_token="")
    for product in (both, new):
        make_wish(product, **GUEST)
    merge_wishes(visitor_token="guest", user_id=user.pk)
    merge_wishes(visitor_token="guest", user_id=user.pk)
    assert wished_skus(user_id=user.pk, visitor_token="") == {"both", "mine", "new"}
    assert Wish.objects.count() == 3
    assert merge_wishes(visitor_token="", user_id=user.pk) == 0
