import pytest
from django.contrib.auth.models import User
from django.test import Client

from shop.accounts.cookies import VISITOR_COOKIE
from shop.accounts.forms import SignInForm, SignUpForm
from shop.accounts.models import Preference
from shop.accounts.selectors import preference_of, uses_history
from shop.accounts.services import known_visitor, merge_visitor, new_visitor, set_preference, sign_up
from shop.orders.services import add_to_cart, cart_for
from tests.shop.makers import make_product

pytestmark = pytest.mark.django_db


def test_sign_up_form_makes_a_user_known_by_the_address_in_lower_case():
    form = SignUpForm({"name": "Lin", "email": " Lin@Example.com ", "password": "a long phrase 7"})
    assert form.is_valid(), form.errors
    user = form.save()
    assert (user.username, user.first_name, user.check_password("a long phrase 7")) == ("lin@example.com", "Lin", True)


def test_taken_address_and_weak_password_are_refused():
    sign_up(email="lin@example.com", password="x")
    form = SignUpForm({"email": "LIN@example.com", "password": "12345"})
    assert not form.is_valid()
    assert set(form.errors) == {"email", "password"}


def test_sign_in_takes_the_address_in_any_case():
    sign_up(email="lin@example.com", password="a long phrase 7")
    form = SignInForm(None, {"username": "Lin@Example.com", "password": "a long phrase 7"})
    assert form.is_valid(), form.errors


def test_sign_in_brings_the_guests_cart_and_choices_along():
    user, visitor = sign_up(email="lin@example.com", password="a long phrase 7"), new_visitor()
    add_to_cart(cart_for(user_id=None, visitor_token=visitor.token), make_product())
    set_preference(visitor=visitor, use_history=False)
    client = Client()
    client.cookies[VISITOR_COOKIE] = visitor.token
    client.post("/sign-in", {"username": "lin@example.com", "password": "a long phrase 7"})
    assert cart_for(user_id=user.pk, visitor_token="").lines.count() == 1
    assert not uses_history(user_id=str(user.pk))
    visitor.refresh_from_db()
    assert visitor.user == user


def test_choice_of_the_user_wins_over_the_guests():
    user, visitor = User.objects.create_user("u"), new_visitor()
    set_preference(user=user, use_history=True, currency="CNY")
    set_preference(visitor=visitor, use_history=False, currency="EUR")
    merge_visitor(visitor, user)
    merge_visitor(visitor, user)
    preference = preference_of(user_id=str(user.pk))
    assert preference is not None
    assert (preference.use_history, preference.currency) == (True, "CNY")


def test_second_person_at_the_same_browser_does_not_take_the_visitor_over():
    first, second, visitor = User.objects.create_user("a"), User.objects.create_user("b"), new_visitor()
    merge_visitor(visitor, first)
    set_preference(visitor=visitor, use_history=False)
    merge_visitor(visitor, second)
    assert visitor.user == first
    assert not Preference.objects.filter(user=second).exists()


def test_token_that_was_never_given_out_is_nobodys():
    assert known_visitor("made up") is None
    assert known_visitor("") is None


def test_history_is_used_unless_the_shopper_said_no():
    visitor = new_visitor()
    assert uses_history(visitor_id=visitor.token)
    assert uses_history()
    assert uses_history(user_id="imported-user")
    set_preference(visitor=visitor, use_history=False)
    assert not uses_history(visitor_id=visitor.token)


def test_unknown_preference_is_refused():
    with pytest.raises(ValueError, match="colour"):
        set_preference(visitor=new_visitor(), colour="red")
