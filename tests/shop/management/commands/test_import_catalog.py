import csv
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from shop.catalog.models import Product
from tests.shop.makers import photo_bytes, write_jsonl

pytestmark = pytest.mark.django_db


def run(*args: object) -> str:
    out = StringIO()
    call_command("import_catalog", *map(str, args), stdout=out, verbosity=0)
    return out.getvalue()


def test_summary_and_every_problem_are_printed(tmp_path):
    path = write_jsonl(
        tmp_path / "f.jsonl", [{"sku": "a", "name": "A", "image": "gone.jpg"}, {"sku": "b", "name": "B", "stock": -1}]
    )
    out = run(path)
    assert "refused  row 2 (b): stock “-1” is negative; it must be 0 or more" in out
    assert "no photo row 1 (a): photo gone.jpg: No such file or directory" in out
    assert "2 rows: 1 created, 0 updated, 0 unchanged, 1 refused; photos: 0 added, 0 removed, 1 not usable" in out


def test_csv_with_padded_cells_and_an_image_folder_goes_in(tmp_path):
    images = tmp_path / "pictures"
    images.mkdir()
    (images / "a.png").write_bytes(photo_bytes())
    path = tmp_path / "f.csv"
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file).writerows(
            [["sku ", " name ", "price", "image", "Colour"], ["a ", " Lamp  ", " 12.50 ", "a.png", "Red "]]
        )
    assert "1 created" in run(path, "--images", images)
    product = Product.objects.get()
    assert (product.sku, product.name, product.price_minor, product.attributes) == ("a", "Lamp", 1250, {"colour": ["Red"]})
    assert product.images.count() == 1


def test_dry_run_says_so_and_writes_nothing(tmp_path):
    out = run(write_jsonl(tmp_path / "f.jsonl", [{"sku": "a", "name": "A"}]), "--dry-run")
    assert "Dry run, nothing was written. 1 rows: 1 created" in out
    assert Product.objects.count() == 0


def test_only_a_file_without_one_readable_row_fails(tmp_path):
    with pytest.raises(CommandError, match="No row of"):
        run(write_jsonl(tmp_path / "f.jsonl", ["garbage", "more"]))
    with pytest.raises(CommandError, match="cannot be read"):
        run(tmp_path / "nowhere.jsonl")
    assert "1 refused" in run(write_jsonl(tmp_path / "g.jsonl", [{"sku": "a"}]))
