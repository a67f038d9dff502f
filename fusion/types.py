"""Every value that travels between the modules of this library: frozen dataclasses, numpy only.

Nothing here imports torch, Django or a shop. Vectors are float32 and L2-normalised unless a docstring says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fusion.money import Money as Money
from fusion.money import minor_unit_exponent as minor_unit_exponent
from fusion.weighing import Context, Weighing

if TYPE_CHECKING:
    from PIL.Image import Image

    from fusion.directions import Group, Question
    from fusion.facets import Facet

Vector = NDArray[np.float32]
Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Photo:
    """One photo of an item, read only when an encoder needs it.

    Attributes:
        ref: changes whenever the bytes change (a checksum, or name + size + time). It is part of the content hash.
        read: returns the encoded file; may raise OSError, which fails this photo only.
    """

    ref: str
    read: Callable[[], bytes] = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ItemText:
    """An item's words in one language."""

    title: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """A product as the library sees it. A host's adapter makes these; nothing below the shop knows a product row.

    Attributes:
        category: path from the root, e.g. ("Apparel", "Topwear", "Shirts").
        category_names: language code ("zh") -> what the catalogue calls each node of that path in it, "" where it has no name.
        price: None when the item has no price; such an item fails every price bound.
        stock: units left; None means that stock is not tracked.
        attributes: name -> values, as the catalogue spells them. Names are lower case.
        image_url: address of the main photo, as a card shows it; "" when there is none.
        translations: language code ("zh") -> the item's words in it.
    """

    item_id: str
    title: str
    description: str = ""
    category: tuple[str, ...] = ()
    brand: str = ""
    price: Money | None = None
    stock: int | None = None
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    translations: Mapping[str, ItemText] = field(default_factory=dict)
    photos: tuple[Photo, ...] = ()
    url: str = ""
    created_at: datetime | None = None
    rating: float | None = None
    popularity: float = 0.0
    image_url: str = ""
    category_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def in_stock(self) -> bool:
        return self.stock is None or self.stock > 0


class Operator(StrEnum):
    """How a constraint compares an item's value with its own."""

    IN = "in"  # the item has at least one of the values
    NOT_IN = "not_in"  # the item has none of the values
    LTE = "lte"
    GTE = "gte"
    BETWEEN = "between"


class Strength(StrEnum):
    """What a recognised piece of a request asks for."""

    MUST = "must"  # a predicate over the catalogue's columns
    WANT = "want"  # a weighted preference: raises the score, drops nothing
    AVOID = "avoid"  # a weighted dislike: lowers the score, drops nothing


@dataclass(frozen=True, slots=True)
class Constraint:
    """One recognised piece of a request: a must, a want or an avoid over one field. Shown to the shopper as a chip.

    Attributes:
        field: "price", "category", "brand", "color", "gender", "size", "in_stock", or any attribute's name.
        values: for IN / NOT_IN, the catalogue's own spellings; a category is its path joined with "/" ("Apparel/Topwear")
            or one node's name.
        low, high: inclusive bounds in minor units of ``currency`` for price, plain numbers for numeric attributes.
        currency: of the bounds; "" means the catalogue's own.
        weight: how strong a want or an avoid is, 0 to 1; ignored for a must.
        span: (start, end) character offsets in the request it was read from, None when it came from elsewhere.
        label: what the chip says, in the shopper's language.
        source: "text", "filter" (of a page or an app), "chip" (set by hand on the answer), "photo" or "llm".
        note: anything the shopper should know about how this was read, in the shopper's language.
    """

    field: str
    operator: Operator
    values: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    currency: str = ""
    strength: Strength = Strength.MUST
    weight: float = 1.0
    span: tuple[int, int] | None = None
    label: str = ""
    source: str = "text"
    note: str = ""

    @property
    def by_hand(self) -> bool:
        """Whether the shopper set it with a control instead of saying it; such a must is let go last."""
        return self.source in ("filter", "chip")


