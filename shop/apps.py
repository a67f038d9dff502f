from django.apps import AppConfig


class ShopConfig(AppConfig):
    name = "shop"
    label = "shop"

    def ready(self) -> None:
        import shop.recommendations  # noqa: F401  (connects the shop's signals to the plugin)
