from django.apps import AppConfig


class WishlistConfig(AppConfig):
    name = "shop.wishlist"
    label = "wishlist"
    default_auto_field = "django.db.models.BigAutoField"
