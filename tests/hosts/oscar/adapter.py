"""django-oscar meets Attune: the one class that a host writes."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from oscar.core.loading import get_model

from fusion.types import Item, Money, Photo
from recommender.catalog import Catalog, Feedback, user_key

Category, Product = get_model("catalogue", "Category"), get_model("catalogue", "Product")
RELATED = ("images", "categories", "stockrecords", "children__stockrecords", "attribute_values__attribute",
           "attribute_values__value_option", "attribute_values__value_multi_option")  # fmt: skip


class OscarCatalog(Catalog):
    """What oscar shows, by primary key. A variant speaks for its parent, which is what a shopper browses."""

    watched_models = ("catalogue.Product", "catalogue.ProductImage", "catalogue.ProductCategory", "catalogue.Category",
                      "catalogue.ProductAttributeValue", "partner.StockRecord")  # fmt: skip
    feedback_signals = {"view": "oscar.apps.catalogue.signals.product_viewed",
                        "add_to_cart": "oscar.apps.basket.signals.basket_addition",
                        "purchase": "oscar.apps.order.signals.order_placed"}  # fmt: skip

    def iter_item_ids(self) -> Iterator[str]:
        return map(str, Product.objects.browsable().values_list("pk", flat=True).iterator())

    def get_items(self, item_ids: Sequence[str], *, with_photos: bool = False) -> dict[str, Item]:
        products = Product.objects.browsable().filter(pk__in=[i for i in item_ids if i.isdecimal()])
        names = dict(Category.objects.values_list("path", "name"))
        return {str(p.pk): self._item(p, names) for p in products.select_related("product_class").prefetch_related(*RELATED)}

    def _item(self, product: Any, names: dict[str, str]) -> Item:
        records = [record for p in (product, *product.children.all()) for record in p.stockrecords.all()]
        cheapest = min((r for r in records if r.price is not None), key=lambda r: r.price, default=None)
        path = max((category.path for category in product.categories.all()), key=len, default="")
        return Item(
            item_id=str(product.pk),
            title=product.title,
            description=product.description,
            category=tuple(names[path[:end]] for end in range(Category.steplen, len(path) + 1, Category.steplen)),
            price=Money.from_major(cheapest.price, cheapest.price_currency) if cheapest else None,
            stock=sum(record.net_stock_level for record in records) if product.product_class.track_stock else None,
            attributes={value.attribute.name.lower(): _words(value) for value in product.attribute_values.all()},
            photos=tuple(Photo(image.original.name, partial(_read, image.original)) for image in product.images.all()),
            url=product.get_absolute_url(),
            created_at=product.date_created,
            rating=product.rating,
        )

    def item_ids_for(self, instance: Any) -> Iterable[str]:
        if isinstance(instance, Category):
            return map(str, Product.objects.filter(categories__path__startswith=instance.path).values_list("pk", flat=True))
        return [_shown(instance if isinstance(instance, Product) else instance.product)]

    def feedback_for(self, kind: str, payload: Any) -> Iterable[Feedback]:
        user_id = user_key(payload["user"].pk if payload["user"] else None)
        if kind == "purchase":
            for line in payload["order"].lines.select_related("product").exclude(product=None):
                yield Feedback(kind, _shown(line.product), user_id, quantity=line.quantity, event_id=f"oscar-line-{line.pk}")
        else:
            yield Feedback(kind, _shown(payload["product"]), user_id)


def _shown(product: Any) -> str:
    return str(product.parent_id or product.pk)


def _words(value: Any) -> tuple[str, ...]:
    return tuple(map(str, value.value)) if value.attribute.is_multi_option else (str(value.value_as_text),)


def _read(file: Any) -> bytes:
    with file.storage.open(file.name) as opened:
        return bytes(opened.read())