@dataclass(frozen=True, slots=True)
class Order:
    """An explicit order asked for: "cheapest", "newest".

    ``field`` is price, created_at, rating, popularity, or an attribute that holds measures of one unit ("screen size").
    """

    field: str
    descending: bool
    span: tuple[int, int] | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Instruction:
    """What a shopper's words mean.

    Attributes:
        text: the words as given.
        language: ISO 639-1 of the words ("en", "zh"), "" when there are none.
        constraints: musts, wants and avoids, in the order of the text.
        order: an explicit order, or None for relevance.
        rest: what is left to embed, in the shopper's own words; linked values stay in it, bounds and negated parts do not.
        avoid: free text that the shopper does not want and no attribute knows ("flashy"), "" when none.
        expansions: words that mean the same in the catalogue's language ("椅子" -> "chair"); they join what is searched.
        unparsed: words that were not understood as anything but text to embed.
        themes: where no kind of thing is named, the words for what or whom it is ("living room", "dad").
        degraded: what the parser went without, e.g. "reader" where a remote one gave no answer.
    """

    text: str = ""
    language: str = ""
    constraints: tuple[Constraint, ...] = ()
    order: Order | None = None
    rest: str = ""
    avoid: str = ""
    expansions: tuple[str, ...] = ()
    unparsed: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    degraded: tuple[str, ...] = ()

    @property
    def musts(self) -> tuple[Constraint, ...]:
        return tuple(c for c in self.constraints if c.strength is Strength.MUST)


@dataclass(frozen=True, slots=True)
class ChipEdits:
    """What a shopper changed of what was understood. The words stay as they are; see ``fusion.chips``.

    Attributes:
        removed: keys of chips that are not meant; ``fusion.chips.ALL`` takes off every one that is not in ``added``.
        added: chips that are meant beside the others. One with the key of a recognised chip stands in its place.
    """

    removed: tuple[str, ...] = ()
    added: tuple[Constraint, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.removed or self.added)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The catalogue's own values, which a parser links words to.

    Attributes:
        values: field -> value as the catalogue spells it -> number of items that have it. The field "category" holds
            whole paths joined with "/"; "brand" the brands; every other field an attribute.
        currency: the catalogue's own (most frequent) currency.
        titles: word -> number of item titles it occurs in (lower case), for telling product nouns from noise.
        names: language ("zh") -> path of a category, joined with "/" -> what the catalogue calls it in that language.
        excluded: roles that no word may be linked to, in whatever field ("gender" in a category "Men" neither).
    """

    values: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    currency: str = "USD"
    titles: Mapping[str, int] = field(default_factory=dict)
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    excluded: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Query:
    """A validated request: words, a photo, seed items, or any mix; possibly nothing at all (then the history speaks).

    Attributes:
        photo: a decoded RGB photo (see fusion.photos.open_photo), never raw bytes.
        liked, disliked: ids of seed items ("more like this", "less like this").
        filters: constraints from the page or the API; they are musts.
        edits: what the shopper changed of what was understood.
        language: the language to answer in; "" follows the words.
        currency: what an amount without a currency means; "" means the catalogue's own.
        order: overrides an order that was read from the words.
        limit: how many items to return, at most.
        depth: how many ranked ids to keep for paging.
        exclude: ids never to return.
        seed_blocks: which blocks the liked and disliked items speak in ("looks like" is look and image); empty means all.
        near: whether only what is clearly near the liked items is shown (fusion.nearness), instead of a full page.
        explain_depth: for how many of the ranking the terms are kept, for later pages and for the log.
        draw, unit: for a weigher that explores or splits (see fusion.weighing.Context).
        facets: whether to count what the answer could be narrowed by.
    """

    text: str = ""
    photo: Image | None = None
    liked: tuple[str, ...] = ()
    disliked: tuple[str, ...] = ()
    filters: tuple[Constraint, ...] = ()
    edits: ChipEdits = ChipEdits()
    language: str = ""
    currency: str = ""
    order: Order | None = None
    limit: int = 24
    depth: int = 500
    exclude: tuple[str, ...] = ()
    seed_blocks: tuple[str, ...] = ()
    near: bool = False
    explain_depth: int = 120
    draw: float = 0.0
    unit: str = ""
    facets: bool = False


@dataclass(frozen=True, slots=True)
class Interaction:
    """One thing a shopper did with an item, as the profile reads it."""

    item_id: str
    kind: str
    at: datetime
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class Term:
    """One addend of an item's score: ``contribution == weight * z``, and an item's contributions add up to its score."""

    block: str
    source: str
    weight: float
    z: float

    @property
    def contribution(self) -> float:
        return self.weight * self.z


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an item is where it is, tied to a signal that changed its score.

    Attributes:
        signal: which signal speaks: "words", "photo", "liked", "history", "lexical", "match", "popularity".
        contribution: its share of the item's score, in score units.
        share: contribution over the sum of the positive contributions, 0 to 1.
        code: the message's key, e.g. "looks_like_photo"; params fill it. A page or an app renders it in its own language.
        label: the message rendered in the answer's language.
        params: what fills the message, e.g. {"words": "waterproof, tent"}.
    """

    signal: str
    contribution: float
    share: float
    code: str
    label: str
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RankedItem:
    """One answer: a fresh item, its place, its score and the terms that add up to it."""

    item: Item
    rank: int
    score: float
    terms: tuple[Term, ...] = ()
    reasons: tuple[Reason, ...] = ()
    unmet: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Alternative:
    """One way out of a request that nothing fits, to be taken in one step.

    Attributes:
        dropped: the musts to let go.
        added: what stands in their place, where something near does: the nearest prices, the colours that there are.
        n_results: how many items then fit.
        label: what they are, in the shopper's language: "red from $54".
    """

    dropped: tuple[Constraint, ...]
    added: tuple[Constraint, ...] = ()
    n_results: int = 0
    label: str = ""


