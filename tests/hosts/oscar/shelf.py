"""A few products made with oscar's own models, and what happens to them, told as JSON.

``python -m tests.hosts.oscar.shelf day`` runs in a process of its own, with oscar's settings; the test reads what it says.
"""

from __future__ import annotations

import io
import json
import sys
import time
from decimal import Decimal
from typing import Any

import django


def fill() -> dict[str, str]:
    """Seven products, one of them with two variants; returns short name -> primary key."""
    from oscar.core.loading import get_model

    models = {name: get_model("catalogue", name) for name in ("AttributeOptionGroup", "ProductAttribute", "ProductClass")}
    goods = models["ProductClass"].objects.create(name="Goods")
    sizes = models["AttributeOptionGroup"].objects.create(name="Sizes")
    for size in ("38", "42"):
        sizes.options.create(option=size)
    for name, kind, group in (("Colour", "text", None), ("Size", "multi_option", sizes)):
        models["ProductAttribute"].objects.create(
            product_class=goods, name=name, code=name.lower(), type=kind, option_group=group
        )
    made = {
        "boots": _product(goods, "Clothing > Footwear", "Hiking boots", "Waterproof boots for wet trails.", "red", "89.00"),
        "sandals": _product(goods, "Clothing > Footwear", "Beach sandals", "Light sandals for summer.", "blue", "19.90"),
        "mug": _product(goods, "Home > Kitchen", "Ceramic mug", "A mug for coffee and tea.", "green", "9.50"),
        "chair": _product(goods, "Home > Furniture", "Garden chair", "A comfortable wooden chair.", "brown", "120.00"),
        "lamp": _product(goods, "Home > Furniture", "Desk lamp", "Bends to where you read.", "yellow", "35.00"),
        "tent": _product(goods, "Outdoors", "Waterproof tent", "A tent for two on wet trails.", "orange", "199.00"),
        "shirt": _product(goods, "Clothing > Tops", "Cotton shirt", "A shirt for every day.", "white", None),
    }
    _variant(made["shirt"], "Cotton shirt, small", "25.00", 3)
    _variant(made["shirt"], "Cotton shirt, large", "22.00", 4)
    made["boots"].attr.size = list(sizes.options.all())
    made["boots"].save()
    return {name: str(product.pk) for name, product in made.items()}


def _product(goods: Any, category: str, title: str, description: str, colour: str, price: str | None) -> Any:
    from oscar.apps.catalogue.categories import create_from_breadcrumbs
    from oscar.test.factories import ProductImage

    product = goods.products.create(title=title, description=description, structure="standalone" if price else "parent")
    product.attr.colour = colour
    product.save()
    product.categories.add(create_from_breadcrumbs(category))
    if price:
        _stock(product, price, 5)
    ProductImage.objects.create(product=product, original=photo(colour))
    return product


def _variant(parent: Any, title: str, price: str, n_left: int) -> None:
    child = type(parent).objects.create(parent=parent, title=title, structure="child")
    _stock(child, price, n_left)


def _stock(product: Any, price: str, n_left: int) -> None:
    from oscar.core.loading import get_model

    partner, _ = get_model("partner", "Partner").objects.get_or_create(name="Warehouse", code="warehouse")
    product.stockrecords.create(partner=partner, partner_sku=f"SKU-{product.pk}", price=Decimal(price), num_in_stock=n_left)


def photo(colour: str) -> Any:
    """A JPEG of one colour on white, as a file that oscar stores."""
    from django.core.files.base import ContentFile
    from PIL import Image, ImageDraw

    canvas, out = Image.new("RGB", (160, 120), "white"), io.BytesIO()
    ImageDraw.Draw(canvas).ellipse((30, 20, 130, 100), fill=colour)
    canvas.save(out, "JPEG")
    return ContentFile(out.getvalue(), f"{colour}.jpg")


def day() -> dict[str, Any]:
    """What the shop answers through a day, step by step; nothing is embedded but where a step says so."""
    made = fill()
    story: dict[str, Any] = {"made": made, "first_drain": _drain()}
    story["items"] = _facts()
    story["answers"] = {text: ask(text) for text in ("waterproof boots", "comfortable chair", "a mug for coffee")}
    story["cheap"] = ask("", filters={"price": {"lte": 2300, "currency": "EUR"}})
    story["coloured"] = ask("", filters={"attributes": {"colour": ["blue"]}})
    story["reprice"] = _reprice(made["tent"])
    story["gone"] = _take_away(made)
    story["rename"] = _rename_category()
    story["feedback"] = _shop_around(made)
    return story


