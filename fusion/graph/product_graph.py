"""The graph in memory: neighbourhoods, complements and paths. Never changed once it is made; safe for many threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fusion.graph.pagerank import by_rows, personalised_pagerank
from fusion.graph.parts import Complement, Edge, EdgeKind, Neighbourhood, Node, NodeKind
from fusion.types import Vector

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Numbers = NDArray[np.int32]

# How a walk leaves a node: first by the kinds of edges it has, in these proportions, then along one edge of that kind.
_SHARES = {
    EdgeKind.BOUGHT_WITH: 4.0,
    EdgeKind.IN_CATEGORY: 2.0,
    EdgeKind.HAS_VALUE: 2.0,
    EdgeKind.OF_BRAND: 1.0,
    EdgeKind.PARENT: 1.0,
    EdgeKind.SUITED: 1.0,
}
# What a path pays for an edge; where it leads through a node that everything hangs on it pays more, see ``_costs``.
_PRICE = {
    EdgeKind.BOUGHT_WITH: 1.0,
    EdgeKind.OF_BRAND: 1.2,
    EdgeKind.IN_CATEGORY: 1.2,
    EdgeKind.PARENT: 1.2,
    EdgeKind.HAS_VALUE: 1.4,
    EdgeKind.SUITED: 1.4,
}
MAX_PATH = 4
FOLLOW = 0.35
COMPLEMENT_STEPS = 3


@dataclass(frozen=True)
class EdgeTable:
    """Edges as columns of one length; an edge is there once, whatever its direction."""

    source: Numbers
    target: Numbers
    kind: NDArray[np.uint8]
    weight: Vector
    shoppers: Numbers
    lift: Vector
    simulated: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.source)


class ProductGraph:
    """Nodes and typed edges over them.

    Args:
        names: language -> what each node is called, aligned with the nodes; "" for items, whose titles are the host's.
    """

    def __init__(self, nodes: Sequence[Node], edges: EdgeTable, names: Mapping[str, Sequence[str]] | None = None) -> None:
        self.nodes = tuple(nodes)
        self.edges = edges
        self.names = {language: tuple(given) for language, given in (names or {}).items()}
        self._places = {node: place for place, node in enumerate(self.nodes)}

    def __len__(self) -> int:
        return len(self.nodes)

    def __contains__(self, node: object) -> bool:
        return node in self._places

    def place_of(self, node: Node) -> int:
        """The node's row in the matrices. Raises KeyError."""
        return self._places[node]

    def name_of(self, node: Node, language: str) -> str:
        """What a node is called, "" for an item and for a node that is not in the graph."""
        names = self.names.get(language) or self.names.get("en") or ()
        place = self._places.get(node)
        return names[place] if place is not None and place < len(names) else ""

    def count(self, kind: EdgeKind) -> int:
        return int((self.edges.kind == kind).sum())

    def without(self, kind: EdgeKind) -> ProductGraph:
        """The same graph without the edges of a kind."""
        kept = self.edges.kind != kind
        columns = {column.name: getattr(self.edges, column.name)[kept] for column in fields(EdgeTable)}
        return ProductGraph(self.nodes, EdgeTable(**columns), self.names)

    def without_nodes(self, gone: Callable[[Node], bool]) -> ProductGraph:
        """The same graph without some nodes and the edges at them."""
        kept = np.array([not gone(node) for node in self.nodes], bool)
        new = np.cumsum(kept, dtype=np.int32) - 1
        whole = kept[self.edges.source] & kept[self.edges.target]
        columns = {column.name: getattr(self.edges, column.name)[whole] for column in fields(EdgeTable)}
        columns |= {end: new[columns[end]] for end in ("source", "target")}
        names = {language: [n for n, stays in zip(given, kept, strict=True) if stays] for language, given in self.names.items()}
        return ProductGraph([n for n, stays in zip(self.nodes, kept, strict=True) if stays], EdgeTable(**columns), names)

    # -- neighbourhood ---------------------------------------------------------------------------------------------

    def neighbourhood(self, centre: Node, depth: int = 2, limit: int = 30) -> Neighbourhood:
        """The ``limit`` nodes within ``depth`` edges that a walk from the centre meets most; all hang together.

        Raises:
            KeyError: the centre is not in the graph.
        """
        start = self._places[centre]
        rounds = personalised_pagerank(self._backward, _one(start, len(self)), FOLLOW, depth)
        distance = _first_round(rounds)
        met = np.flatnonzero(distance >= 0)
        met = met[np.lexsort((met, -rounds[-1][met], met != start))]
        chosen = self._connected(met, distance, limit)
        inside = np.zeros(len(self), bool)
        inside[chosen] = True
        found = sorted({edge for place in chosen for edge in self._edges_at(place, inside)})
        return Neighbourhood(
            tuple(self.nodes[place] for place in chosen),
            tuple(self._edge(number) for number in found),
            tuple(float(rounds[-1][place]) for place in chosen),
            tuple(int(distance[place]) for place in chosen),
        )

    def _connected(self, ranked: NDArray[np.int64], distance: NDArray[np.int64], limit: int) -> list[int]:
        """The first of the ranked nodes that reach the very first one through nodes chosen before them."""
        chosen: list[int] = []
        inside = np.zeros(len(self), bool)
        for place in ranked:
            if not chosen or (inside[self._around(int(place))]).any():
                chosen.append(int(place))
                inside[place] = True
            if len(chosen) == limit:
                break
        return chosen

    # -- complements -----------------------------------------------------------------------------------------------

    def complements(self, item_id: str, limit: int = 8) -> list[Complement]:
        """What goes with an item: what was bought together with it, closest first.

        An item that nobody bought with anything (it is new, say) is answered through its category: what was bought with
        the other items there, and is of another category itself.
        """
        place = self._places.get(Node(NodeKind.ITEM, item_id))
        if place is None:
            return []
        partners = self.pairs.indices[self.pairs.indptr[place] : self.pairs.indptr[place + 1]]
        if not len(partners):
            return self._through_category(place, limit)
        walk = personalised_pagerank(self.pairs_backward, _one(place, len(self)), FOLLOW, COMPLEMENT_STEPS)[-1]
        best = partners[np.lexsort((partners, -walk[partners]))][:limit]
        made_up = self._is_made_up([place], best)
        return [Complement(self.nodes[i].key, float(walk[i]), bool(m)) for i, m in zip(best, made_up, strict=True)]

    def _through_category(self, place: int, limit: int) -> list[Complement]:
        for category in self._ancestors(place):
            siblings = self._items_below(category)
            strength = np.asarray(self.pairs[siblings].sum(axis=0)).ravel()
            strength[siblings] = 0
            best = np.flatnonzero(strength > 0)
            if len(best):
                best = best[np.lexsort((best, -strength[best]))][:limit]
                made_up, via = self._is_made_up(siblings, best), self.nodes[category]
                found = zip(best, made_up, strict=True)
                return [Complement(self.nodes[i].key, float(strength[i]), bool(m), via) for i, m in found]
        return []

    def _ancestors(self, place: int) -> Iterator[int]:
        """The categories of an item, its own first; the last one above is left out: a whole department says nothing."""
        category = next(iter(self._along(place, EdgeKind.IN_CATEGORY)), None)
        while category is not None:
            above = next(iter(self._along(category, EdgeKind.PARENT)), None)
            if above is None and not self._is_flat:
                return
            yield category
            category = above

    @cached_property
    def _is_flat(self) -> bool:
        """Whether no category has another above it."""
        return not (self.edges.kind == EdgeKind.PARENT).any()

    def _along(self, place: int, kind: EdgeKind) -> NDArray[np.int32]:
        """Targets of the edges of a kind that start at a node."""
        numbers = self._numbers_at(place)
        edges = self.edges
        here = numbers[(edges.kind[numbers] == kind) & (edges.source[numbers] == place)]
        return np.asarray(edges.target[here], np.int32)

    def _items_below(self, category: int) -> NDArray[np.int64]:
        """Items in a category and in what is below it."""
        edges, found, waiting = self.edges, list[int](), [category]
        while waiting:
            here = waiting.pop()
            numbers = self._numbers_at(here)
            for number in numbers[edges.target[numbers] == here]:
                if edges.kind[number] == EdgeKind.IN_CATEGORY:
                    found.append(int(edges.source[number]))
                elif edges.kind[number] == EdgeKind.PARENT:
                    waiting.append(int(edges.source[number]))
        return np.unique(np.asarray(found, np.int64))

    @cached_property
    def _made_up(self) -> csr_matrix | None:
        """(n, n) with an entry for each pair of made-up shoppers; None when all are real."""
        chosen = (self.edges.kind == EdgeKind.BOUGHT_WITH) & (self.edges.simulated > 0)
        return self._symmetric(chosen, self.edges.weight[chosen]) if chosen.any() else None

    def _is_made_up(self, places: Sequence[int] | NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(len(others),), whether a made-up pair joins any of the places with each of the others."""
        if self._made_up is None:
            return np.zeros(len(others), bool)
        return np.asarray((self._made_up[places] != 0).sum(axis=0)).ravel()[others] > 0

    # -- paths -----------------------------------------------------------------------------------------------------

    def edge_between(self, a: Node, b: Node) -> Edge | None:
        """The edge between two nodes, whatever its direction."""
        place, other = self._places.get(a), self._places.get(b)
        if place is None or other is None:
            return None
        inside = np.zeros(len(self), bool)
        inside[other] = True
        return next((self._edge(number) for number in self._edges_at(place, inside)), None)

    def path(self, a: Node, b: Node) -> tuple[Edge, ...]:
        """The cheapest way from one node to another, at most MAX_PATH edges; empty when there is none.

        A way through what few share (a brand of five items) is cheaper than one through what all share (a colour).
        """
        from scipy.sparse.csgraph import dijkstra

        start, end = self._places.get(a), self._places.get(b)
        if start is None or end is None or start == end:
            return ()
        _far, before = dijkstra(self._costs, indices=start, return_predecessors=True, limit=2.0 * MAX_PATH)
        places = [end]
        while places[-1] != start:
            places.append(int(before[places[-1]]))
            if places[-1] < 0 or len(places) > MAX_PATH + 1:
                return ()
        places.reverse()
        steps = pairwise(places)
        edges = tuple(self.edge_between(self.nodes[x], self.nodes[y]) for x, y in steps)
        return tuple(edge for edge in edges if edge is not None)

    # -- matrices --------------------------------------------------------------------------------------------------

    def _symmetric(self, chosen: NDArray[np.bool_], values: NDArray[np.float32] | NDArray[np.int32]) -> csr_matrix:
        from scipy.sparse import csr_matrix

        source, target = self.edges.source[chosen], self.edges.target[chosen]
        rows, columns = np.concatenate([source, target]), np.concatenate([target, source])
        return csr_matrix((np.concatenate([values, values]), (rows, columns)), shape=(len(self), len(self)))

    @cached_property
    def _numbers(self) -> csr_matrix:
        """Row i: the neighbours of node i, and as values the numbers of the edges plus one."""
        everything = np.ones(len(self.edges), bool)
        return self._symmetric(everything, np.arange(1, len(self.edges) + 1, dtype=np.int32))

    def _numbers_at(self, place: int) -> NDArray[np.int32]:
        matrix = self._numbers
        return np.asarray(matrix.data[matrix.indptr[place] : matrix.indptr[place + 1]] - 1, np.int32)

    def _around(self, place: int) -> NDArray[np.int32]:
        matrix = self._numbers
        return np.asarray(matrix.indices[matrix.indptr[place] : matrix.indptr[place + 1]], np.int32)

    def _edges_at(self, place: int, inside: NDArray[np.bool_]) -> list[int]:
        return [int(number) for number in self._numbers_at(place)[inside[self._around(place)]]]

    def _edge(self, number: int) -> Edge:
        edges = self.edges
        return Edge(
            self.nodes[edges.source[number]],
            self.nodes[edges.target[number]],
            EdgeKind(int(edges.kind[number])),
            float(edges.weight[number]),
            int(edges.shoppers[number]),
            float(edges.lift[number]),
            bool(edges.simulated[number]),
        )

    @cached_property
    def pairs(self) -> csr_matrix:
        """(n, n) strengths of what was bought together."""
        of_pairs = self.edges.kind == EdgeKind.BOUGHT_WITH
        return self._symmetric(of_pairs, self.edges.weight[of_pairs])

    @cached_property
    def pairs_backward(self) -> csr_matrix:
        """(n, n) of a walk over those pairs alone, transposed."""
        return by_rows(self.pairs).T.tocsr()

    @cached_property
    def _backward(self) -> csr_matrix:
        from scipy.sparse import csr_matrix

        walk = csr_matrix((len(self), len(self)), dtype=np.float32)
        for kind, share in _SHARES.items():
            chosen = self.edges.kind == kind
            if chosen.any():
                walk = walk + share * by_rows(self._symmetric(chosen, self.edges.weight[chosen]))
        return by_rows(walk).T.tocsr()

    @cached_property
    def _costs(self) -> csr_matrix:
        """Price of the edge's kind plus a fifth of the binary logarithm of the degree of the node that it leads to."""
        prices = np.zeros(len(EdgeKind), np.float32)
        for kind, price in _PRICE.items():
            prices[kind] = price
        costs = self._symmetric(np.ones(len(self.edges), bool), prices[self.edges.kind])
        degree = np.diff(costs.indptr)
        costs.data += 0.2 * np.log2(np.maximum(degree, 1)).astype(np.float32)[costs.indices]
        return costs


def _one(place: int, size: int) -> Vector:
    start = np.zeros(size, np.float32)
    start[place] = 1.0
    return start


def _first_round(rounds: Sequence[Vector]) -> NDArray[np.int64]:
    """The first round in which each node has a share, -1 for never."""
    first = np.full(len(rounds[0]), -1, np.int64)
    for number in range(len(rounds) - 1, -1, -1):
        first[rounds[number] > 0] = number
    return first
