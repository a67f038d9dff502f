"""The catalogue for shopkeepers."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from treebeard.forms import movenodeform_factory
from unfold.admin import ModelAdmin, TabularInline
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.decorators import display

from shop.catalog.forms import ProductForm
from shop.catalog.models import Brand, Category, Product, ProductImage
from shop.catalog.money import to_major
from shop.catalog.renditions import renditions
from shop.catalog.services import set_visible

LOW_STOCK = 5


def thumbnail(image: ProductImage | None) -> SafeString | str:
    """A small picture of a photo, or a dash."""
    if image is None or not image.pk or not image.image:
        return "-"
    sizes = renditions(image.image.name or "", "s", "webp")
    if not sizes or not sizes[0].make():  # the file is gone or damaged; the row must open all the same
        return str(_("unreadable"))
    return format_html('<img src="{}" alt="{}" height="48" style="height:48px;width:auto">', sizes[0].url, image.alt)


class StockFilter(admin.SimpleListFilter):
    """What needs to be ordered again."""

    title = _("stock")
    parameter_name = "stock"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("out", _("sold out")), ("low", _("5 or fewer left")), ("untracked", _("not tracked"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        match self.value():
            case "out":
                return queryset.filter(stock=0)
            case "low":
                return queryset.filter(stock__gt=0, stock__lte=LOW_STOCK)
            case "untracked":
                return queryset.filter(stock=None)
        return queryset


class ProductImageInline(TabularInline):  # type: ignore[misc]
    """Photos in the order in which pages show them."""

    model = ProductImage
    extra = 0
    fields = ("preview", "image", "position", "alt")
    readonly_fields = ("preview",)

    @admin.display(description=_("preview"))
    def preview(self, image: ProductImage) -> SafeString | str:
        return thumbnail(image)


@admin.register(Product)
class ProductAdmin(ModelAdmin):  # type: ignore[misc]
    """Products: search, filter, hide and show; photos below the form."""

    form = ProductForm
    inlines: ClassVar = [ProductImageInline]
    list_display = ("photo", "name", "sku", "category", "brand", "price", "stock", "is_active")
    list_display_links = ("photo", "name")
    list_filter = (
        "is_active",
        StockFilter,
        ("category", RelatedDropdownFilter),
        ("brand", RelatedDropdownFilter),
        "currency",
    )
    list_filter_submit = True
    list_select_related = ("category", "brand")
    list_per_page = 50
    search_fields = ("sku", "name", "brand__name")
    search_help_text = _("Name, sku or brand")
    autocomplete_fields = ("brand",)
    actions = ("hide", "show")
    readonly_fields = ("created_at", "updated_at")
    fieldsets = (
        (None, {"fields": ("name", "sku", "slug", "description", "category", "brand", "is_active")}),
        (_("Price and stock"), {"fields": ("price", "currency", "stock")}),
        (_("Attributes"), {"fields": ("attributes_text", "rating")}),
        (_("In Chinese"), {"fields": ("name_zh", "description_zh")}),
        (_("Dates"), {"fields": ("created_at", "updated_at")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        products: QuerySet[Product] = super().get_queryset(request).prefetch_related("images")
        return products

    def get_readonly_fields(self, request: HttpRequest, obj: Product | None = None) -> tuple[str, ...]:
        """A sku is what events and orders remember: it is written once."""
        return (*self.readonly_fields, "sku") if obj else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: Product, form: ModelForm[Product], change: bool) -> None:
        """Write what the form changed and nothing else, so that an open form does not undo a sale."""
        if change and isinstance(form, ProductForm):
            obj.save(update_fields=[*form.changed_columns, "updated_at"])
        else:
            super().save_model(request, obj, form, change)

    @display(description=_("photo"))  # type: ignore[untyped-decorator]
    def photo(self, product: Product) -> SafeString | str:
        return thumbnail(next(iter(product.images.all()), None))

    @admin.display(description=_("price"), ordering="price_minor")
    def price(self, product: Product) -> str:
        if product.price_minor is None:
            return "-"
        return f"{to_major(product.price_minor, product.currency)} {product.currency}"

    @admin.action(description=_("Hide from shoppers"), permissions=["change"])
    def hide(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        n = set_visible(queryset, visible=False)
        messages.success(request, ngettext("%d product is hidden now.", "%d products are hidden now.", n) % n)

    @admin.action(description=_("Show to shoppers"), permissions=["change"])
    def show(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        n = set_visible(queryset, visible=True)
        messages.success(request, ngettext("%d product is shown now.", "%d products are shown now.", n) % n)


@admin.register(Category)
class CategoryAdmin(ModelAdmin):  # type: ignore[misc]
    """The tree, in its own order; the form moves a category with everything below it."""

    form = movenodeform_factory(Category)
    list_display = ("indented", "slug", "products")
    search_fields = ("name", "slug")
    ordering = ("path",)
    list_per_page = 200

    def get_queryset(self, request: HttpRequest) -> QuerySet[Category]:
        categories: QuerySet[Category] = super().get_queryset(request).annotate(n_products=Count("products"))
        return categories

    @admin.display(description=_("name"), ordering="path")
    def indented(self, category: Category) -> SafeString:
        return format_html('<span style="padding-left:{}rem">{}</span>', 1.5 * (category.depth - 1), category.name)

    @admin.display(description=_("products directly in it"))
    def products(self, category: Any) -> int:
        return int(category.n_products)


@admin.register(Brand)
class BrandAdmin(ModelAdmin):  # type: ignore[misc]
    """Brands and how much each has."""

    list_display = ("name", "slug", "products")
    search_fields = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Brand]:
        brands: QuerySet[Brand] = super().get_queryset(request).annotate(n_products=Count("products"))
        return brands

    @admin.display(description=_("products"), ordering="n_products")
    def products(self, brand: Any) -> int:
        return int(brand.n_products)
