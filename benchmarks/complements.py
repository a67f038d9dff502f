"""python -m benchmarks.complements FOLDER: does the graph find what else is in a basket, and beside what?

FOLDER holds online_retail_items.jsonl.gz and online_retail_users.jsonl.gz (UCI Online Retail). Learnt from the first 80% of
the baskets by time; of each later basket with 2 to 50 items one random item is shown and the others are to be found.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.relevance import interval
from benchmarks.report import Table
from fusion.graph.baskets import Purchase, baskets_of, pairs_of
from fusion.graph.build import build_graph
from fusion.graph.pagerank import personalised_pagerank
from fusion.graph.parts import Node, NodeKind, Pair
from fusion.graph.product_graph import COMPLEMENT_STEPS, FOLLOW, ProductGraph
from fusion.types import Item, Matrix, Vector

K = 10
SEED = 0
MIN_IN_CATEGORY = 5
Scores = Callable[[int], Vector | None]


@dataclass(frozen=True)
class Case:
    shown: int
    hidden: frozenset[int]
    shopper: str


@dataclass(frozen=True)
class Basket:
    at: datetime
    shopper: str
    items: tuple[str, ...]


@dataclass(frozen=True)
class Shop:
    """The catalogue, where an item's category is the last word of its title (the data have none), and its baskets."""

    items: tuple[Item, ...]
    past: tuple[Basket, ...]
    cases: tuple[Case, ...]

    @property
    def n(self) -> int:
        return len(self.items)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cases", type=int, default=10_000, help="at most so many baskets, by chance")
    args = parser.parse_args()
    shop = read_shop(args.folder, args.cases)
    print(warm(shop).text(), cold(shop).text(), sep="\n\n")


def read_shop(folder: Path, n_cases: int) -> Shop:
    rows = list(_lines(folder / "online_retail_items.jsonl.gz"))
    items = with_last_words([Item(row["item_id"], row["title"]) for row in rows])
    places = {item.item_id: place for place, item in enumerate(items)}
    baskets = sorted(_baskets(folder / "online_retail_users.jsonl.gz", places), key=lambda basket: basket.at)
    cut = int(0.8 * len(baskets))
    rng = np.random.default_rng(SEED)
    cases = []
    for basket in baskets[cut:]:
        if 2 <= len(basket.items) <= 50:
            shown = basket.items[rng.integers(len(basket.items))]
            cases.append(Case(places[shown], frozenset(places[i] for i in basket.items) - {places[shown]}, basket.shopper))
    chosen = rng.permutation(len(cases))[:n_cases]
    return Shop(tuple(items), tuple(baskets[:cut]), tuple(cases[place] for place in chosen))


def with_last_words(items: Sequence[Item]) -> list[Item]:
    """Each item in a category named by the last word of its title, singular, where several items share it."""
    words = [item.title.split()[-1].strip(".,").rstrip("S") if item.title.split() else "" for item in items]
    counted = Counter(words)
    return [
        replace(item, category=(word,)) if word and counted[word] >= MIN_IN_CATEGORY else item
        for item, word in zip(items, words, strict=True)
    ]


def warm(shop: Shop) -> Table:
    """Items that were bought together with others before."""
    pairs = pairs_of(_past(shop.past))
    graph = build_graph(shop.items, pairs)
    reached, direct = _walk(shop, graph, direct=False), _walk(shop, graph, direct=True)
    buyers = _buyers(shop)
    rows = [_row("popularity", lambda _place: buyers, shop.cases)]
    rows += [_row(name, _neighbours(shop, pairs, value), shop.cases) for name, value in _WEIGHTS.items()]
    rows += [_row("PageRank, whatever it reaches", reached, shop.cases), _row("PageRank over the pairs", direct, shop.cases)]
    rows += [_row(f"SVD of the strengths, {dim}", _embedding(shop, pairs, dim), shop.cases) for dim in (64, 256)]
    return _table("complements", f"The rest of a basket from one of its items: {len(shop.cases)} baskets", rows)


def cold(shop: Shop) -> Table:
    """A fifth of the items lose all their baskets, and what was bought with them is to be found all the same."""
    new = np.random.default_rng(SEED + 1).random(shop.n) < 0.2
    gone = {item.item_id for item, is_new in zip(shop.items, new, strict=True) if is_new}
    past = [replace(basket, items=tuple(i for i in basket.items if i not in gone)) for basket in shop.past]
    graph = build_graph(shop.items, pairs_of(_past(past)))
    buyers = np.where(new, 0, _buyers(shop)).astype(np.float32)
    words = np.asarray([item.category[0] if item.category else "" for item in shop.items])
    known = [replace(case, hidden=frozenset(i for i in case.hidden if not new[i])) for case in shop.cases if new[case.shown]]
    cases = [case for case in known if case.hidden and words[case.shown]]
    other = [replace(case, hidden=frozenset(i for i in case.hidden if words[i] != words[case.shown])) for case in cases]
    other = [case for case in other if case.hidden]

    def outside(place: int) -> Vector:
        return np.where(words == words[place], 0, buyers).astype(np.float32)

    def inside(place: int) -> Vector:
        return np.where(words == words[place], buyers, 0).astype(np.float32)

    rows = [
        _row("popularity", lambda _place: buyers, cases),
        _row("popular in the category", inside, cases),
        _row("through the category, other categories", _complements(shop, graph), cases),
        _row("of other categories: popularity", outside, other),
        _row("of other categories: through the category", _complements(shop, graph), other),
    ]
    return _table("complements-cold", f"The same for items without any basket: {len(cases)} baskets", rows)


