import json
from pathlib import Path

import pytest

import shop.demo
from shop.demo import DemoUnavailable, products, verify

FIRST = {
    "name": "Shoe",
    "description": "Light.",
    "assets": "a.jpg",
    "facets": "category:Sport|category:Footwear|brand:Nike|color:blue",
    "optionGroups": "size",
    "optionValues": "Size 40",
    "sku": "S40",
    "price": "99.90",
    "stockOnHand": "100",
    "variantFacets": "",
}


def variant(**change: str) -> dict[str, str]:
    return {**dict.fromkeys(FIRST, ""), **change}


def test_variants_become_one_product_with_lists_of_options():
    second = variant(optionValues="Size 42", sku="S42", price="109.90", stockOnHand="50")
    assert list(products(iter([FIRST, second]))) == [
        {
            "sku": "S40",
            "name": "Shoe",
            "description": "Light.",
            "category": "Sport/Footwear",
            "brand": "Nike",
            "price": "99.90",
            "currency": "USD",
            "stock": 150,
            "image": ["images/a.jpg"],
            "color": ["blue"],
            "size": ["40", "42"],
        }
    ]


def test_colours_of_variants_come_from_their_facets_and_wood_is_a_material():
    chair = {
        **FIRST,
        "name": "Chair",
        "facets": "category:Home|color:wood",
        "optionGroups": "color",
        "optionValues": "mustard",
        "variantFacets": "color:yellow",
    }
    made = next(products(iter([chair, variant(optionValues="mint", sku="C2", stockOnHand="1", variantFacets="color:green")])))
    assert (made["color"], made["material"]) == (["yellow", "green"], ["wood"])


def test_every_chinese_name_has_a_description():
    words = json.loads((Path(shop.demo.__file__).with_name("demo_translations.json")).read_text("utf-8"))
    assert len(words) == 54
    assert all(set(entry) == {"name", "description"} and all(entry.values()) for entry in words.values())


def test_package_that_is_not_the_expected_one_is_refused(tmp_path):
    archive = tmp_path / "package.tgz"
    archive.write_bytes(b"something else")
    with pytest.raises(DemoUnavailable, match="expected sha512-"):
        verify(archive)
