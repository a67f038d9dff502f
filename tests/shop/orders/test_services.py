import pytest
from django.contrib.auth.models import User

from recommender.models import StaleItem
from shop.catalog.models import Product
from shop.orders.errors import BadKey, BadQuantity, BadStatus, EmptyCart, MixedCurrencies, NotForSale, OutOfStock, PriceChanged
from shop.orders.fulfilment import set_status
from shop.orders.models import Cart, CartLine, Order
from shop.orders.selectors import orders_of, summary_of
from shop.orders.services import add_to_cart, cart_for, merge_carts, order_place, remove_line, set_quantity
from shop.orders.signals import order_placed
from tests.shop.makers import CONTACT, make_product

pytestmark = pytest.mark.django_db


@pytest.fixture
def cart() -> Cart:
    return cart_for(user_id=None, visitor_token="guest")


def stock_of(product: Product) -> int | None:
    return Product.objects.values_list("stock", flat=True).get(pk=product.pk)


def test_one_shopper_has_one_cart(cart):
    assert cart_for(user_id=None, visitor_token="guest") == cart
    assert cart_for(user_id=None, visitor_token="other") != cart
    with pytest.raises(ValueError, match="a user or a visitor token"):
        cart_for(user_id=None, visitor_token="")


def test_same_product_twice_is_one_line(cart):
    product = make_product()
    add_to_cart(cart, product, 2)
    line = add_to_cart(cart, product, 3, recommendation_id="R1")
    assert (line.quantity, line.unit_price_minor, line.recommendation_id) == (5, 1000, "R1")
    summary = summary_of(cart)
    assert (len(summary.lines), summary.total_minor, summary.currency, summary.n_units) == (1, 5000, "USD", 5)


def test_what_cannot_be_bought_does_not_go_in(cart):
    with pytest.raises(OutOfStock, match="Only 1 of “Lamp” are left; you asked for 2"):
        add_to_cart(cart, make_product(name="Lamp", stock=1), 2)
    with pytest.raises(OutOfStock, match="sold out"):
        add_to_cart(cart, make_product(stock=0))
    with pytest.raises(NotForSale):
        add_to_cart(cart, make_product(is_active=False))
    with pytest.raises(NotForSale):
        add_to_cart(cart, make_product(price_minor=None))
    for quantity in (0, -1, 100):
        with pytest.raises(BadQuantity, match="between 1 and 99"):
            add_to_cart(cart, make_product(stock=None), quantity)
    assert cart.lines.count() == 0


def test_stock_is_read_fresh_and_not_from_the_page(cart):
    product = make_product(stock=5)
    Product.objects.filter(pk=product.pk).update(stock=1)
    with pytest.raises(OutOfStock):
        add_to_cart(cart, product, 2)


def test_one_cart_has_one_currency(cart):
    add_to_cart(cart, make_product())
    with pytest.raises(MixedCurrencies, match="in USD and this product is sold in EUR"):
        add_to_cart(cart, make_product(currency="EUR"))


def test_quantity_can_be_set_and_zero_removes_the_line(cart):
    line = add_to_cart(cart, make_product(stock=5), 2)
    changed = set_quantity(line, 4)
    assert changed is not None
    assert changed.quantity == 4
    with pytest.raises(OutOfStock):
        set_quantity(line, 6)
    assert set_quantity(line, 0) is None
    assert cart.lines.count() == 0
    remove_line(line)


def test_order_takes_stock_empties_the_cart_and_keeps_what_was_sold(cart):
    lamp, chair = make_product(name="Lamp", translations={"zh": {"name": "灯"}}), make_product(stock=None, price_minor=250)
    add_to_cart(cart, lamp, 2, recommendation_id="R1")
    add_to_cart(cart, chair, 3)
    order = order_place(cart, CONTACT, "key", language="zh-hans")
    assert (order.total_minor, order.currency, order.email, order.status) == (2750, "USD", "lin@example.com", "placed")
    assert [(line.name, line.quantity, line.unit_price_minor, line.recommendation_id) for line in order.lines.all()] == [
        ("灯", 2, 1000, "R1"), (chair.name, 3, 250, ""),
    ]  # fmt: skip
    assert (stock_of(lamp), stock_of(chair), cart.lines.count()) == (8, None, 0)


def test_same_key_gives_the_same_order_even_when_the_cart_holds_something_new(cart):
    product = make_product()
    add_to_cart(cart, product)
    first = order_place(cart, CONTACT, "key")
    add_to_cart(cart, product)
    assert order_place(cart, CONTACT, "key") == first
    assert (Order.objects.count(), stock_of(product), cart.lines.count()) == (1, 9, 1)
    assert order_place(cart, CONTACT, "other key") != first


def test_someone_elses_key_is_not_mine(cart):
    for owner in (cart, cart_for(user_id=None, visitor_token="other")):
        add_to_cart(owner, make_product())
        order_place(owner, CONTACT, "key")
    assert Order.objects.count() == 2


