"""What the shop sells."""

from __future__ import annotations

import secrets
from functools import partial
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models.fields.files import FieldFile
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from treebeard.mp_tree import MP_Node

from shop.catalog.photos import PhotoError, clean_photo
from shop.catalog.renditions import all_renditions
from shop.catalog.slugs import free_slug

MAX_DESCRIPTION = 20_000


def default_currency() -> str:
    """ISO 4217 code of a price that does not say its own."""
    return str(settings.SHOP_CURRENCY)


def photo_path(instance: models.Model, filename: str) -> str:
    """A random name: the one the uploader chose never reaches the disk or an address."""
    name = secrets.token_hex(16)
    return f"products/{name[:2]}/{name}.jpg"


def validate_photo(file: FieldFile) -> None:
    """Refuse an upload that cannot become a clean photo; a stored photo is not read again."""
    if getattr(file, "_committed", False):
        return
    file.seek(0)
    try:
        clean_photo(file.read())
    except PhotoError as error:
        raise ValidationError(str(error), code="photo") from error
    finally:
        file.seek(0)


def validate_attributes(value: object) -> None:
    """Attributes are {name: [values]} with text on both sides and names in lower case."""
    if not isinstance(value, dict):
        raise ValidationError(_('Attributes must look like {"color": ["red"]}.'), code="attributes")
    for name, values in value.items():
        if name != name.lower() or not isinstance(values, list) or not all(isinstance(v, str) for v in values):
            raise ValidationError(
                _('Attribute "%(name)s" needs a lower-case name and a list of texts, like {"size": ["S", "M"]}.'),
                code="attributes",
                params={"name": name},
            )


def validate_translations(value: object) -> None:
    """Translations are {language code: {"name": text, "description": text}}."""
    ok = isinstance(value, dict) and all(
        isinstance(words, dict) and set(words) <= {"name", "description"} and all(isinstance(w, str) for w in words.values())
        for words in value.values()
    )
    if not ok:
        raise ValidationError(_('Translations must look like {"zh": {"name": "…", "description": "…"}}.'), code="translations")


def validate_names(value: object) -> None:
    """Names are {language code: text}."""
    if not isinstance(value, dict) or not all(isinstance(name, str) and 0 < len(name) <= 120 for name in value.values()):
        raise ValidationError(_('Names must look like {"zh": "…"}, with at most 120 characters each.'), code="translations")


class Category(MP_Node):  # type: ignore[misc]
    """A node of the category tree. The path from the root is what shoppers and the plugin see."""

    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(_("slug"), max_length=255, unique=True, allow_unicode=True, blank=True)
    translations = models.JSONField(_("translations"), default=dict, blank=True, validators=[validate_names])

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")

    def __str__(self) -> str:
        return str(self.name)

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.slug:
            self.slug = free_slug(Category, self.name, exclude_pk=self.pk)
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("storefront:category", args=[self.slug])

    def name_in(self, language: str) -> str:
        """The name in a language ("zh-hans" reads "zh"), or the catalogue's own."""
        return str(self.translations.get(language) or self.translations.get(language.split("-")[0]) or self.name)