@dataclass(frozen=True, slots=True)
class Relaxation:
    """What was let go because nothing fitted; never a stock rule. Empty ``dropped`` means that nothing was relaxed.

    Attributes:
        dropped, added, n_results: of the alternative that the answer shows, which is the first one.
        alternatives: the ways out, the smallest first.
    """

    dropped: tuple[Constraint, ...] = ()
    message: str = ""
    n_results: int = 0
    added: tuple[Constraint, ...] = ()
    alternatives: tuple[Alternative, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the pipeline returns.

    Attributes:
        items: the first page, best first.
        ranking: (item_id, score) of the whole stored ranking, best first, the first page included.
        terms: item_id -> the addends of its score, for the first ``Query.explain_depth`` of the ranking.
        because: item_id -> (kind of interaction, item_id of the shopper's past that adds most to its score), as deep as terms.
        words: what was searched for: the rest of the request with linked values and expansions.
        total: how many items met the musts and are related.
        partial: whether the catalogue may hold more than the total says: of many, only the nearest were looked at.
        facets: what the answer can be narrowed by, where that was asked for; none beside a relaxation.
        groups, question: of a broad request, its directions and the one question that tells most (fusion.directions).
        degraded: what was not available, e.g. "text_model", "photo", "index", "history"; empty when all was well.
        timings: stage -> milliseconds.
        weights: "source/block" -> the weight that was used.
        context, weighing: what the weigher saw, and what it chose.
        state: "ok", "too_tight" (the thing is there, but no item of it meets all musts: see relaxation) or "no_match"
            (the shop has nothing of the kind; items, if any, are what comes nearest).
    """

    items: tuple[RankedItem, ...]
    ranking: tuple[tuple[str, float], ...] = ()
    terms: Mapping[str, tuple[Term, ...]] = field(default_factory=dict)
    because: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    words: str = ""
    instruction: Instruction = field(default_factory=Instruction)
    total: int = 0
    partial: bool = False
    facets: tuple[Facet, ...] = ()
    groups: tuple[Group, ...] = ()
    question: Question | None = None
    degraded: tuple[str, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)
    relaxation: Relaxation = field(default_factory=Relaxation)
    context: Context = field(default_factory=Context)
    weighing: Weighing = field(default_factory=Weighing)
    state: str = "ok"

    @property
    def musts(self) -> tuple[Constraint, ...]:
        """The musts that the shown items meet: those of the request without what was let go, and what replaced it."""
        kept = tuple(c for c in self.instruction.musts if c not in self.relaxation.dropped)
        return (*kept, *self.relaxation.added)
