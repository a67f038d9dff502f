import pytest

from shop.catalog.models import Product
from shop.orders import checkout
from shop.orders.checkout import check_out
from shop.orders.errors import BadKey, EmptyCart, OutOfStock, PriceChanged
from shop.orders.fulfilment import set_status
from shop.orders.models import Cart, Order
from shop.orders.services import add_to_cart, cart_for, order_place
from shop.orders.shipping import ShippingMethod, shipping_methods
from shop.payments.errors import PaymentDeclined, PaymentUnavailable
from shop.payments.models import Payment
from tests.shop.makers import CONTACT, make_product

pytestmark = pytest.mark.django_db
EXPRESS = ShippingMethod("express", 990)


@pytest.fixture
def cart() -> Cart:
    cart = cart_for(user_id=None, visitor_token="guest")
    add_to_cart(cart, make_product("lamp", price_minor=1000, stock=5), 2)
    return cart


def states() -> list[str]:
    return list(Payment.objects.order_by("id").values_list("state", flat=True))


def test_an_order_is_paid_for_with_its_delivery(cart):
    order = check_out(cart, CONTACT, "key", shipping=EXPRESS, expected_total_minor=2990)
    payment = Payment.objects.get()
    assert (order.subtotal_minor, order.shipping_minor, order.shipping_method, order.total_minor) == (
        2000,
        990,
        "express",
        2990,
    )
    assert (payment.order, payment.amount_minor, payment.state) == (order, 2990, "authorised")


@pytest.mark.parametrize(("choice", "refusal"), [("declined", PaymentDeclined), ("silent", PaymentUnavailable)])
def test_after_a_failed_payment_nothing_is_ordered_and_the_cart_can_be_bought(cart, choice, refusal):
    with pytest.raises(refusal):
        check_out(cart, CONTACT, "key", payment_choice=choice)
    assert (Order.objects.count(), cart.lines.get().quantity, Product.objects.get().stock) == (0, 2, 5)
    order = check_out(cart, CONTACT, "key", payment_choice="pays")
    assert Order.objects.get() == order
    assert Payment.objects.get(order=order).state == "authorised"


def test_the_same_checkout_sent_again_is_the_same_order_and_one_payment(cart):
    first = check_out(cart, CONTACT, "key")
    add_to_cart(cart, Product.objects.get())
    assert check_out(cart, CONTACT, "key") == first
    assert states() == ["authorised"]


def test_a_second_tab_finds_the_cart_empty_and_pays_nothing(cart):
    check_out(cart, CONTACT, "one tab")
    with pytest.raises(EmptyCart):
        check_out(cart, CONTACT, "another tab")
    assert states() == ["authorised"]


def test_when_a_rival_empties_the_cart_during_the_payment_the_reservation_is_let_go(cart, monkeypatch):
    """The rival runs at the worst moment: after our money is reserved, before our order is written."""
    given = checkout.authorise

    def authorise_and_be_overtaken(*args):
        payment = given(*args)
        order_place(cart, CONTACT, "rival")
        return payment

    monkeypatch.setattr(checkout, "authorise", authorise_and_be_overtaken)
    with pytest.raises(EmptyCart):
        check_out(cart, CONTACT, "key")
    assert states() == ["released"]
    assert Order.objects.get().idempotency_key == "rival"


@pytest.mark.parametrize(("change", "refusal"), [({"price_minor": 1100}, PriceChanged), ({"stock": 1}, OutOfStock)])
def test_what_cannot_be_ordered_is_not_paid_for(cart, change, refusal):
    Product.objects.update(**change)
    with pytest.raises(refusal):
        check_out(cart, CONTACT, "key", expected_total_minor=2000)
    assert states() == []


def test_a_crash_while_the_order_is_written_lets_the_reservation_go(cart, monkeypatch):
    def crash(*args, **kwargs):
        raise RuntimeError("disk full")

    monkeypatch.setattr(checkout, "order_place", crash)
    with pytest.raises(RuntimeError):
        check_out(cart, CONTACT, "key")
    assert states() == ["released"]


def test_a_key_is_needed(cart):
    with pytest.raises(BadKey):
        check_out(cart, CONTACT, "")


def test_shipping_takes_the_money_and_cancelling_gives_it_back(cart):
    order = check_out(cart, CONTACT, "key")
    set_status(order, "shipped")
    assert states() == ["captured"]
    add_to_cart(cart, Product.objects.get())
    set_status(check_out(cart, CONTACT, "other"), "cancelled")
    assert states() == ["captured", "released"]
    assert Product.objects.get().stock == 3


def test_delivery_costs_what_the_setting_says_in_the_currency_of_the_cart(settings):
    settings.SHOP_CURRENCY, settings.EXCHANGE_RATES = "USD", {"USD": 1, "JPY": 0.01}
    settings.SHOP_SHIPPING = {"standard": "0", "express": "9.90"}
    assert [(m.code, m.price_minor) for m in shipping_methods("USD")] == [("standard", 0), ("express", 990)]
    assert [(m.code, m.price_minor) for m in shipping_methods("JPY")] == [("standard", 0), ("express", 990)]
    assert [m.code for m in shipping_methods("SEK")] == ["standard"], "what cannot be converted is not offered"
