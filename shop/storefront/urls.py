"""Addresses of the pages."""

from django.urls import URLPattern, path

from shop.storefront.views import account, asking, buying, catalogue, settings, suggesting

app_name = "storefront"

urlpatterns: list[URLPattern] = [
    path("", catalogue.home, name="home"),
    path("search", asking.search, name="search"),
    path("search/suggest", suggesting.suggest, name="suggest"),
    path("search/forget", suggesting.forget, name="forget_requests"),
    path("search/refine", asking.refine, name="refine"),
    path("search/photo", asking.upload_photo, name="upload_photo"),
    path("search/photo/<str:photo_id>", asking.photo, name="photo"),
    path("search/photo/<str:photo_id>/delete", asking.delete_photo, name="delete_photo"),
    path("products/<str:slug>", catalogue.product, name="product"),
    path("categories/<str:slug>", catalogue.category, name="category"),
    path("cart", buying.cart, name="cart"),
    path("cart/add", buying.add, name="add_to_cart"),
    path("cart/lines/<int:line_id>", buying.change_line, name="change_line"),
    path("checkout", buying.checkout, name="checkout"),
    path("orders", buying.orders, name="orders"),
    path("orders/<str:number>", buying.order, name="order"),
    path("account", account.account, name="account"),
    path("account/history/use", account.use_history, name="use_history"),
    path("account/history/delete", account.delete_history, name="delete_history"),
    path("account/export", account.export, name="export"),
    path("account/erase", account.erase, name="erase"),
    path("sign-in", account.sign_in, name="sign_in"),
    path("sign-up", account.sign_up, name="sign_up"),
    path("sign-out", account.sign_out, name="sign_out"),
    path("help", suggesting.help_page, name="help"),
    path("theme", settings.set_theme, name="set_theme"),
]
