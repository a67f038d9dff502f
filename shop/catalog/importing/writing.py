"""Checked rows -> products, a chunk at a time: one transaction a chunk, and nothing is written that is there already."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import DatabaseError, transaction
from django.utils import timezone

from shop.catalog.importing.photos import RowPhotos, collect_photos
from shop.catalog.importing.reading import RawRow
from shop.catalog.importing.report import ImportReport, Problem, RowRefused
from shop.catalog.importing.rows import ProductRow, parse_row
from shop.catalog.models import Brand, Category, Product, ProductImage
from shop.catalog.selectors import chunked
from shop.catalog.signals import products_changed
from shop.catalog.slugs import base_slug, free_slug, free_slugs

CHUNK = 200
PHOTO_THREADS = 2
_COLUMNS = {
    "description": ("description", "description"),
    "price": ("price_minor", "price_minor"),
    "stock": ("stock", "stock"),
    "translations": ("translations", "translations"),
}


@dataclass(slots=True)
class CatalogImport:
    """One run over one file. Memory is bounded by a chunk, but for the skus seen, which find duplicates."""

    image_root: Path
    dry_run: bool = False
    report: ImportReport = field(default_factory=ImportReport)
    _row_of: dict[str, int] = field(default_factory=dict)
    _brands: dict[str, int] = field(default_factory=dict)
    _categories: dict[tuple[str, ...], int] = field(default_factory=dict)

    def run(self, rows: Iterable[RawRow | Problem], on_progress: Callable[[int], None] | None = None) -> ImportReport:
        """Import all rows.

        Args:
            on_progress: called after every chunk with the number of the last row that was read.
        """
        for chunk in chunked(rows, CHUNK):
            good = [row for raw in chunk if (row := self._checked(raw))]
            self.report.rows += len(chunk)
            self._write(good)
            if on_progress:
                last = chunk[-1]
                on_progress(last.number if isinstance(last, RawRow) else last.row)
        return self.report

    def _checked(self, raw: RawRow | Problem) -> ProductRow | None:
        if isinstance(raw, Problem):
            self.report.refused.append(raw)
            return None
        self.report.readable += 1
        try:
            row = parse_row(raw)
            if row.sku in self._row_of:
                raise RowRefused(f"sku {row.sku} is in row {self._row_of[row.sku]} already; a sku may occur once")
        except RowRefused as refusal:
            self.report.refused.append(Problem(raw.number, str(raw.fields.get("sku") or "")[:60], str(refusal)))
            return None
        self._row_of[row.sku] = row.number
        return row

    def _write(self, rows: Sequence[ProductRow]) -> None:
        """Photos first, outside of the transaction: decoding takes long, and the write lock is for writing."""
        if not rows:
            return
        photos = self._photos(rows)
        try:
            self._write_chunk(rows, photos)
        except DatabaseError as error:
            self._brands.clear()  # what the rolled-back transaction created is gone
            self._categories.clear()
            self._forget_files(photos.values())
            if len(rows) == 1:
                self.report.refused.append(Problem(rows[0].number, rows[0].sku, f"the database refused it ({error})"))
                return
            for row in rows:
                self._write([row])

    def _photos(self, rows: Sequence[ProductRow]) -> dict[str, RowPhotos]:
        storage = ProductImage._meta.get_field("image").storage
        known: dict[str, set[str]] = {}
        images = ProductImage.objects.filter(product__sku__in=[row.sku for row in rows if row.photos])
        for sku, checksum in images.values_list("product__sku", "checksum"):
            known.setdefault(sku, set()).add(checksum)

        def collect(row: ProductRow) -> RowPhotos:
            return collect_photos(row, self.image_root, known.get(row.sku, ()), storage=storage, write=not self.dry_run)

        with ThreadPoolExecutor(PHOTO_THREADS) as pool:  # Pillow works without the interpreter's lock
            return dict(zip((row.sku for row in rows), pool.map(collect, rows), strict=True))

    def _forget_files(self, photos: Iterable[RowPhotos]) -> None:
        storage = ProductImage._meta.get_field("image").storage
        for name in (photo.name for found in photos for photo in found.photos if photo.name):
            storage.delete(name)

    def _write_chunk(self, rows: Sequence[ProductRow], photos: dict[str, RowPhotos]) -> None:
        with transaction.atomic():
            existing = Product.objects.prefetch_related("images").in_bulk([row.sku for row in rows], field_name="sku")
            new = [row for row in rows if row.sku not in existing]
            changed = {row.sku for row in rows if row.sku in existing and self._apply(existing[row.sku], row)}
            self._save_changed([existing[sku] for sku in changed])
            products = existing | self._create(new)
            added, removed, touched = self._save_photos(rows, products, photos)
            skus = [row.sku for row in rows if row.sku in changed | touched or row.sku not in existing]
            if skus and not self.dry_run:
                products_changed.send(sender=Product, skus=skus, reason="imported")
        self._count(rows, len(new), len(set(skus)) - len(new), added, removed, photos)

    def _count(
        self, rows: Sequence[ProductRow], new: int, updated: int, added: int, removed: int, photos: dict[str, RowPhotos]
    ) -> None:
        report = self.report
        report.created += new
        report.updated += updated
        report.unchanged += len(rows) - new - updated
        report.photos_added += added
        report.photos_removed += removed
        for row in rows:
            report.photo_problems += [Problem(row.number, row.sku, reason) for reason in photos[row.sku].problems]

    def _apply(self, product: Product, row: ProductRow) -> bool:
        """Bring a product up to its row; True when something differed."""
        wanted: dict[str, Any] = {"name": row.name, "attributes": dict(row.attributes)}
        for name, (column, source) in _COLUMNS.items():
            if name in row.given:
                wanted[column] = getattr(row, source)
        if row.given & {"price", "currency"}:
            wanted["currency"] = row.currency
        if "category" in row.given:
            wanted["category_id"] = self._category_id(row.category)
        if "brand" in row.given:
            wanted["brand_id"] = self._brand_id(row.brand)
        changes = {column: value for column, value in wanted.items() if getattr(product, column) != value}
        for column, value in changes.items():
            setattr(product, column, value)
        return bool(changes)

    def _save_changed(self, products: Sequence[Product]) -> None:
        if not products or self.dry_run:
            return
        now = timezone.now()
        for product in products:
            product.updated_at = now
        Product.objects.bulk_update(
            products,
            [
                "name",
                "description",
                "category",
                "brand",
                "price_minor",
                "currency",
                "stock",
                "attributes",
                "translations",
                "updated_at",
            ],
            batch_size=CHUNK,
        )

    def _create(self, rows: Sequence[ProductRow]) -> dict[str, Product]:
        if not rows or self.dry_run:
            return {}
        slugs = free_slugs(Product, {row.sku: row.name for row in rows})
        products = [
            Product(
                sku=row.sku,
                slug=slugs[row.sku],
                name=row.name,
                description=row.description,
                category_id=self._category_id(row.category),
                brand_id=self._brand_id(row.brand),
                price_minor=row.price_minor,
                currency=row.currency,
                stock=row.stock,
                attributes=dict(row.attributes),
                translations=dict(row.translations),
            )
            for row in rows
        ]
        return {product.sku: product for product in Product.objects.bulk_create(products, batch_size=CHUNK)}

    def _save_photos(
        self, rows: Sequence[ProductRow], products: dict[str, Product], photos: dict[str, RowPhotos]
    ) -> tuple[int, int, set[str]]:
        """Photos become exactly those of the row, in its order; after a photo problem none is taken away."""
        added: list[ProductImage] = []
        moved: list[ProductImage] = []
        removed: list[int] = []
        touched: set[str] = set()
        for row in rows:
            if "image" not in row.given:
                continue
            product = products.get(row.sku)
            present = {image.checksum: image for image in product.images.all()} if product and product.pk else {}
            for position, photo in enumerate(photos[row.sku].photos):
                image = present.pop(photo.checksum, None)
                if image is None:
                    added.append(_new_image(product, photo.name, photo.checksum, position, photo.width, photo.height))
                elif image.position != position:
                    image.position = position
                    moved.append(image)
                else:
                    continue
                touched.add(row.sku)
            if present and not photos[row.sku].problems:
                removed += [image.pk for image in present.values()]
                touched.add(row.sku)
        if not self.dry_run:
            ProductImage.objects.bulk_create(added, batch_size=CHUNK)
            ProductImage.objects.bulk_update(moved, ["position"])
            if removed:
                ProductImage.objects.filter(pk__in=removed).delete()
        return len(added), len(removed), touched

    def _brand_id(self, name: str) -> int | None:
        """The brand's id, made on first use; in a dry run 0 stands for one that would be made."""
        if not name:
            return None
        if name not in self._brands:
            brand = Brand.objects.filter(name=name).first()
            if brand is None and not self.dry_run:
                brand = Brand.objects.create(name=name)
            self._brands[name] = brand.pk if brand else 0
        return self._brands[name]

    def _category_id(self, path: tuple[str, ...]) -> int | None:
        """The id of a category path, made on first use with everything above it; in a dry run 0 for one to be made."""
        if not path:
            return None
        if path not in self._categories:
            self._categories[path] = self._find_or_make_category(path)
        return self._categories[path]

    def _find_or_make_category(self, path: tuple[str, ...]) -> int:
        parent_id = self._category_id(path[:-1])
        if parent_id == 0:
            return 0
        parent = Category.objects.get(pk=parent_id) if parent_id else None
        siblings = Category.objects.get_children(parent) if parent else Category.objects.get_root_nodes()
        node = siblings.filter(name=path[-1]).first()
        if node is None and not self.dry_run:
            slug = free_slug(Category, " ".join(path[-2:]), suffix=base_slug(" ".join(path)))
            given = {"name": path[-1], "slug": slug}
            node = Category.objects.add_child(parent, given) if parent else Category.objects.add_root(given)
        return int(node.pk) if node else 0


def _new_image(product: Product | None, name: str, checksum: str, position: int, width: int, height: int) -> ProductImage:
    return ProductImage(product=product, image=name, checksum=checksum, position=position, width=width, height=height)
