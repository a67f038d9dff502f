from decimal import Decimal
from typing import Any

import pytest

from shop.catalog.importing.reading import RawRow
from shop.catalog.importing.report import RowRefused
from shop.catalog.importing.rows import ProductRow, parse_row


def parse(**fields: Any) -> ProductRow:
    return parse_row(RawRow(7, {"sku": "a", "name": "A", **fields}))


def test_known_fields_are_columns_and_every_other_field_is_an_attribute():
    row = parse(
        description="d", category="Apparel / Topwear//Shirts", brand="Acme", price="12.5", currency="eur", stock="3",
        image="a.jpg", colour="Red", size=["S", "M"], weight=Decimal("1.50"), washable=True, empty="", none=None,
    )  # fmt: skip
    assert (row.category, row.brand, row.price_minor, row.currency, row.stock) == (
        ("Apparel", "Topwear", "Shirts"), "Acme", 1250, "EUR", 3
    )  # fmt: skip
    assert row.photos == ("a.jpg",)
    assert row.attributes == {"colour": ["Red"], "size": ["S", "M"], "weight": ["1.50"], "washable": ["yes"]}


def test_nested_object_becomes_dotted_names_and_attributes_are_taken_as_they_are():
    assert parse(box={"width": 3}, attributes={"color": "red"}).attributes == {"box.width": ["3"], "color": ["red"]}


def test_number_as_sku_is_its_text():
    assert parse_row(RawRow(1, {"sku": 13769, "name": "A"})).sku == "13769"


def test_price_is_in_the_minor_units_of_its_currency():
    assert [parse(price="1299", currency=code).price_minor for code in ("USD", "JPY", "KWD")] == [129900, 1299, 1299000]
    assert parse(price=Decimal("19.999")).price_minor == 2000


def test_missing_price_and_stock_are_unknown_and_not_zero():
    row = parse(price="", stock=None)
    assert (row.price_minor, row.stock) == (None, None)


def test_translations_come_in_either_spelling():
    words = {"zh": {"name": "椅子", "description": "舒服"}}
    assert parse(translations=words).translations == words
    row = parse(name_zh="椅子", description_zh="舒服", name_xx="kept")
    assert (row.translations, row.attributes) == (words, {"name_xx": ["kept"]})


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"name": ""}, "name is missing"),
        ({"sku": None}, "sku is missing"),
        ({"price": "cheap"}, "price “cheap” is not a number; write it like 12.99"),
        ({"price": "$5"}, "is not a number"),
        ({"price": -1}, "price “-1” is negative"),
        ({"price": "NaN"}, "is not a number"),
        ({"price": "1e400"}, "too large"),
        ({"price": True}, "is not a number"),
        ({"stock": -2}, "stock “-2” is negative"),
        ({"stock": "2.5"}, "must be a whole number"),
        ({"stock": 10**12}, "must be a whole number"),
        ({"currency": "dollars"}, "not an ISO 4217 code"),
        ({"description": "x" * 1_000_000}, "description has 1,000,000 characters; at most 20,000 are allowed"),
        ({"color": "x" * 3000}, "color has 3,000 characters; at most 2,000 are allowed"),
        ({"name": "a\x00b"}, "control characters"),
        ({"name": ["a"]}, "name is a list; it must be text"),
        ({"category": "/".join("abcdefghijkl")}, "12 levels; at most 10"),
        ({"tags": [{"a": 1}]}, "tags is a dict; it must be text"),
        ({"translations": "zh"}, "translations must look like"),
    ],
)
def test_refusal_names_the_field_and_what_is_allowed(fields, reason):
    with pytest.raises(RowRefused, match=reason.replace("$", r"\$")):
        parse(**fields)
