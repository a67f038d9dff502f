"""Payments against a provider that remembers every call, as a real one does, and fails where it is told to."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from shop.orders.services import cart_for
from shop.payments import services
from shop.payments.base import Charge, Option, PaymentMethod
from shop.payments.errors import PaymentDeclined, PaymentUnavailable, PaymentWithdrawn
from shop.payments.models import Payment
from shop.payments.services import attach, authorise, capture_for, give_back_for, payment_method, release, settle
from tests.shop.makers import make_order

pytestmark = pytest.mark.django_db
CHARGE = Charge(2500, "USD")


class Bank(PaymentMethod):
    """Keeps accounts: each key counts once. ``silent`` and ``refuses`` name the calls that fail."""

    name = "bank"
    silent: set[str] = set()
    refuses: set[str] = set()
    held: dict[str, int] = {}
    taken: dict[str, int] = {}
    n_calls = 0

    def options(self):
        return [Option("card", "Card")]

    def authorise(self, charge, *, key):
        self._call("authorise")
        Bank.held[f"ref-{key}"] = charge.amount_minor
        return f"ref-{key}"

    def capture(self, reference, charge, *, key):
        self._call("capture")
        Bank.held.pop(reference, None)
        Bank.taken[reference] = charge.amount_minor

    def release(self, reference, *, key):
        self._call("release")
        Bank.held.pop(reference, None)

    def refund(self, reference, charge, *, key):
        self._call("refund")
        Bank.taken.pop(reference, None)

    def _call(self, what):
        Bank.n_calls += 1
        if what in Bank.silent:
            raise PaymentUnavailable
        if what in Bank.refuses:
            raise PaymentDeclined


@pytest.fixture
def bank(settings):
    settings.SHOP_PAYMENT = {"BACKEND": f"{__name__}.Bank"}
    Bank.silent, Bank.refuses, Bank.held, Bank.taken, Bank.n_calls = set(), set(), {}, {}, 0
    return Bank


@pytest.fixture
def cart_id() -> int:
    return cart_for(user_id=None, visitor_token="guest").pk


def long_ago(payment: Payment) -> None:
    past = timezone.now() - timedelta(hours=2)
    Payment.objects.filter(pk=payment.pk).update(created_at=past, updated_at=past)


def test_a_double_click_gets_the_reservation_that_is_there(bank, cart_id):
    first, second = (authorise(cart_id, "key", CHARGE) for _ in range(2))
    assert first == second
    assert list(bank.held.values()) == [2500]


def test_a_declined_payment_is_tried_anew_and_not_replayed(bank, cart_id):
    bank.refuses = {"authorise"}
    with pytest.raises(PaymentDeclined):
        authorise(cart_id, "key", CHARGE)
    bank.refuses = set()
    assert authorise(cart_id, "key", CHARGE).attempt == 2
    assert list(Payment.objects.values_list("state", flat=True)) == ["authorised", "declined"]


def test_after_silence_the_same_key_is_used_so_that_nothing_is_reserved_twice(bank, cart_id):
    bank.silent = {"authorise"}
    with pytest.raises(PaymentUnavailable):
        authorise(cart_id, "key", CHARGE)
    bank.silent = set()
    assert authorise(cart_id, "key", CHARGE).attempt == 1
    assert len(bank.held) == 1


def test_another_amount_lets_go_of_what_was_reserved_before(bank, cart_id):
    authorise(cart_id, "key", CHARGE)
    authorise(cart_id, "key", Charge(3000, "USD"))
    assert list(bank.held.values()) == [3000]


def test_a_reservation_that_an_order_holds_is_not_released(bank, cart_id):
    payment, order = authorise(cart_id, "key", CHARGE), make_order()
    attach(payment.pk, order.pk)
    release(payment)
    assert list(bank.held.values()) == [2500]


def test_a_released_reservation_pays_for_no_order(bank, cart_id):
    payment = authorise(cart_id, "key", CHARGE)
    release(payment)
    with pytest.raises(PaymentWithdrawn):
        attach(payment.pk, make_order().pk)
    assert bank.held == {}


def test_money_is_taken_once_and_given_back_once(bank, cart_id):
    payment, order = authorise(cart_id, "key", CHARGE), make_order()
    attach(payment.pk, order.pk)
    capture_for(order.pk)
    capture_for(order.pk)
    assert (list(bank.taken.values()), bank.held) == ([2500], {})
    give_back_for(order.pk)
    give_back_for(order.pk)
    assert bank.taken == {}
    assert bank.n_calls == 3


def test_a_refund_that_failed_is_due_until_it_went_through(bank, cart_id):
    payment, order = authorise(cart_id, "key", CHARGE), make_order()
    attach(payment.pk, order.pk)
    capture_for(order.pk)
    bank.silent = {"refund"}
    give_back_for(order.pk)
    assert Payment.objects.get().state == "refund_due"
    bank.silent = set()
    assert settle() == {"refunded": 1}
    assert bank.taken == {}


def test_settling_releases_what_a_crash_left_behind_and_leaves_what_is_under_way(bank, cart_id):
    long_ago(authorise(cart_id, "crashed", CHARGE))
    authorise(cart_id, "under way", CHARGE)
    assert settle() == {"released": 1}
    assert len(bank.held) == 1


def test_settling_asks_once_more_where_no_answer_came_and_releases_what_was_reserved(bank, cart_id):
    bank.silent = {"authorise"}
    with pytest.raises(PaymentUnavailable):
        authorise(cart_id, "key", CHARGE)
    long_ago(Payment.objects.get())
    settle()
    assert Payment.objects.get().state == "started"
    bank.silent = set()
    assert settle() == {"released": 1}
    assert bank.held == {}


@pytest.mark.parametrize(
    "given",
    [
        {"BACKEND": "nowhere.Class"},
        {},
        {"BACKEND": "shop.payments.models.new_key"},
        {"BACKEND": "shop.payments.demo.DemoPayment", "OPTIONS": {"x": 1}},
    ],
)
def test_a_setting_that_names_no_payment_method_says_what_to_write(settings, given):
    settings.SHOP_PAYMENT = given
    with pytest.raises(ImproperlyConfigured, match="SHOP_PAYMENT"):
        payment_method()


def test_the_demo_is_a_demo_and_answers_the_same_key_the_same(settings):
    demo = payment_method()
    assert demo.is_demo
    assert demo.authorise(Charge(1, "USD", "pays"), key="k") == demo.authorise(Charge(1, "USD", "pays"), key="k")
    with pytest.raises(PaymentDeclined):
        demo.authorise(Charge(1, "USD", "declined"), key="k")
    with pytest.raises(PaymentUnavailable):
        demo.authorise(Charge(1, "USD", "silent"), key="k")
    assert services.payment_method() is demo
