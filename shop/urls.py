"""Every address of the shop: pages, API, admin, health."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from shop.storefront.views.media import media
from shop.storefront.views.settings import set_language

handler500 = "shop.storefront.views.errors.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    path("language/setlang/", set_language, name="set_language"),
    path(f"{settings.MEDIA_URL.strip('/')}/<path:path>", media, name="media"),
    path("", include("recommender.api.urls")),
    path("", include("shop.storefront.urls")),
]
