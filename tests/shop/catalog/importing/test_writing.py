import pytest
from django.db.models.signals import post_save
from django.db.utils import DatabaseError

from recommender.models import StaleItem
from shop.catalog.importing.writing import CatalogImport
from shop.catalog.models import Brand, Category, Product, ProductImage
from tests.shop.makers import import_file, make_product, photo_bytes, write_jsonl

pytestmark = pytest.mark.django_db

ROWS = [
    {"sku": "a", "name": "Shirt", "category": "Apparel/Topwear/Shirts", "brand": "Acme", "price": 10, "stock": 3,
     "color": "Red", "image": ["red.png", "blue.png"], "name_zh": "衬衫"},
    {"sku": "b", "name": "Shirt", "category": "Apparel/Topwear/Tops", "brand": "Acme", "image": "red.png"},
    {"sku": "c", "name": "Tie", "category": "Apparel", "price": "5.5", "currency": "EUR"},
]  # fmt: skip


@pytest.fixture
def catalogue(tmp_path):
    for colour in ("red", "blue"):
        (tmp_path / f"{colour}.png").write_bytes(photo_bytes(colour))
    return write_jsonl(tmp_path / "catalogue.jsonl", ROWS)


def names_above(product: Product) -> list[str]:
    return [node.name for node in (*Category.objects.get_ancestors(product.category), product.category)]


def test_rows_become_products_with_categories_brands_photos_and_attributes(catalogue):
    report = import_file(catalogue)
    assert (report.rows, report.created, report.photos_added, report.refused) == (3, 3, 3, [])
    shirt = Product.objects.get(sku="a")
    assert names_above(shirt) == ["Apparel", "Topwear", "Shirts"]
    assert (shirt.brand.name, shirt.price_minor, shirt.currency, shirt.stock) == ("Acme", 1000, "USD", 3)
    assert (shirt.attributes, shirt.translations) == ({"color": ["Red"]}, {"zh": {"name": "衬衫"}})
    assert [image.position for image in shirt.images.all()] == [0, 1]
    assert (Category.objects.count(), Brand.objects.count()) == (4, 1)
    assert len({product.slug for product in Product.objects.all()}) == 3


def test_importing_the_same_file_again_changes_nothing_at_all(catalogue, media_root):
    import_file(catalogue)
    before = list(Product.objects.values()), list(ProductImage.objects.values()), list(Category.objects.values())
    files = {path: path.stat().st_mtime_ns for path in media_root.rglob("*.jpg")}
    StaleItem.objects.all().delete()
    saved = []
    post_save.connect(lambda **given: saved.append(given), weak=False, dispatch_uid="watch")
    try:
        report = import_file(catalogue)
    finally:
        post_save.disconnect(dispatch_uid="watch")
    assert (report.n_changes, report.unchanged, report.photos_added, report.photos_removed) == (0, 3, 0, 0)
    assert (list(Product.objects.values()), list(ProductImage.objects.values()), list(Category.objects.values())) == before
    assert {path: path.stat().st_mtime_ns for path in media_root.rglob("*.jpg")} == files
    assert saved == []
    assert StaleItem.objects.count() == 0


def test_changed_row_is_written_and_announced_and_the_others_are_not(catalogue):
    import_file(catalogue)
    StaleItem.objects.all().delete()
    write_jsonl(catalogue, [{**ROWS[0], "price": 11, "image": ["blue.png"]}, *ROWS[1:]])
    report = import_file(catalogue)
    assert (report.updated, report.unchanged, report.photos_removed) == (1, 2, 1)
    shirt = Product.objects.get(sku="a")
    assert (shirt.price_minor, [image.position for image in shirt.images.all()]) == (1100, [0])
    assert set(StaleItem.objects.values_list("item_id", flat=True)) == {"a"}


def test_field_that_the_row_does_not_have_stays_as_it_is(catalogue):
    import_file(catalogue)
    write_jsonl(catalogue, [{"sku": "a", "name": "Shirt", "color": "Red"}])
    report = import_file(catalogue)
    assert (report.unchanged, Product.objects.get(sku="a").stock, ProductImage.objects.filter(product__sku="a").count()) == (
        1,
        3,
        2,
    )