def ask(text: str, **given: Any) -> list[str]:
    """Ids of the answer through the HTTP API of the shop, best first."""
    from django.test import Client

    answer = Client().post("/api/v1/recommendations", {"query": {"text": text}, **given}, content_type="application/json")
    assert answer.status_code == 200, answer.content
    return [entry["product"]["sku"] for entry in answer.json()["items"]]


def _facts() -> dict[str, Any]:
    """Items as the index holds them, photos counted."""
    from recommender.models import IndexedItem

    return {row.item_id: {**row.facts, "n_photos": row.n_photos} for row in IndexedItem.objects.filter(removed=False)}


def _drain() -> dict[str, Any]:
    from recommender.services import indexing

    report = indexing.drain()
    return {"items": report.items, "encoded": report.encoded, "removed": report.removed, "failed": report.failed}


def _reprice(product_id: str) -> dict[str, Any]:
    from oscar.core.loading import get_model

    record = get_model("partner", "StockRecord").objects.get(product_id=product_id)
    record.price = Decimal("8.00")
    record.save()
    return {"drain": _drain(), "under_ten": ask("", filters={"price": {"lte": 1000, "currency": "EUR"}})}


def _take_away(made: dict[str, str]) -> dict[str, Any]:
    """Hidden, sold out, deleted: the next answer must know, before any worker does."""
    from oscar.core.loading import get_model

    product, record = get_model("catalogue", "Product"), get_model("partner", "StockRecord")
    hidden = product.objects.get(pk=made["mug"])
    hidden.is_public = False
    hidden.save()
    sold_out = record.objects.get(product_id=made["lamp"])
    sold_out.num_in_stock = 0
    sold_out.save()
    product.objects.get(pk=made["chair"]).delete()
    return {"at_once": ask("", limit=100), "drain": _drain(), "after": ask("", limit=100)}


def _rename_category() -> dict[str, Any]:
    from oscar.core.loading import get_model

    category = get_model("catalogue", "Category").objects.get(name="Footwear")
    category.name = "Shoes and boots"
    category.save()
    from recommender.models import IndexedItem

    report = _drain()
    return {"drain": report, "category": IndexedItem.objects.get(facts__title="Beach sandals").facts["category"]}


def _shop_around(made: dict[str, str]) -> list[list[Any]]:
    """A shopper opens a page, fills the basket there, and orders: oscar's own views and order code, its own signals."""
    from django.contrib.auth.models import User
    from django.test import Client
    from oscar.apps.partner.strategy import Default
    from oscar.core.loading import get_model
    from oscar.test.factories import create_order

    from recommender.models import Event

    user = User.objects.create_user("ann", "ann@example.com", "a long password")
    client = Client()
    client.force_login(user)
    sandals = get_model("catalogue", "Product").objects.get(pk=made["sandals"])
    assert client.get(sandals.get_absolute_url()).status_code == 200
    added = client.post(f"/basket/add/{sandals.pk}/", {"quantity": 2})
    assert added.status_code == 302, added.content
    basket = get_model("basket", "Basket").objects.get(owner=user)
    basket.strategy = Default()
    create_order(number="17", basket=basket, user=user)
    rows = Event.objects.order_by("occurred_at", "id").values_list("kind", "item_id", "user_id", "quantity")
    return [list(row) for row in rows]


def restock(title: str, seconds: float = 30.0) -> float:
    """Add a product and wait until the shop's worker has embedded it; returns the seconds that took."""
    from oscar.core.loading import get_model

    from recommender.models import ItemEmbedding

    goods = get_model("catalogue", "ProductClass").objects.get(name="Goods")
    product = _product(goods, "Garden", title, "Made for rain.", "yellow", "29.00")
    started = time.monotonic()
    while time.monotonic() - started < seconds:
        if ItemEmbedding.objects.filter(item_id=str(product.pk)).count() == 2 and ask(title)[:1] == [str(product.pk)]:
            return time.monotonic() - started
        time.sleep(0.1)
    raise TimeoutError(f"the worker did not embed {title!r} in {seconds} s")


def main() -> None:
    django.setup()
    print(json.dumps({"day": day, "fill": fill, "restock": lambda: restock("Rubber umbrella")}[sys.argv[1]]()))


if __name__ == "__main__":
    main()
