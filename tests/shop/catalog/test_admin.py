import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.forms import BaseForm
from django.test import Client

from recommender.models import StaleItem
from shop.catalog.models import Category, Product, ProductImage
from shop.orders.models import Order
from shop.orders.services import add_to_cart, cart_for, order_place
from tests.shop.makers import CONTACT, make_product, photo_bytes

pytestmark = pytest.mark.django_db
NO_PHOTOS = {f"images-{name}": value for name, value in {"TOTAL_FORMS": 0, "INITIAL_FORMS": 0}.items()}


@pytest.fixture
def admin(settings) -> Client:
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    return client


def filled(form: BaseForm, **changes: object) -> dict[str, object]:
    """What a browser sends when nothing but the changes was touched."""
    values = {field.html_name: field.value() for field in form}
    sent = {name: "on" if value is True else value for name, value in values.items() if value not in (None, False)}
    return {**sent, **NO_PHOTOS, **changes}


def new_product(admin: Client, photo: bytes | None = None, **fields: object):
    data = {"sku": "new", "name": "Lamp", "currency": "usd", "is_active": "on", **NO_PHOTOS, **fields}
    if photo is not None:
        data |= {"images-TOTAL_FORMS": 1, "images-0-position": 0, "images-0-image": SimpleUploadedFile("x.png", photo)}
    return admin.post("/admin/catalog/product/add/", data)


@pytest.mark.parametrize(
    "page", ["catalog/product", "catalog/category", "catalog/brand", "orders/order", "orders/cart", "auth/user"]
)
def test_every_list_opens(admin, page):
    cart = cart_for(user_id=None, visitor_token="guest")
    add_to_cart(cart, make_product())
    order_place(cart, CONTACT, "key")
    assert admin.get(f"/admin/{page}/").status_code == 200


def test_product_is_made_with_money_attributes_chinese_and_a_clean_photo(admin):
    response = new_product(
        admin, photo_bytes("red", (300, 200)), price="12.5", attributes_text="Color: red | Blue\nsize: S", name_zh="灯"
    )
    assert response.status_code == 302
    product = Product.objects.get()
    assert (product.price_minor, product.currency, product.stock) == (1250, "USD", None)
    assert (product.attributes, product.translations) == ({"color": ["red", "Blue"], "size": ["S"]}, {"zh": {"name": "灯"}})
    assert product.images.get().image.read()[:3] == b"\xff\xd8\xff"
    assert set(StaleItem.objects.values_list("item_id", flat=True)) == {"new"}


@pytest.mark.parametrize(
    "photo", [b"nonsense", b"<svg xmlns='http://www.w3.org/2000/svg'/>", photo_bytes(size=(200, 200))[:150]]
)
def test_file_that_is_no_photo_is_an_error_in_the_form(admin, photo):
    response = new_product(admin, photo)
    assert response.status_code == 200
    assert "images-0-image" in str(response.context["errors"])
    assert (Product.objects.count(), ProductImage.objects.count()) == (0, 0)


def test_attribute_line_without_a_colon_is_an_error_in_the_form(admin):
    assert "must read like: size: S | M" in str(new_product(admin, attributes_text="red").context["errors"])


def test_open_form_does_not_undo_a_sale(admin):
    product = make_product("a", stock=10)
    page = f"/admin/catalog/product/{product.pk}/change/"
    response = admin.get(page)
    assert 'name="initial-stock" value="10"' in response.content.decode()
    form = response.context["adminform"].form
    Product.objects.filter(pk=product.pk).update(stock=7)
    assert admin.post(page, filled(form, price="9.99", **{"initial-stock": 10})).status_code == 302
    product.refresh_from_db()
    assert (product.price_minor, product.stock, product.sku) == (999, 7, "a")
    assert admin.post(page, filled(form, price="9.99", stock=20, **{"initial-stock": 10})).status_code == 302
    product.refresh_from_db()
    assert product.stock == 20


def test_actions_hide_and_show_and_mark_what_changed(admin):
    product = make_product("a")
    StaleItem.objects.all().delete()
    admin.post("/admin/catalog/product/", {"action": "hide", "_selected_action": [product.pk]})
    product.refresh_from_db()
    assert (product.is_active, StaleItem.objects.count()) == (False, 1)
    admin.post("/admin/catalog/product/", {"action": "show", "_selected_action": [product.pk]})
    product.refresh_from_db()
    assert product.is_active


def test_category_is_added_below_another_and_moved(admin):
    root = Category.objects.add_root({"name": "Apparel", "slug": "apparel"})
    new = {"name": "Shirts", "treebeard_position": "first-child", "treebeard_ref_node": root.pk}
    assert admin.post("/admin/catalog/category/add/", new).status_code == 302
    shirts = Category.objects.get(name="Shirts")
    assert (shirts.depth, shirts.slug) == (2, "shirts")
    moved = {"name": "Shirts", "slug": "shirts", "treebeard_position": "right", "treebeard_ref_node": root.pk}
    assert admin.post(f"/admin/catalog/category/{shirts.pk}/change/", moved).status_code == 302
    shirts.refresh_from_db()
    assert shirts.depth == 1


def test_order_is_read_only_and_moves_by_actions(admin):
    cart = cart_for(user_id=None, visitor_token="guest")
    product = make_product(stock=5)
    add_to_cart(cart, product, 2)
    order = order_place(cart, CONTACT, "key")
    assert admin.get(f"/admin/orders/order/{order.pk}/change/").status_code == 200
    assert admin.post(f"/admin/orders/order/{order.pk}/change/", {"email": "x@example.com"}).status_code == 403
    admin.post("/admin/orders/order/", {"action": "cancel", "_selected_action": [order.pk]})
    assert (Order.objects.get().status, Product.objects.get().stock) == ("cancelled", 5)
    response = admin.post("/admin/orders/order/", {"action": "mark_shipped", "_selected_action": [order.pk]}, follow=True)
    assert "it cannot become shipped" in response.content.decode()