def test_hidden_product_stays_hidden(catalogue):
    import_file(catalogue)
    Product.objects.filter(sku="a").update(is_active=False)
    import_file(catalogue)
    assert not Product.objects.get(sku="a").is_active


def test_new_products_are_announced_in_the_transaction_that_writes_them(catalogue):
    import_file(catalogue)
    assert set(StaleItem.objects.values_list("item_id", "background")) == {("a", True), ("b", True), ("c", True)}


def test_dry_run_reports_the_same_and_writes_nothing(catalogue, media_root):
    dry = import_file(catalogue, dry_run=True)
    assert (dry.created, dry.photos_added) == (3, 3)
    assert (Product.objects.count(), Category.objects.count(), Brand.objects.count(), StaleItem.objects.count()) == (0, 0, 0, 0)
    assert list(media_root.rglob("*.jpg")) == []


def test_bad_rows_are_reported_with_number_sku_and_reason_and_the_rest_goes_in(tmp_path):
    path = write_jsonl(
        tmp_path / "f.jsonl",
        [
            {"sku": "a", "name": "A"},
            {"sku": "b", "name": "B", "price": "x"},
            "oops",
            {"sku": "a", "name": "A2"},
            {"sku": "c", "name": "C"},
        ],
    )
    report = import_file(path)
    assert (report.created, [(p.row, p.sku) for p in report.refused]) == (2, [(2, "b"), (3, ""), (4, "a")])
    assert report.refused[2].reason == "sku a is in row 1 already; a sku may occur once"
    assert Product.objects.get(sku="a").name == "A"


def test_row_with_bad_photos_goes_in_without_them_and_each_is_reported(tmp_path):
    (tmp_path / "good.png").write_bytes(photo_bytes("red"))
    (tmp_path / "bad.png").write_bytes(b"not a photo")
    images = ["bad.png", "missing.png", "good.png", "../secret.png", "https://example.com/a.png"]
    report = import_file(write_jsonl(tmp_path / "f.jsonl", [{"sku": "a", "name": "A", "image": images}]))
    assert (report.created, report.photos_added, len(report.photo_problems)) == (1, 1, 4)
    assert [problem.reason.split(": ", 1)[1].split(";")[0].split(".")[0] for problem in report.photo_problems] == [
        "This is not a photo that can be read", "No such file or directory",
        f"the path leads out of the image folder {str(tmp_path).split('.')[0]}", "this is an address",
    ]  # fmt: skip


def test_photo_that_went_missing_takes_no_stored_photo_away(catalogue, tmp_path):
    import_file(catalogue)
    (tmp_path / "blue.png").unlink()
    report = import_file(catalogue)
    assert (report.photos_removed, ProductImage.objects.filter(product__sku="a").count()) == (0, 2)


def test_row_that_the_database_refuses_does_not_take_its_neighbours_along(catalogue, monkeypatch):
    write_chunk = CatalogImport._write_chunk

    def refuse_b(self, rows, photos):
        if any(row.sku == "b" for row in rows):
            write_chunk(self, rows, photos)
            raise DatabaseError("disk on fire")
        write_chunk(self, rows, photos)

    monkeypatch.setattr(CatalogImport, "_write_chunk", refuse_b)
    report = import_file(catalogue)
    assert {problem.sku for problem in report.refused} == {"b"}
    assert set(Product.objects.values_list("sku", flat=True)) >= {"a", "c"}


def test_queries_do_not_grow_with_the_rows_of_a_chunk(tmp_path, django_assert_max_num_queries):
    rows = [{"sku": f"s{n}", "name": f"Thing {n % 7}", "category": "A/B", "brand": "X", "price": n} for n in range(200)]
    path = write_jsonl(tmp_path / "f.jsonl", rows)
    with django_assert_max_num_queries(40):
        import_file(path)
    with django_assert_max_num_queries(10):
        import_file(path)


def test_category_made_in_the_admin_is_found_again(tmp_path):
    Category.objects.add_root({"name": "Apparel", "slug": "apparel"})
    import_file(write_jsonl(tmp_path / "f.jsonl", [{"sku": "a", "name": "A", "category": "Apparel/Shirts"}]))
    assert list(Category.objects.values_list("name", "depth")) == [("Apparel", 1), ("Shirts", 2)]
    assert make_product("other").category is None
