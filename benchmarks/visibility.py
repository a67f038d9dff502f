"""From a save in the shop to the answer that shows it, with a real worker process and the broker that needs no server.

Products are saved through the ORM in a transaction, as the admin does. This process then asks again and again, as a
serving process would, until the answer agrees.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tqdm import tqdm

from benchmarks import catalogue
from benchmarks.clocks import percentile
from benchmarks.options import Options
from benchmarks.programs import program, wait_until, worker_command, worker_is_warm
from benchmarks.report import Cell, Table
from benchmarks.shop_data import copy_shop, open_shop

POLL = 0.02
PATIENCE = 60.0
PAUSE = 0.7  # between saves: not a multiple of any clock of the worker
# Made-up names, so that nothing but the new product can be meant.
NAMES = ("Zorbek", "Quillan", "Vantrix", "Mofaru", "Plesko", "Wendigar", "Tulvane", "Orsimond", "Kepplin", "Drovash")


@dataclass
class Delays:
    """Seconds until each kind of change was seen."""

    seen: dict[str, list[float]] = field(default_factory=dict)

    def wait(self, kind: str, agrees: Callable[[], bool], saved_at: float) -> None:
        """Ask until the answer agrees.

        Raises:
            TimeoutError: it did not within PATIENCE.
        """
        while not agrees():
            if time.perf_counter() - saved_at > PATIENCE:
                raise TimeoutError(f"{kind}: not seen after {PATIENCE:.0f} s; is the worker alive? See its log.")
            time.sleep(POLL)
        self.seen.setdefault(kind, []).append(time.perf_counter() - saved_at)


def run(options: Options) -> list[Table]:
    """Delays of new products, new prices, and hidden products."""
    data = options.work / "runs" / "visibility"
    copy_shop(catalogue.folder(options), data, options)
    open_shop(data)
    from recommender.engine import get_engine
    from recommender.models import StaleItem, Worker

    Worker.objects.all().delete()
    StaleItem.objects.all().delete()
    engine = get_engine()
    engine.warm_up()
    delays = Delays()
    with program(worker_command(), data, "worker") as worker:
        wait_until(worker_is_warm, worker, data / "worker.log", within=180)
        for number in tqdm(range(options.pick(20, 8, 1)), desc="saves", unit="product", leave=False):
            _one(number, delays)
            time.sleep(PAUSE)
    rows: list[Sequence[Cell]] = [
        (kind, len(values), *(round(percentile(values, q), 3) for q in (50, 95)), round(max(values), 3))
        for kind, values in delays.seen.items()
    ]
    return [
        Table(
            "visibility",
            f"From a save to the answer, {len(engine.collection):,} products, one worker process, seconds (aim: 5)",
            ("change", "n", "p50", "p95", "longest"),
            rows,
            (f"Asked every {POLL * 1000:.0f} ms plus the time of an answer, on the same machine as the worker.",),
        )
    ]


def _one(number: int, delays: Delays) -> None:
    """One product's life: saved, found; made cheaper, found by its price; hidden, gone."""
    from django.db import transaction

    from fusion.types import Constraint, Operator
    from shop.catalog.models import Product

    name = f"{NAMES[number % len(NAMES)]}{number} travel kettle"
    sku = f"bench-{number}"
    with transaction.atomic():
        product = Product.objects.create(sku=sku, name=name, price_minor=500_000, currency="USD", stock=3)
    saved = time.perf_counter()
    delays.wait("new product, found by its words", lambda: sku in _found(name), saved)

    affordable = Constraint("price", Operator.LTE, high=150_000, currency="USD", source="filter")
    with transaction.atomic():
        product.price_minor = 100_000
        product.save()
    saved = time.perf_counter()
    delays.wait("new price, shown", lambda: _found(name).get(sku) == 100_000, saved)
    delays.wait("new price, found by a price limit", lambda: sku in _found(name, affordable), saved)

    with transaction.atomic():
        product.is_active = False
        product.save()
    saved = time.perf_counter()
    delays.wait("hidden product, gone", lambda: sku not in _found(name), saved)


def _found(text: str, *filters: object) -> dict[str, int]:
    """sku -> price in minor units of what is answered now."""
    from recommender.catalog import Shopper
    from recommender.services.serving import RecommendationRequest, recommend

    request = RecommendationRequest(text=text, filters=filters, keep=False)  # type: ignore[arg-type]
    answer = recommend(request, Shopper(visitor_id="benchmark")).answer
    dropped = bool(answer.relaxation.dropped)  # what was let go to show anything is no answer to the price limit
    return {} if dropped else {r.item.item_id: r.item.price.amount_minor if r.item.price else 0 for r in answer.items}