def test_shortage_changes_nothing_names_the_product_and_leaves_the_cart_usable(cart):
    plenty, scarce = make_product(), make_product(name="Lamp", stock=3)
    add_to_cart(cart, plenty)
    line = add_to_cart(cart, scarce, 3)
    Product.objects.filter(pk=scarce.pk).update(stock=1)
    with pytest.raises(OutOfStock, match="Only 1 of “Lamp”") as caught:
        order_place(cart, CONTACT, "key")
    assert (caught.value.sku, caught.value.left, caught.value.wanted) == (scarce.sku, 1, 3)
    assert (stock_of(plenty), stock_of(scarce), Order.objects.count(), cart.lines.count()) == (10, 1, 0, 2)
    set_quantity(line, 1)
    assert order_place(cart, CONTACT, "key").lines.count() == 2


def test_price_that_moved_is_shown_before_it_is_paid(cart):
    product = make_product()
    add_to_cart(cart, product, 2)
    Product.objects.filter(pk=product.pk).update(price_minor=1500)
    with pytest.raises(PriceChanged) as caught:
        order_place(cart, CONTACT, "key", expected_total_minor=2000)
    change = caught.value.changes[0]
    assert (change.sku, change.old_minor, change.new_minor, caught.value.total_minor) == (product.sku, 1000, 1500, 3000)
    assert summary_of(cart).total_minor == 3000
    with pytest.raises(PriceChanged):
        order_place(cart, CONTACT, "key", expected_total_minor=2000)
    assert order_place(cart, CONTACT, "key", expected_total_minor=3000).total_minor == 3000


def test_empty_cart_hidden_product_and_missing_key_are_refused(cart):
    with pytest.raises(EmptyCart):
        order_place(cart, CONTACT, "key")
    product = make_product()
    add_to_cart(cart, product)
    for key in ("", "k" * 256):
        with pytest.raises(BadKey, match="1 to 255 characters"):
            order_place(cart, CONTACT, key)
    Product.objects.filter(pk=product.pk).update(is_active=False)
    with pytest.raises(NotForSale):
        order_place(cart, CONTACT, "key")
    assert Order.objects.count() == 0


def test_sold_products_are_marked_stale_in_the_same_transaction(cart):
    product = make_product()
    add_to_cart(cart, product)
    StaleItem.objects.all().delete()
    order_place(cart, CONTACT, "key")
    assert list(StaleItem.objects.values_list("item_id", "reason")) == [(product.sku, "stock")]


def test_listener_that_fails_costs_no_order(cart):
    def fail(**given: object) -> None:
        raise RuntimeError("the recommender is down")

    add_to_cart(cart, make_product())
    order_placed.connect(fail)
    try:
        order = order_place(cart, CONTACT, "key")
    finally:
        order_placed.disconnect(fail)
    assert Order.objects.get() == order


def test_cancelling_gives_the_stock_back_once(cart):
    product = make_product()
    add_to_cart(cart, product, 4)
    order = order_place(cart, CONTACT, "key")
    set_status(order, "cancelled")
    assert stock_of(product) == 10
    with pytest.raises(BadStatus, match="is cancelled; it cannot become shipped"):
        set_status(order, "shipped")
    with pytest.raises(BadStatus):
        set_status(order, "cancelled")
    assert stock_of(product) == 10


def test_order_goes_from_placed_to_shipped_to_delivered(cart):
    add_to_cart(cart, make_product())
    order = order_place(cart, CONTACT, "key")
    with pytest.raises(BadStatus):
        set_status(order, "delivered")
    set_status(order, "shipped")
    assert set_status(order, "delivered").status == "delivered"
    with pytest.raises(BadStatus):
        set_status(order, "cancelled")


def test_guests_lines_move_into_the_users_cart_and_none_is_lost(cart):
    user = User.objects.create_user("u@example.com")
    shared, mine, theirs = make_product(stock=None), make_product(), make_product()
    target = cart_for(user_id=user.pk, visitor_token="")
    add_to_cart(target, shared, 60)
    add_to_cart(target, mine)
    add_to_cart(cart, shared, 60)
    add_to_cart(cart, theirs, 2)
    merged = merge_carts(visitor_token="guest", user_id=user.pk)
    assert dict(merged.lines.values_list("product__sku", "quantity")) == {shared.sku: 99, mine.sku: 1, theirs.sku: 2}
    assert merge_carts(visitor_token="guest", user_id=user.pk).lines.count() == 3
    assert not Cart.objects.filter(visitor_token="guest").exists()


def test_orders_of_others_are_not_shown(cart):
    user = User.objects.create_user("u@example.com")
    add_to_cart(cart, make_product())
    guests = order_place(cart, CONTACT, "key")
    own = cart_for(user_id=user.pk, visitor_token="guest")
    add_to_cart(own, make_product())
    users = order_place(own, CONTACT, "key")
    assert list(orders_of(user_id=user.pk)) == [users]
    assert list(orders_of(user_id=None, visitor_token="guest")) == [guests]
    assert list(orders_of(user_id=None)) == []


def test_deleted_product_leaves_the_cart_but_stays_in_the_order(cart):
    product = make_product("gone")
    add_to_cart(cart, product)
    order = order_place(cart, CONTACT, "key")
    add_to_cart(cart, product)
    product.delete()
    assert CartLine.objects.count() == 0
    assert list(order.lines.values_list("sku", "product")) == [("gone", None)]
    set_status(order, "cancelled")
