import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile

from fusion.types import Money
from recommender.catalog import user_key
from recommender.models import Event, StaleItem
from shop.accounts.services import new_visitor, set_preference
from shop.catalog.models import Brand, Category, Product, ProductImage
from shop.catalog.services import set_visible
from shop.catalog.signals import item_viewed
from shop.orders.services import add_to_cart, cart_for, order_place, remove_line
from shop.recommendations import ShopCatalog
from tests.shop.makers import CONTACT, make_product, photo_bytes

pytestmark = pytest.mark.django_db
catalog = ShopCatalog()


def make_tree() -> Category:
    node = Category.objects.add_root({"name": "Apparel", "slug": "apparel"})
    for name in ("Topwear", "Shirts"):
        node = Category.objects.add_child(node, {"name": name, "slug": name.lower()})
    return node


def add_photo(product: Product, colour: str = "red") -> ProductImage:
    return ProductImage.objects.create(product=product, image=ContentFile(photo_bytes(colour), "x.png"))


def test_item_says_everything_that_the_product_says():
    product = make_product(
        "a", name="Shirt", description="Soft.", category=make_tree(), brand=Brand.objects.create(name="Acme"),
        attributes={"color": ["Red"]}, translations={"zh": {"name": "衬衫"}}, rating=4.5,
    )  # fmt: skip
    image = add_photo(product)
    item = catalog.get_items(["a"], with_photos=True)["a"]
    assert (item.title, item.description, item.brand, item.stock, item.rating) == ("Shirt", "Soft.", "Acme", 10, 4.5)
    assert item.category == ("Apparel", "Topwear", "Shirts")
    assert item.price == Money(1000, "USD")
    assert item.attributes == {"color": ("Red",)}
    assert item.translations["zh"].title == "衬衫"
    assert item.url == product.get_absolute_url()
    assert [photo.ref for photo in item.photos] == [image.checksum]
    assert item.photos[0].read()[:3] == b"\xff\xd8\xff"


def test_hidden_and_unknown_products_are_not_returned():
    make_product("a")
    make_product("b", is_active=False)
    assert set(catalog.get_items(["a", "b", "nope"])) == {"a"}
    assert list(catalog.iter_item_ids()) == ["a"]


def test_queries_do_not_grow_with_the_items(django_assert_num_queries):
    shirts, brand = make_tree(), Brand.objects.create(name="Acme")
    skus = [make_product(category=shirts, brand=brand).sku for _ in range(30)]
    for product in Product.objects.all():
        add_photo(product)
    with django_assert_num_queries(3):
        assert len(catalog.get_items(skus, with_photos=True)) == 30
    with django_assert_num_queries(2):
        assert catalog.get_items(skus)[skus[0]].photos == ()


def test_change_of_anything_around_a_product_names_its_items():
    shirts, brand = make_tree(), Brand.objects.create(name="Acme")
    product = make_product("a", category=shirts, brand=brand)
    make_product("b")
    image = add_photo(product)
    root = Category.objects.get(name="Apparel")
    for instance in (product, image, shirts, root, brand):
        assert list(catalog.item_ids_for(instance)) == ["a"]
    assert list(catalog.item_ids_for(User(username="x"))) == []


def test_renamed_brand_marks_its_items_stale():
    brand = Brand.objects.create(name="Acme")
    make_product("a", brand=brand)
    make_product("b")
    StaleItem.objects.all().delete()
    brand.name = "Apex"
    brand.save()
    assert list(StaleItem.objects.values_list("item_id", flat=True)) == ["a"]


def test_bulk_hiding_marks_what_changed():
    for sku, active in (("a", True), ("b", False)):
        make_product(sku, is_active=active)
    StaleItem.objects.all().delete()
    assert set_visible(Product.objects.all(), visible=False) == 1
    assert list(StaleItem.objects.values_list("item_id", flat=True)) == ["a"]


def test_view_cart_and_order_become_events_of_the_same_shopper():
    product, visitor = make_product("a"), new_visitor()
    item_viewed.send(sender=Product, product=product, visitor_id=visitor.token, session_id="s", position=3, surface="search")
    cart = cart_for(user_id=None, visitor_token=visitor.token)
    remove_line(add_to_cart(cart, product, 2))
    add_to_cart(cart, product, 3)
    order = order_place(cart, CONTACT, "key")
    events = list(
        Event.objects.order_by("id").values_list("kind", "item_id", "visitor_id", "quantity", "value_minor", "currency")
    )
    token = visitor.token
    assert events == [
        ("view", "a", token, 1, None, ""),
        ("add_to_cart", "a", token, 2, 2000, "USD"),
        ("remove_from_cart", "a", token, 2, 2000, "USD"),
        ("add_to_cart", "a", token, 3, 3000, "USD"),
        ("purchase", "a", token, 3, 3000, "USD"),
    ]
    assert Event.objects.get(kind="purchase").event_id == f"order-{order.number}-{order.lines.get().pk}"
    assert Event.objects.get(kind="view").position == 3


def test_order_reported_twice_is_one_event():
    cart = cart_for(user_id=User.objects.create_user("u").pk, visitor_token="")
    add_to_cart(cart, make_product("a"))
    order = order_place(cart, CONTACT, "key")
    first, second = (list(catalog.feedback_for("purchase", {"order": order})) for _ in range(2))
    assert [given.event_id for given in first] == [given.event_id for given in second]
    assert first[0].user_id == f"user-{cart.user_id}"


def test_shopper_who_wants_no_history_leaves_events_without_a_name():
    visitor = new_visitor()
    set_preference(visitor=visitor, use_history=False)
    item_viewed.send(sender=Product, product=make_product("a"), visitor_id=visitor.token)
    event = Event.objects.get()
    assert (event.kind, event.visitor_id, event.user_id) == ("view", "", "")


def test_unknown_kind_of_feedback_is_nothing():
    assert list(catalog.feedback_for("dance", {})) == []


def test_an_imported_user_whose_number_is_a_shop_users_is_someone_else() -> None:
    assert user_key(5) == "user-5"
    assert user_key(None) == user_key("") == ""
