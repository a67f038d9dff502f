"""The real catalogue that other benchmarks copy: imported and embedded once, then kept in the work folder."""

from __future__ import annotations

from pathlib import Path

from benchmarks.clocks import timed
from benchmarks.options import Options
from benchmarks.report import Table
from benchmarks.shop_data import demo_rows, fashion_rows, import_rows, index_everything, lay_out, open_shop


def folder(options: Options) -> Path:
    """Where the prepared shop lies."""
    name = "fashion" if options.fashion else "demo"
    return options.work / (f"{name}-tiny" if options.tiny else name)


def run(options: Options) -> list[Table]:
    """Import and embed; a second run finds everything done."""
    data = folder(options)
    lay_out(data, options)
    open_shop(data)
    from recommender.models import ItemEmbedding
    from shop.catalog.models import Product

    if options.fashion:
        rows, images = fashion_rows(options.fashion, 60 if options.tiny else None), options.fashion
    else:
        rows, images = demo_rows(options)
    before = ItemEmbedding.objects.count()
    with timed() as importing:
        if Product.objects.count() < len(rows):
            import_rows(rows, images, data / "catalogue.jsonl")
    with timed() as indexing:
        index_everything()
    made = ItemEmbedding.objects.count() - before
    if not made:
        return []  # nothing was measured: the catalogue was there
    return [
        Table(
            "catalogue",
            f"Catalogue: {Product.objects.count():,} {'fashion' if options.fashion else 'demo'} products",
            ("step", "wall s", "CPU s"),
            [("import", importing.wall, importing.cpu), (f"embed ({made:,} new vectors)", indexing.wall, indexing.cpu)],
        )
    ]
