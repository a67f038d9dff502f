"""A graph as bytes and back: safetensors with the nodes as JSON inside, and a sha256 over all of it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields

import numpy as np

from fusion.exceptions import ChecksumMismatch
from fusion.graph.parts import Node, NodeKind
from fusion.graph.product_graph import EdgeTable, ProductGraph

FORMAT = "attune-graph-1"


def to_bytes(graph: ProductGraph) -> tuple[bytes, str]:
    """(data, its hex sha256). The same graph gives the same bytes."""
    from safetensors.numpy import save

    about = {
        "format": FORMAT,
        "nodes": [[int(node.kind), node.key] for node in graph.nodes],
        "names": {language: list(names) for language, names in graph.names.items()},
    }
    text = json.dumps(about, ensure_ascii=False, separators=(",", ":")).encode()
    columns = {field.name: getattr(graph.edges, field.name) for field in fields(EdgeTable)}
    data = save({**columns, "about": np.frombuffer(text, np.uint8)})
    return data, hashlib.sha256(data).hexdigest()


def from_bytes(data: bytes, sha256: str) -> ProductGraph:
    """The graph that ``to_bytes`` wrote.

    Raises:
        ChecksumMismatch: the data are not those that were written, or are of another format.
    """
    from safetensors.numpy import load

    actual = hashlib.sha256(data).hexdigest()
    if actual != sha256:
        raise ChecksumMismatch(f"The graph has sha256 {actual[:16]}..., expected {sha256[:16]}... Build it again.")
    columns = load(data)
    about = json.loads(columns.pop("about").tobytes())
    if about.get("format") != FORMAT:
        raise ChecksumMismatch(f"The graph is of format {about.get('format')!r}, this reads {FORMAT!r}. Build it again.")
    nodes = [Node(NodeKind(kind), key) for kind, key in about["nodes"]]
    return ProductGraph(nodes, EdgeTable(**columns), about["names"])