_WEIGHTS: dict[str, Callable[[Pair], float]] = {
    "lift": lambda pair: pair.lift,
    "strength (what the graph keeps)": lambda pair: pair.strength,
}


def _neighbours(shop: Shop, pairs: Sequence[Pair], value: Callable[[Pair], float]) -> Scores:
    matrix = _matrix(shop, pairs, value)
    return lambda place: np.asarray(matrix[place].toarray()[0], np.float32)


def _walk(shop: Shop, graph: ProductGraph, *, direct: bool) -> Scores:
    places = np.asarray([graph.place_of(Node(NodeKind.ITEM, item.item_id)) for item in shop.items])

    def scores(place: int) -> Vector:
        start = np.zeros(len(graph), np.float32)
        start[places[place]] = 1.0
        walk = personalised_pagerank(graph.pairs_backward, start, FOLLOW, COMPLEMENT_STEPS)[-1]
        if direct:
            partners = np.zeros(len(graph), bool)
            partners[graph.pairs[places[place]].indices] = True
            walk = np.where(partners, walk, 0)
        return np.asarray(walk[places], np.float32)

    return scores


def _embedding(shop: Shop, pairs: Sequence[Pair], dim: int) -> Scores:
    """Truncated SVD; what two items have to do with each other is what it puts back together."""
    from scipy.sparse.linalg import svds

    left, values, right = svds(_matrix(shop, pairs, lambda pair: pair.strength), k=dim, random_state=SEED)
    items: Matrix = (left * values).astype(np.float32)
    return lambda place: np.asarray(np.maximum(items[place] @ right, 0), np.float32)


def _complements(shop: Shop, graph: ProductGraph) -> Scores:
    places = {item.item_id: place for place, item in enumerate(shop.items)}

    def scores(place: int) -> Vector:
        found = np.zeros(shop.n, np.float32)
        for rank, complement in enumerate(graph.complements(shop.items[place].item_id, K)):
            found[places[complement.item_id]] = K - rank
        return found

    return scores


def _matrix(shop: Shop, pairs: Sequence[Pair], value: Callable[[Pair], float]) -> Any:
    from scipy.sparse import csr_matrix

    places = {item.item_id: place for place, item in enumerate(shop.items)}
    a, b = [places[pair.a] for pair in pairs], [places[pair.b] for pair in pairs]
    values = [value(pair) for pair in pairs]
    return csr_matrix((np.asarray([*values, *values], np.float32), ([*a, *b], [*b, *a])), shape=(shop.n, shop.n))


def _row(name: str, scores: Scores, cases: Sequence[Case]) -> list[str | float]:
    hits, gains, shown = [], [], set[int]()
    for case in cases:
        given = scores(case.shown)
        top = _best(given, case.shown) if given is not None else []
        found = [place in case.hidden for place in top]
        ideal = sum(1 / np.log2(rank + 2) for rank in range(min(K, len(case.hidden))))
        gains.append(sum(1 / np.log2(rank + 2) for rank, hit in enumerate(found) if hit) / ideal)
        hits.append(any(found))
        shown.update(top)
    low, high = interval(np.asarray(gains), [case.shopper for case in cases], SEED)
    return [name, float(np.mean(hits)), float(np.mean(gains)), f"{low:.3f} – {high:.3f}", len(shown)]


def _best(scores: Vector, shown: int) -> list[int]:
    ranked = np.argsort(-scores, kind="stable")[: K + 1]
    return [int(place) for place in ranked if scores[place] > 0 and place != shown][:K]


def _buyers(shop: Shop) -> Vector:
    places = {item.item_id: place for place, item in enumerate(shop.items)}
    pairs = {(basket.shopper, item_id) for basket in shop.past for item_id in basket.items}
    return np.bincount([places[item_id] for _, item_id in pairs], minlength=shop.n).astype(np.float32)


def _past(baskets: Sequence[Basket]) -> Iterator[tuple[str, tuple[str, ...]]]:
    ordered = sorted(baskets, key=lambda basket: (basket.shopper, basket.at))
    return baskets_of(Purchase(basket.shopper, item_id, basket.at) for basket in ordered for item_id in basket.items)


def _baskets(path: Path, known: dict[str, int]) -> Iterator[Basket]:
    for row in _lines(path):
        for basket in row["baskets"]:
            items = tuple(item_id for item_id in dict.fromkeys(basket["items"]) if item_id in known)
            if items:
                yield Basket(datetime.fromisoformat(basket["t"]), str(row["user_id"]), items)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def _table(key: str, title: str, rows: Sequence[Sequence[str | float]]) -> Table:
    notes = ("95% interval of NDCG@10: bootstrap over shoppers. Items: how many different ones were ever shown.",)
    return Table(key, title, ("ranked by", "hit@10", "NDCG@10", "95%", "items"), rows, notes)


if __name__ == "__main__":
    main()