class Brand(models.Model):
    """Who makes it."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    slug = models.SlugField(_("slug"), max_length=140, unique=True, allow_unicode=True, blank=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("brand")
        verbose_name_plural = _("brands")

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.slug:
            self.slug = free_slug(Brand, self.name, exclude_pk=self.pk)
        super().save(*args, **kwargs)


class Product(models.Model):
    """Something to buy. The plugin knows it by its sku.

    ``price_minor`` is in minor units of ``currency`` (cents, fen); None: not for sale. ``stock`` None: not tracked.
    ``review_mean`` and ``n_reviews`` repeat what the approved reviews come to, for cards; shop.reviews.services writes them.
    """

    sku = models.CharField(_("sku"), max_length=128, unique=True)
    name = models.CharField(_("name"), max_length=300)
    slug = models.SlugField(_("slug"), max_length=255, unique=True, allow_unicode=True, blank=True)
    description = models.TextField(_("description"), max_length=MAX_DESCRIPTION, blank=True, default="")
    category = models.ForeignKey(
        Category, null=True, blank=True, on_delete=models.SET_NULL, related_name="products", verbose_name=_("category")
    )
    brand = models.ForeignKey(
        Brand, null=True, blank=True, on_delete=models.SET_NULL, related_name="products", verbose_name=_("brand")
    )
    price_minor = models.PositiveBigIntegerField(_("price in minor units"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, default=default_currency)
    stock = models.PositiveIntegerField(_("stock"), null=True, blank=True, help_text=_("Empty: not tracked."))
    attributes = models.JSONField(_("attributes"), default=dict, blank=True, validators=[validate_attributes])
    translations = models.JSONField(_("translations"), default=dict, blank=True, validators=[validate_translations])
    is_active = models.BooleanField(_("visible"), default=True, db_index=True)
    rating = models.FloatField(_("rating"), null=True, blank=True, validators=[MinValueValidator(0.0), MaxValueValidator(5.0)])
    review_mean = models.FloatField(_("mean of the reviews"), null=True, blank=True, editable=False)
    n_reviews = models.PositiveIntegerField(_("reviews shown"), default=0, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True, db_index=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name = _("product")
        verbose_name_plural = _("products")
        indexes = [models.Index(fields=["is_active", "price_minor"])]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.slug:
            self.slug = free_slug(Product, self.name, suffix=self.sku, exclude_pk=self.pk)
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("storefront:product", args=[self.slug])

    @property
    def url(self) -> str:
        return self.get_absolute_url()

    @property
    def in_stock(self) -> bool:
        return self.stock is None or self.stock > 0

    @property
    def for_sale(self) -> bool:
        """Visible and priced. Stock is asked separately, because an empty shelf fills again."""
        return self.is_active and self.price_minor is not None

    def name_in(self, language: str) -> str:
        """The name in a language ("zh-hans" reads "zh"), or the catalogue's own."""
        return self._translated(language, "name") or self.name

    def description_in(self, language: str) -> str:
        """The description in a language, or the catalogue's own."""
        return self._translated(language, "description") or self.description

    def _translated(self, language: str, field: str) -> str:
        words = self.translations.get(language) or self.translations.get(language.split("-")[0]) or {}
        return str(words.get(field, ""))


class ProductImage(models.Model):
    """One photo. ``image`` is our own encoding; ``checksum`` is of the file as it was given."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="images", verbose_name=_("product"))
    image = models.ImageField(
        _("photo"), upload_to=photo_path, width_field="width", height_field="height", validators=[validate_photo]
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    checksum = models.CharField(max_length=64, editable=False, db_index=True)
    alt = models.CharField(_("alternative text"), max_length=300, blank=True, default="")
    width = models.PositiveIntegerField(editable=False, default=0)
    height = models.PositiveIntegerField(editable=False, default=0)

    class Meta:
        ordering = ["position", "id"]
        verbose_name = _("product photo")
        verbose_name_plural = _("product photos")

    def __str__(self) -> str:
        return f"{self.product_id}/{self.position}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store a new file as a clean photo.

        Raises:
            PhotoError: the file is not a photo this shop takes (a form's validation says so earlier).
        """
        if self.image and not getattr(self.image, "_committed", True):
            self.image.seek(0)
            photo = clean_photo(self.image.read())
            self.checksum = photo.checksum
            self.image.save("photo.jpg", ContentFile(photo.data), save=False)
            self.width, self.height = photo.width, photo.height
        super().save(*args, **kwargs)


def delete_files_with_row(sender: type[ProductImage], instance: ProductImage, **_: Any) -> None:
    """Once the row is really gone, its files go too; also for rows deleted by a cascade or a queryset."""
    name, storage = instance.image.name, instance.image.storage
    if name:
        names = [name, *(rendition.name for rendition in all_renditions(name))]
        for stale in names:
            transaction.on_commit(partial(storage.delete, stale))


models.signals.post_delete.connect(delete_files_with_row, sender=ProductImage, dispatch_uid="delete_files_with_row")
