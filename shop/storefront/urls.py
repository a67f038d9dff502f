"""Addresses of the pages."""

from django.urls import URLPattern, path

from shop.storefront.views import account, asking, cart, catalogue, checkout, compare, orders, privacy, settings, suggesting, wishlist

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
    path("cart", cart.cart, name="cart"),
    path("cart/add", cart.add, name="add_to_cart"),
    path("cart/lines/<int:line_id>", cart.change_line, name="change_line"),
    path("cart/undo", cart.undo, name="undo"),
    path("wishlist", wishlist.wishlist, name="wishlist"),
    path("wishlist/cart", wishlist.to_cart, name="wish_to_cart"),
    path("compare", compare.compare, name="compare"),
    path("compare/add", compare.add, name="add_to_comparison"),
    path("checkout", checkout.checkout, name="checkout"),
    path("orders", orders.orders, name="orders"),
    path("orders/find", orders.find, name="find_order"),
    path("orders/<str:number>", orders.order, name="order"),
    path("orders/<str:number>/again", orders.order_again, name="order_again"),
    path("account", account.account, name="account"),
    path("account/history", privacy.history, name="history"),
    path("account/history/use", privacy.use_history, name="use_history"),
    path("account/history/delete", privacy.delete_history, name="delete_history"),
    path("account/settings", settings.settings, name="settings"),
    path("account/export", privacy.export, name="export"),
    path("account/erase", privacy.erase, name="erase"),
    path("sign-in", account.sign_in, name="sign_in"),
    path("sign-up", account.sign_up, name="sign_up"),
    path("sign-out", account.sign_out, name="sign_out"),
    path("help", suggesting.help_page, name="help"),
    path("theme", settings.set_theme, name="set_theme"),
    path("currency", settings.set_currency, name="set_currency"),
]
