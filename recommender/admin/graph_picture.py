"""Where the boxes and lines of a product's neighbourhood go. Boxes stand in columns or rows, so no label meets another."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from fusion.graph.parts import Edge, EdgeKind, Node, NodeKind
from recommender.services.relations import RelatedNode, Surroundings, weight_of

ROW, BOX_HEIGHT = 40, 30
WIDE, COLUMN, BOX_WIDTH = 960, 198, 164
NARROW, INDENT = 356, 22
_LETTERS_A_PIXEL = 1 / 6.6


@dataclass(frozen=True, slots=True)
class Box:
    """A node in the picture; ``text`` is cut to the box, ``label`` whole. ``url`` leads to a product's own picture."""

    x: float
    y: float
    width: float
    kind: str
    text: str
    label: str
    url: str = ""
    is_centre: bool = False

    @property
    def height(self) -> int:
        return BOX_HEIGHT

    @property
    def middle(self) -> float:
        return self.y + BOX_HEIGHT / 2

    @property
    def text_x(self) -> float:
        return self.x + 9

    @property
    def text_y(self) -> float:
        return self.middle + 4


@dataclass(frozen=True, slots=True)
class Line:
    """An edge in the picture; ``width`` in pixels."""

    path: str
    kind: str
    width: float
    simulated: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """All of it, in the pixels of its viewBox."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


UrlOf = Callable[[RelatedNode], str]


def wide_picture(around: Surroundings, url_of: UrlOf) -> Picture:
    """Five columns: what shares facts with the product, its facts, itself, what was bought with it, and with that.

    Lines between columns that are not beside each other are left to the table: they would cross everything.
    """
    columns = _columns(around)
    height = ROW * max(len(column) for column in columns)
    left = (WIDE - (4 * COLUMN + BOX_WIDTH)) / 2
    places: dict[Node, tuple[int, Box]] = {}
    for number, column in enumerate(columns):
        top = (height - ROW * len(column)) / 2
        for row, related in enumerate(column):
            box = _box(related, left + number * COLUMN, top + row * ROW + (ROW - BOX_HEIGHT) / 2, BOX_WIDTH, url_of)
            places[related.node] = (number, box)
    lines = []
    for edge in around.edges:
        ends = sorted((places[edge.source], places[edge.target]), key=lambda end: end[0])
        if ends[1][0] - ends[0][0] == 1:
            lines.append(Line(_curve(ends[0][1], ends[1][1]), edge.kind.label, _width(edge), edge.simulated))
    return Picture(WIDE, round(height), tuple(box for _, box in places.values()), tuple(lines))


def narrow_picture(around: Surroundings, url_of: UrlOf) -> Picture:
    """A tree from top to bottom for a telephone: under each node the further ones that are reached through it."""
    order = _tree(around)
    boxes: dict[Node, Box] = {}
    lines = []
    for row, (related, level, through) in enumerate(order):
        x = 2.0 + INDENT * level
        box = _box(related, x, row * ROW + (ROW - BOX_HEIGHT) / 2, NARROW - x - 2, url_of)
        boxes[related.node] = box
        if through is not None:
            above, edge = boxes[through[0]], through[1]
            stem = above.x + INDENT / 2
            path = f"M{stem:g} {above.y + BOX_HEIGHT:g}V{box.middle:g}H{box.x:g}"
            lines.append(Line(path, edge.kind.label, _width(edge), edge.simulated))
    return Picture(NARROW, ROW * len(order), tuple(boxes.values()), tuple(lines))


def cut(label: str, width: float) -> str:
    """As much of a label as fits; a Chinese character takes two places."""
    room = int(width * _LETTERS_A_PIXEL) - 2
    places = [2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in label]
    if sum(places) <= room:
        return label
    kept = used = 0
    while kept < len(label) and used + places[kept] <= room - 1:
        used += places[kept]
        kept += 1
    return label[:kept].rstrip() + "…"


def _columns(around: Surroundings) -> list[list[RelatedNode]]:
    joined = _joined(around)
    beside = joined[around.nodes[0].node]
    columns: list[list[RelatedNode]] = [[], [], [around.nodes[0]], [], []]
    facts = {node for node in beside if node.kind is not NodeKind.ITEM}
    for related in around.nodes[1:]:
        is_item = related.node.kind is NodeKind.ITEM
        if related.node in beside:
            columns[3 if is_item else 1].append(related)
        elif joined[related.node] & facts and not (is_item and joined[related.node] & (beside - facts)):
            columns[0].append(related)
        else:
            columns[4].append(related)
    for number, towards in ((0, 1), (1, 2), (3, 2), (4, 3)):
        columns[number] = _beside_their_neighbours(columns[number], columns[towards], joined)
    return columns


def _joined(around: Surroundings) -> dict[Node, set[Node]]:
    joined: dict[Node, set[Node]] = {related.node: set() for related in around.nodes}
    for edge in around.edges:
        joined[edge.source].add(edge.target)
        joined[edge.target].add(edge.source)
    return joined


def _beside_their_neighbours(
    column: Sequence[RelatedNode], towards: Sequence[RelatedNode], joined: Mapping[Node, set[Node]]
) -> list[RelatedNode]:
    """Products below the rest, and each so that it stands at the height of what it is joined to."""
    heights = {related.node: place for place, related in enumerate(towards)}

    def height(related: RelatedNode) -> float:
        found = [heights[node] for node in joined[related.node] if node in heights]
        return sum(found) / len(found) if found else len(towards)

    return sorted(column, key=lambda related: (related.node.kind is NodeKind.ITEM, height(related), -related.closeness))


def _tree(around: Surroundings) -> list[tuple[RelatedNode, int, tuple[Node, Edge] | None]]:
    """(node, level, (the node above, the edge to it)) from top to bottom."""
    above: dict[Node, tuple[Node, Edge]] = {}
    place = {related.node: number for number, related in enumerate(around.nodes)}
    for related in around.nodes[1:]:
        edges = [e for e in around.edges if related.node in (e.source, e.target)]
        ends = [(e.target if e.source == related.node else e.source, e) for e in edges]
        above[related.node] = min(ends, key=lambda pair: place[pair[0]])  # the first one chosen is the closest
    found: list[tuple[RelatedNode, int, tuple[Node, Edge] | None]] = []

    def place_under(related: RelatedNode, level: int) -> None:
        found.append((related, level, above.get(related.node)))
        for other in around.nodes[1:]:
            if above[other.node][0] == related.node:
                place_under(other, level + 1)

    place_under(around.nodes[0], 0)
    return found


def _box(related: RelatedNode, x: float, y: float, width: float, url_of: UrlOf) -> Box:
    kind, centre = related.node.kind.label, related.depth == 0
    return Box(x, y, width, kind, cut(related.label, width), related.label, "" if centre else url_of(related), centre)


def _curve(left: Box, right: Box) -> str:
    start, end = left.x + left.width, right.x
    half = (start + end) / 2
    return f"M{start:g} {left.middle:g}C{half:g} {left.middle:g} {half:g} {right.middle:g} {end:g} {right.middle:g}"


def _width(edge: Edge) -> float:
    """1.2 for what the catalogue says, up to 3 for what goes together far above chance."""
    return round(1.0 + 2.0 * weight_of(edge), 1) if edge.kind is EdgeKind.BOUGHT_WITH else 1.2
