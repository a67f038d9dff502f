"""The want/avoid tagger (O / 好 / 不好): which words are wanted and which are not, by an adapter on the text encoder.

The encoder's tensors are used as they lie in memory; the tagger adds low-rank terms to them (under 1 MB). It reads weights only
once the encoder has read its own, so no request waits for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from fusion.encoders.adapted import TokenLabeller
from fusion.encoders.base import EncoderIdentity
from fusion.instructions.adapter import LABELS, Adapter, read_adapter
from fusion.types import Matrix

if TYPE_CHECKING:
    from fusion.encoders.base import Encoder
    from fusion.encoders.words import TextTower

WANT, AVOID = "WANT", "AVOID"
BUNDLED = Path(__file__).parent / "want_avoid"
_KINDS = ("O", WANT, AVOID)
_REMEMBERED = 1024


@dataclass(frozen=True, slots=True)
class Tag:
    """A stretch of a text that is wanted or refused: character offsets, WANT or AVOID, and how sure the tagger is (0 to 1)."""

    start: int
    end: int
    label: str
    probability: float


class RequestTagger:
    """Texts -> tags. Safe to share between threads.

    Args:
        folder: of an adapter; ``BUNDLED`` is the one that comes with this library.
        tower: the text encoder's own tower, whose tensors are shared.
        identity: of that encoder; an adapter of another one is refused.

    Attributes:
        problem: why the adapter was refused, "" as long as it was not.
        n_asked: how many texts were asked about.
    """

    def __init__(self, folder: Path, tower: TextTower, identity: EncoderIdentity) -> None:
        self.folder = folder
        self.identity = identity
        self.problem = ""
        self.n_asked = 0
        self._tower = tower
        self._lock = Lock()
        self._adapter: Adapter | None = None
        self._labeller: TokenLabeller | None = None
        self._remembered = lru_cache(maxsize=_REMEMBERED)(self._read)

    @property
    def is_ready(self) -> bool:
        """Whether a text can be tagged without reading the encoder's weights. False for good once the adapter was refused."""
        return self._tower.is_loaded and not self.problem

    @property
    def threshold(self) -> float:
        return self.load().threshold

    def load(self) -> Adapter:
        """Read the adapter, and the encoder's weights where nobody has yet. Idempotent.

        Raises:
            MissingDependency, ChecksumMismatch: see ``read_adapter``; ``problem`` says it from then on.
            EncodingError: the encoder is no BERT.
        """
        with self._lock:
            if self._adapter is None:
                try:
                    forward = self._tower.short_forward()
                    adapter = read_adapter(self.folder, self.identity)
                    self._labeller = TokenLabeller(forward, adapter.tensors, adapter.n_layers)
                    self._adapter = adapter
                except Exception as error:
                    self.problem = str(error) or repr(error)
                    raise
            assert self._adapter is not None
            return self._adapter

    def tag(self, text: str) -> tuple[Tag, ...]:
        """The wanted and refused stretches of a text, in order; what is neither is left out. Raises what ``load`` raises."""
        self.n_asked += 1
        return self._remembered(text) if text.strip() else ()

    def _read(self, text: str) -> tuple[Tag, ...]:
        self.load()
        assert self._labeller is not None
        ids, offsets = self._tower.tokenise_with_offsets(text)
        return tuple(tags_of(text, self._labeller(ids), places(text, offsets)))


def tagger_on(encoders: Sequence[Encoder], folder: Path) -> RequestTagger | None:
    """A tagger on the first of the encoders that has a text tower, or None where none has. Reads no weights."""
    for encoder in encoders:
        block = next((spec.name for spec in encoder.blocks if spec.modality == "text"), "")
        if block and encoder.text_tower is not None:
            return RequestTagger(folder, encoder.text_tower, encoder.identity(block))
    return None


def places(text: str, offsets: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Each token's (start, end) without the blanks around it; (0, 0) for one that stands for no character of its own.

    A SentencePiece "▁" before a word claims the word's first character; the token after it has that one, too.
    """
    found: list[tuple[int, int]] = []
    for i, (start, end) in enumerate(offsets):
        following = offsets[i + 1][0] if i + 1 < len(offsets) else end
        while start < end and text[start].isspace():
            start += 1
        while end > start and text[end - 1].isspace():
            end -= 1
        shared = end > start and following == start and i + 1 < len(offsets) and offsets[i + 1][1] > following
        found.append((0, 0) if start == end or shared else (start, end))
    return found


def tags_of(text: str, probabilities: Matrix, token_places: Sequence[tuple[int, int]]) -> list[Tag]:
    """Tokens of one kind in a row are one tag; a B- begins another one. A tag's probability is its tokens' mean.

    The tokens of a Latin word are of one kind, that of their mean: "lin" + "ne" is not half refused.

    Args:
        probabilities: (n_tokens, n_labels), rows add up to 1.
    """
    kinds = np.stack([probabilities[:, 0], probabilities[:, 1:3].sum(1), probabilities[:, 3:5].sum(1)], axis=1)
    inner = _share_a_kind(text, kinds, token_places)
    runs: list[tuple[int, list[int]]] = []
    for i, (start, end) in enumerate(token_places):
        if start == end:
            continue
        kind = int(kinds[i].argmax())
        begins = LABELS[int(probabilities[i].argmax())].startswith("B-")
        if runs and runs[-1][0] == kind and (i in inner or not (begins and kind)):
            runs[-1][1].append(i)
        else:
            runs.append((kind, [i]))
    return [
        Tag(token_places[run[0]][0], token_places[run[-1]][1], _KINDS[kind], float(kinds[run, kind].mean()))
        for kind, run in runs
        if kind
    ]


def _share_a_kind(text: str, kinds: Matrix, token_places: Sequence[tuple[int, int]]) -> set[int]:
    """Give the tokens of each Latin word their mean, in place; returns those that are not the first of their word."""
    inner: set[int] = set()
    first = 0
    for i in range(1, len(token_places) + 1):
        start = token_places[i][0] if i < len(token_places) else 0
        inside = 0 < start == token_places[i - 1][1] and text[start - 1].isascii() and text[start - 1 : start + 1].isalnum()
        if inside and text[start].isascii():
            inner.add(i)
            continue
        kinds[first:i] = kinds[first:i].mean(axis=0)
        first = i
    return inner
