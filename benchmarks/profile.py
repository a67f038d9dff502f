"""python -m benchmarks.profile DIR: what a shopper's history should be turned into, measured on their last baskets.

DIR holds online_retail_items.jsonl.gz ({"item_id", "title", "median_price"}), online_retail_users.jsonl.gz ({"user_id",
"baskets": [{"t", "items"}]}) and online_retail_lastbasket.jsonl.gz ({"user_id", "t", "target_new"}), the cases: a shopper's
last basket, predicted from the baskets before it, new items only, texts only, and with popularity as it was that morning.
Everything is chosen on the first two fifths of the cases in time (validation); the rest (test) is looked at once, ``--test``.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fusion.blocks import MAX_Z, Column, sparse_column
from fusion.collection import ItemCollection, ItemRecord
from fusion.encoders.registry import build_encoder
from fusion.evaluation.intervals import bootstrap, paired_difference
from fusion.history import History
from fusion.index.exact import ExactIndex
from fusion.instructions.parser import LexiconParser
from fusion.item_text import item_text
from fusion.pipeline import PipelineOptions, RecommendationPipeline
from fusion.popularity import LASTING_DAYS, RECENT_DAYS, WINDOW_DAYS, times_untouched
from fusion.profile import Profile, build_profile
from fusion.scoring import LEAST_POPULARITY
from fusion.types import Interaction, Item, Money, Query, Vector
from fusion.weights import DEFAULT_WEIGHTS

VALIDATION = 0.4
K = 10
CUTS = (0, 1, 2, 3, 5)  # how many of the latest items of a history are known; 0 is all
SEED = 20240607
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    shopper: str
    at: datetime
    history: tuple[Interaction, ...]
    target: frozenset[str]

    def cut(self, n: int) -> Profile:
        return build_profile(self.history[-n:] if n else self.history, self.at)


class Shop:
    """The catalogue as the pipeline holds it, and everybody's purchases."""

    def __init__(self, folder: Path, work: Path, models: Path) -> None:
        self.folder = folder
        items = [
            Item(row["item_id"], row["title"], price=Money.from_major(str(row["median_price"]), "GBP"))
            for row in _rows(folder / "online_retail_items.jsonl.gz")
        ]
        self.ids = [item.item_id for item in items]
        self.items = {item.item_id: item for item in items}
        self.place = {item_id: n for n, item_id in enumerate(self.ids)}
        encoder = build_encoder({"BACKEND": "bundled"}, models_dir=models)
        cached = work / f"online_retail_{encoder.identity('text').id.replace(':', '_')}.npy"
        if not cached.exists():
            work.mkdir(parents=True, exist_ok=True)
            texts = [item_text(item) for item in items]
            parts = [encoder.encode_texts(texts[n : n + 64])["text"] for n in range(0, len(texts), 64)]
            np.save(cached, np.concatenate(parts))
        vectors = np.load(cached)
        self.collection = ItemCollection(ExactIndex({"text": vectors.shape[1]}))
        self.collection.update([ItemRecord(item, {"text": v}) for item, v in zip(items, vectors, strict=True)])
        self.collection.rebuild_lexical()
        self.rows = self.collection.rows_of(self.ids)
        self.vectors = self.collection.index.vectors("text", self.rows)[0]
        self.baskets = [
            (row["user_id"], datetime.fromisoformat(basket["t"]).replace(tzinfo=UTC), basket["items"])
            for row in _rows(folder / "online_retail_users.jsonl.gz")
            for basket in row["baskets"]
        ]

        number = {shopper: n for n, shopper in enumerate(sorted({shopper for shopper, _, _ in self.baskets}))}
        acts = sorted(
            (at.timestamp() / 86400, number[shopper] * len(self.ids) + self.place[i])
            for shopper, at, ids in self.baskets
            for i in ids
            if i in self.place
        )
        self.days: Numbers = np.asarray([day for day, _ in acts])
        self.pairs = np.asarray([pair for _, pair in acts], np.int64)

    def cases(self) -> list[Case]:
        """In order of time."""
        own: dict[str, list[tuple[datetime, list[str]]]] = {}
        for shopper, at, ids in self.baskets:
            own.setdefault(str(shopper), []).append((at, [i for i in ids if i in self.place]))
        found = []
        for row in _rows(self.folder / "online_retail_lastbasket.jsonl.gz"):
            shopper, at = str(row["user_id"]), datetime.fromisoformat(row["t"]).replace(tzinfo=UTC)
            past = sorted((t, i) for t, ids in own[shopper] for i in ids if t < at)
            history = tuple(Interaction(i, "purchase", t) for t, i in past)
            found.append(Case(shopper, at, history, frozenset(row["target_new"]) - {act.item_id for act in history}))
        return sorted((case for case in found if case.target), key=lambda case: (case.at, case.shopper))

    @cache  # noqa: B019 - one shop a run
    def popular(self, morning: datetime) -> dict[str, float]:
        """As serving counts it, from what lies before a morning."""
        age, item = self._latest(morning)
        kept = age <= WINDOW_DAYS
        recent, lasting = (
            np.bincount(item[kept], 0.5 ** (age[kept] / half_life), len(self.ids)) for half_life in (RECENT_DAYS, LASTING_DAYS)
        )
        mean = float(lasting.mean())
        return {
            self.ids[n]: float(np.log(times_untouched(recent[n], lasting[n], mean))) for n in np.flatnonzero(lasting).tolist()
        }

    @cache  # noqa: B019
    def bought(self, morning: datetime, days: int) -> Vector:
        """(n,) distinct buyers in the days before a morning, nothing smoothed."""
        age, item = self._latest(morning)
        return np.bincount(item[age <= days], minlength=len(self.ids)).astype(np.float32)

    def _latest(self, morning: datetime) -> tuple[Numbers, NDArray[np.int64]]:
        """(age in days, item) of the latest time that each shopper bought each item before a morning."""
        before = self.days < morning.timestamp() / 86400
        pair, days = self.pairs[before], self.days[before]
        _, place = np.unique(pair[::-1], return_index=True)  # the first of the reversed ones is the latest
        return morning.timestamp() / 86400 - days[::-1][place], pair[::-1][place] % len(self.ids)


