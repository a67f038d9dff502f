"""How long suggestions take, from the words in the box to the rows: the service on a prepared shop, and the index by itself."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence

from benchmarks import catalogue, scale
from benchmarks.clocks import percentile, timed
from benchmarks.memory import own_rss_mb
from benchmarks.options import Options
from benchmarks.report import Table
from benchmarks.shop_data import copy_shop, lay_out, open_shop


def run(options: Options, size: int = 0) -> list[Table]:
    """Args: size: number of products with texts only; 0 takes the real catalogue."""
    if size:
        _open_texts(options, min(size, 200) if options.tiny else size)
    else:
        data = options.work / "runs" / "suggesting"
        copy_shop(catalogue.folder(options), data, options)
        open_shop(data)
    return [_measure(options, size)]


def _open_texts(options: Options, size: int) -> None:
    """A shop of that many products with texts and no vectors: suggestions read none."""
    data = options.work / f"suggesting-{size}"
    lay_out(data, options)
    open_shop(data)
    from recommender.catalog import get_catalog
    from recommender.facts import to_facts
    from recommender.models import IndexedItem, IndexState

    if IndexedItem.objects.count() >= size:
        return
    rows = scale.texts(options, size)
    scale.write_products(rows, options)
    for start in range(0, len(rows), scale.CHUNK):
        items = get_catalog().get_items([row["id"] for row in rows[start : start + scale.CHUNK]])
        IndexedItem.objects.bulk_create([IndexedItem(item_id=i, facts=to_facts(item), revision=1) for i, item in items.items()])
    IndexState.objects.update_or_create(pk=1, defaults={"revision": 1})


def _measure(options: Options, size: int) -> Table:
    from fusion.suggesting.folding import read_typed
    from recommender.catalog import Shopper
    from recommender.engine import get_engine
    from recommender.services.suggesting import suggest

    engine = get_engine()
    engine.refresh()
    before = own_rss_mb()
    with timed() as making:
        engine.suggestions.prepare()
    held = own_rss_mb() - before
    index = engine.suggestions.index()
    assert index is not None
    engine.suggestions.changed()
    with timed() as again:
        engine.suggestions.prepare()
    texts = list(_typed(options, [item.title for i in engine.collection.ids() if (item := engine.collection.item(i))]))
    rows: list[Sequence[str | float]] = []
    calls: list[tuple[str, Callable[[str], object]]] = [
        ("service", lambda text: suggest(text, Shopper(), language="en")),
        ("index alone", lambda text: index.suggest(read_typed(text), "en", 10)),
    ]
    for name, call in calls:
        call(texts[0])
        for kind in ("beginnings", "slips", "Chinese and pinyin"):
            times = [_milliseconds(call, text) for text in texts if _kind(text) == kind]
            rows.append((f"{name}, {kind}", percentile(times, 50), percentile(times, 95), max(times)))
    note = (
        f"{len(texts)} beginnings of titles, a third with a letter left out, and Chinese and pinyin words. Index made in "
        f"{making.cpu:.1f} s of CPU, after a change in {again.cpu:.1f} s, {held:.0f} MB with the dictionaries that it reads."
    )
    title = f"Suggestions while typing, {len(engine.collection):,} products, ms of wall time"
    return Table(f"suggesting-{size or 'real'}", title, ("typed", "p50", "p95", "most"), rows, (note,))


_SLIP = "\u200b"  # marks a text of which a letter was left out; it is not part of what is looked up
_CHINESE = ("椅", "椅子", "黑色", "黑色鞋", "連衣裙", "跑鞋", "相机", "yizi", "xie", "paoxie", "xiangji", "hsyz", "dn", "以子")


def _typed(options: Options, titles: Sequence[str]) -> Iterator[str]:
    """Beginnings of the first words of titles, as far as somebody may have typed."""
    choice = random.Random(options.seed)
    yield from _CHINESE
    for number, title in enumerate(choice.choices(titles, k=options.pick(300, 150, 12))):
        text = " ".join(title.split()[:3])[: choice.randint(1, 18)].strip() or "a"
        if number % 3 == 0 and len(text) > 5:
            gap = choice.randrange(1, len(text) - 1)
            text = text[:gap] + text[gap + 1 :] + _SLIP
        yield text


def _kind(text: str) -> str:
    return "Chinese and pinyin" if text in _CHINESE else "slips" if text.endswith(_SLIP) else "beginnings"


def _milliseconds(call: Callable[[str], object], text: str) -> float:
    started = time.perf_counter()
    call(text.removesuffix(_SLIP))
    return 1000 * (time.perf_counter() - started)
