"""manage.py setup_demo [--users]"""

from __future__ import annotations

from argparse import ArgumentParser
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from shop.accounts.services import sign_up
from shop.catalog.importing.reading import read_rows
from shop.catalog.importing.writing import CatalogImport
from shop.catalog.models import Category, Product, ProductImage
from shop.catalog.renditions import renditions
from shop.catalog.selectors import chunked
from shop.demo import CATEGORY_NAMES, DemoCatalogue, DemoUnavailable, prepare
from shop.faq.services import seed_demo_answers

ADMIN = ("admin", "admin")
SHOPPER = ("shopper@example.com", "shopper")


class Command(BaseCommand):
    help = "Fetch and import the demo catalogue (54 products with photos). A second run leaves everything as it is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--users", action="store_true", help="also make the demo users, whose passwords everybody knows (always with DEBUG)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            demo = prepare(settings.DATA_DIR / "demo")
        except DemoUnavailable as error:
            raise CommandError(str(error)) from error
        self._import(demo)
        if answered := seed_demo_answers():
            self.stdout.write(f"Demo help: {answered} questions with answers.")
        if options["users"] or settings.DEBUG:
            self._make_users()

    def _import(self, demo: DemoCatalogue) -> None:
        """Only products that are not there: what a shopkeeper changed, or sold, stays changed."""
        present = {
            sku for chunk in chunked(demo.skus) for sku in Product.objects.filter(sku__in=chunk).values_list("sku", flat=True)
        }
        missing = set(demo.skus) - present
        if not missing:
            self.stdout.write(f"The demo catalogue is there: {len(present)} products.")
            return
        rows = (row for row in read_rows(demo.file) if getattr(row, "fields", {}).get("sku") in missing)
        report = CatalogImport(demo.file.parent).run(rows)
        for problem in (*report.refused, *report.photo_problems):
            self.stdout.write(self.style.WARNING(str(problem)))
        self.stdout.write(f"Demo catalogue: {report}")
        for name, chinese in CATEGORY_NAMES.items():
            Category.objects.filter(name=name, translations={}).update(translations={"zh": chinese})
        self._render(missing)

    def _render(self, skus: set[str]) -> None:
        """Make the sizes that most browsers ask for in lists; all others are made when somebody asks for them."""
        names = list(ProductImage.objects.filter(product__sku__in=skus).values_list("image", flat=True))
        with ThreadPoolExecutor() as pool:  # Pillow lets go of the interpreter while it decodes and encodes
            for _done in tqdm(pool.map(_make_cards, names), total=len(names), desc="photo sizes", unit="photo"):
                pass

    def _make_users(self) -> None:
        if not User.objects.filter(username=ADMIN[0]).exists():
            User.objects.create_superuser(ADMIN[0], "admin@example.com", ADMIN[1])
        if not User.objects.filter(username=SHOPPER[0]).exists():
            sign_up(email=SHOPPER[0], password=SHOPPER[1], name="Demo shopper")
        self.stdout.write(
            f"Demo users: {ADMIN[0]} / {ADMIN[1]} (may do everything: change the password before others can reach this shop), "
            f"{SHOPPER[0]} / {SHOPPER[1]}"
        )


def _make_cards(name: str) -> None:
    for rendition in renditions(name, "s", "avif")[1:]:
        rendition.make()