def _rows(path: Path) -> Iterator[Mapping[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _morning(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


# -- signals: (n,) raw scores of one case, higher is better ------------------------------------------------------------


class Signals:
    """What one history says of every item, in the ways that are compared."""

    def __init__(self, shop: Shop, case: Case, cut: int) -> None:
        self.shop, self.case, self.cut = shop, case, cut
        acts = case.history[-cut:] if cut else case.history
        self.days = {act.item_id: (acts[-1].at - act.at) / timedelta(days=1) for act in acts}
        self.past = shop.vectors[[shop.place[i] for i in self.days]]
        self.profile = case.cut(cut)
        self._columns: dict[str, Column] | None = None

    def weights(self, half_life: float) -> Vector:
        return np.asarray([0.5 ** (age / half_life) for age in self.days.values()], np.float32)

    def mean(self, half_life: float, *, centred: bool) -> Vector:
        centre = self.shop.collection.centre("text") if centred else 0.0
        return self.shop.vectors @ (self.weights(half_life) @ _units(self.past - centre))

    def cosines(self) -> NDArray[np.float32]:
        centre = self.shop.collection.centre("text")
        return _units(self.past - centre) @ _units(self.shop.vectors - centre).T

    def attention(self, temperature: float, half_life: float = 30.0) -> Vector:
        return self.weights(half_life) @ np.exp((self.cosines() - 1) / temperature)

    def nearest(self) -> Vector:
        return self.cosines().max(axis=0)

    def clusters(self, k: int) -> Vector:
        """Ward's clusters, each by its medoid and its share of the weight, the best one counts (PinnerSage)."""
        from scipy.cluster.hierarchy import fcluster, linkage

        weights, units = self.weights(30.0), _units(self.past - self.shop.collection.centre("text"))
        labels = fcluster(linkage(units, "ward"), k, "maxclust") if len(units) > 1 else np.ones(len(units), int)
        cosines, best = self.cosines(), []
        for label in np.unique(labels):
            members = np.flatnonzero(labels == label)
            medoid = members[(units[members] @ units[members].T).sum(axis=1).argmax()]
            best.append(cosines[medoid] * (0.5 + 0.5 * weights[members].sum() / weights.sum()))
        return np.max(best, axis=0)

    def price(self) -> Vector:
        prices = np.log(np.maximum(self.shop.collection.columns.numbers("price")[self.shop.rows], 1.0))
        own = np.average(prices[[self.shop.place[i] for i in self.days]], weights=self.weights(30.0))
        return -np.abs(prices - own).astype(np.float32)

    def z(self, block: str) -> Vector:
        """A column of the pipeline over all items, 0 where it has nothing to say."""
        if self._columns is None:
            self._columns = self._served()
        return self._columns[block].z if block in self._columns else np.zeros(len(self.shop.ids), np.float32)

    def _served(self) -> dict[str, Column]:
        """The columns of the pipeline, weight 1: "text", "lexical", "popularity"."""
        history = History(self.shop.collection, self.profile, ["text", "lexical"])
        weights = {("history", "text"): 1.0, ("history", "lexical"): 1.0}
        found = {each.column.block: each.column for each in history.columns(self.shop.rows, weights)}
        popular = self.shop.popular(_morning(self.case.at))
        counts = np.asarray([popular.get(i, 0.0) for i in self.shop.ids], np.float32)
        if column := sparse_column("popularity", "feed", 1.0, counts, counts, LEAST_POPULARITY):
            found["popularity"] = column
        return found


def _units(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-6), np.float32)


def _z(raw: Vector) -> Vector:
    spread = max(float(raw.std()), (float(raw.max()) - float(raw.mean())) / MAX_Z, 1e-9)
    return np.asarray((raw - raw.mean()) / spread, np.float32)


SINGLE: Mapping[str, Callable[[Signals], Vector]] = {
    "popularity, all time": lambda s: s.shop.bought(_morning(s.case.at), 10_000),
    "popularity, 30 days": lambda s: s.shop.bought(_morning(s.case.at), 30),
    "popularity, 14 days": lambda s: s.shop.bought(_morning(s.case.at), 14),
    "popularity as served": lambda s: s.z("popularity"),
    "one mean, all equal": lambda s: s.mean(1e9, centred=False),
    "one mean, half-life 7 days": lambda s: s.mean(7, centred=False),
    "one mean, half-life 30 days": lambda s: s.mean(30, centred=False),
    "one mean, half-life 90 days": lambda s: s.mean(90, centred=False),
    "one centred mean, 30 days": lambda s: s.mean(30, centred=True),
    "1 medoid": lambda s: s.clusters(1),
    "2 medoids (Ward)": lambda s: s.clusters(2),
    "4 medoids (Ward)": lambda s: s.clusters(4),
    "nearest item": lambda s: s.nearest(),
    "attention, temperature 0.1": lambda s: s.attention(0.1),
    "attention, temperature 0.2": lambda s: s.attention(0.2),
    "attention, 0.2, all equal": lambda s: s.attention(0.2, 1e9),
    "attention, temperature 0.4": lambda s: s.attention(0.4),
    "words of titles (BM25)": lambda s: s.z("lexical"),
    "price": lambda s: s.price(),
}
# Weights of attention, words and price beside popularity's 1.
MIXTURES = [(a, w, 0.0) for a in (0.0, 0.25, 0.5, 0.75, 1.0, 1.5) for w in (0.0, 0.25, 0.5, 0.75, 1.0)] + [(0.5, 0.5, 0.1)]


def judge(scores: Vector, shop: Shop, case: Case) -> tuple[float, float]:
    """(hit@10, NDCG@10) over the items that the shopper did not have."""
    scores = scores.astype(np.float64)
    scores[[shop.place[act.item_id] for act in case.history]] = -np.inf
    top = np.argsort(-scores, kind="stable")[:K]
    gains = np.asarray([shop.ids[n] in case.target for n in top])
    discounts = 1 / np.log2(np.arange(2, K + 2))
    return float(gains.any()), float((gains * discounts).sum() / discounts[: min(K, len(case.target))].sum())


def compare(shop: Shop, cases: Sequence[Case], cuts: Sequence[int]) -> None:
    """One line for each way alone, then the mixtures, on validation."""
    print("hit@10 / NDCG@10, history cut to", cuts)
    table: dict[str, list[str]] = {}
    mixed: dict[str, list[tuple[float, float]]] = {}
    for cut in cuts:
        found: dict[str, list[tuple[float, float]]] = {}
        for case in cases:
            signals = Signals(shop, case, cut)
            for name, way in SINGLE.items():
                found.setdefault(name, []).append(judge(way(signals), shop, case))
            popular, text, words, price = *(signals.z(name) for name in ("popularity", "text", "lexical")), _z(signals.price())
            for a, w, p in MIXTURES:
                score = popular + a * text + w * words + p * price
                found.setdefault(f"popularity + {a} attention + {w} words + {p} price", []).append(judge(score, shop, case))
        for name, values in found.items():
            hit, ndcg = np.mean(values, axis=0)
            table.setdefault(name, []).append(f"{hit:.3f}/{ndcg:.4f}")
            mixed.setdefault(name, []).append((hit, ndcg))
    for name, cells in table.items():
        hit, ndcg = np.mean(mixed[name], axis=0)
        print(f"{name:52}", *cells, f" mean {hit:.3f}/{ndcg:.4f}", flush=True)


def served(shop: Shop, cases: Sequence[Case], cuts: Sequence[int], diversity: float) -> None:
    """The pipeline itself with the default weights, against popularity and one mean, with 95% intervals."""
    pipeline = RecommendationPipeline(
        shop.collection, (), LexiconParser(), lambda ids: {i: shop.items[i] for i in ids}, PipelineOptions(diversity=diversity)
    )
    rivals = ("popularity, all time", "popularity as served", "one mean, half-life 30 days")
    for cut in cuts:
        ours, theirs = [], {name: list[float]() for name in rivals}
        for case in cases:
            shop.collection.set_popularity(shop.popular(_morning(case.at)))
            seen = tuple({act.item_id for act in case.history})
            answer = pipeline.recommend(Query(limit=K, depth=K, exclude=seen, explain_depth=0), case.cut(cut))
            ours.append(float(any(i in case.target for i, _score in answer.ranking[:K])))
            signals = Signals(shop, case, cut)
            for name in rivals:
                theirs[name].append(judge(SINGLE[name](signals), shop, case)[0])
        _print(
            f"history cut to {cut}" if cut else "whole history", np.asarray(ours), {n: np.asarray(v) for n, v in theirs.items()}
        )


def _print(title: str, ours: Numbers, theirs: Mapping[str, Numbers]) -> None:
    mine = bootstrap(ours, SEED)
    print(f"{title}: hit@10 {mine.mean:.3f} [{mine.low:.3f}, {mine.high:.3f}], n={mine.n}")
    for name, values in theirs.items():
        other, gap = bootstrap(values, SEED), paired_difference(ours, values, SEED)
        print(f"    {name:32} {other.mean:.3f} [{other.low:.3f}, {other.high:.3f}]; we are {mine.mean / other.mean:.2f} times, "
              f"difference {gap.mean:+.3f} [{gap.low:+.3f}, {gap.high:+.3f}]", flush=True)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--models", type=Path, default=Path("var/models"))
    parser.add_argument("--work", type=Path, default=Path("var/benchmarks"))
    parser.add_argument("--every", type=int, default=1, help="look at every n-th case only")
    parser.add_argument("--test", action="store_true", help="the served pipeline on the test cases, nothing else")
    parser.add_argument("--cuts", type=int, nargs="*", default=CUTS)
    args = parser.parse_args()
    shop = Shop(args.data, args.work, args.models)
    cases = shop.cases()
    n = round(len(cases) * VALIDATION)
    print(f"{len(cases)} cases; validation until {cases[n - 1].at:%Y-%m-%d}; weights", end=" ")
    print({f"{s}/{b}": w for (s, b), w in DEFAULT_WEIGHTS.items() if s in ("history", "popularity")})
    if args.test:
        served(shop, cases[n :: args.every], args.cuts, PipelineOptions().diversity)
    else:
        compare(shop, cases[: n : args.every], args.cuts)


if __name__ == "__main__":
    main()
