"""A shopper's request: before it is checked, as the library's query, and as it is kept with its answer."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from fusion.chips import SORT, chips_of
from fusion.exceptions import InvalidQuery
from fusion.types import Answer, ChipEdits, Constraint, Instruction, Order, Query
from recommender.catalog import Shopper
from recommender.conf import get_settings
from recommender.models import Recommendation
from recommender.records import constraint_from_json, constraint_to_json, order_from_json, order_to_json
from recommender.services.uploads import read_photo

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True, slots=True)
class RecommendationRequest:
    """What a shopper asks, before anything was checked. All of it may be empty: then the history speaks.

    Attributes:
        photo: an encoded image file; photo_id: one that was uploaded before. At most one of the two.
        box: (x0, y0, x1, y1), relative to the photo, 0 to 1: the part of it that is meant.
        liked, disliked: ids of seed items.
        seed_blocks: which blocks the seeds speak in; empty means all.
        near: whether only what is clearly near the liked items is shown.
        filters: musts of a page or an app.
        edits: what the shopper changed of what was understood.
        parent_id: the stored answer that this one refines; undo_to: the one whose request an undo goes back to.
        use_history: False answers as to someone never seen before.
        facets: whether to count what the answer can be narrowed by.
        keep: whether the answer is stored as an impression; False for offline runs, which nobody looks at.
        simulated_at: the simulated moment of a simulated shopper's request; the stored answer is marked so.
    """

    text: str = ""
    photo: bytes | None = None
    photo_id: str = ""
    box: tuple[float, float, float, float] | None = None
    liked: tuple[str, ...] = ()
    disliked: tuple[str, ...] = ()
    seed_blocks: tuple[str, ...] = ()
    near: bool = False
    filters: tuple[Constraint, ...] = ()
    edits: ChipEdits = field(default_factory=ChipEdits)
    order: Order | None = None
    limit: int = 24
    surface: str = ""
    language: str = ""
    currency: str = ""
    exclude: tuple[str, ...] = ()
    parent_id: str = ""
    undo_to: str = ""
    use_history: bool = True
    facets: bool = False
    keep: bool = True
    simulated_at: datetime | None = None


def build_query(request: RecommendationRequest, shopper: Shopper) -> Query:
    """The checked query of a request.

    Raises:
        InvalidQuery: the text is too long, or the photo is not one.
        UnknownPhoto: the uploaded photo is not this shopper's, or gone.
    """
    conf = get_settings()
    # A megabyte is refused before each of its characters is looked at.
    text = request.text if len(request.text) > 10 * conf.MAX_TEXT_LENGTH else clean_text(request.text)
    if len(text) > conf.MAX_TEXT_LENGTH:
        message = _("The request has %(n)d characters; at most %(max)d are read. Shorten it.")
        raise InvalidQuery(
            message % {"n": len(text), "max": conf.MAX_TEXT_LENGTH},
            code="text_too_long",
            pointer="/query/text",
            params={"max": conf.MAX_TEXT_LENGTH},
        )
    return Query(
        text=text,
        photo=_open_photo(request, shopper),
        liked=request.liked,
        disliked=request.disliked,
        filters=request.filters,
        edits=request.edits,
        language=(request.language or shopper.language).split("-")[0].lower(),
        currency=request.currency or shopper.currency,
        order=request.order,
        limit=max(1, min(request.limit, 100)),
        depth=conf.RANKING_DEPTH,
        exclude=request.exclude,
        seed_blocks=request.seed_blocks,
        near=request.near,
        draw=_draw(text, request, shopper),
        unit=shopper.user_id or shopper.visitor_id,
        facets=request.facets,
    )


def _draw(text: str, request: RecommendationRequest, shopper: Shopper) -> float:
    """Uniform in [0, 1): the same for the same request of the same shopper on one day, so that a reload shows the same."""
    who = shopper.user_id or shopper.visitor_id or shopper.session_id
    if not who:
        return secrets.randbelow(1 << 53) / (1 << 53)
    day = (request.simulated_at or timezone.now()).date().isoformat()
    said = "\x1f".join((who, day, text, request.surface, request.photo_id, *request.liked, *request.disliked))
    return int.from_bytes(hashlib.sha256(said.encode()).digest()[:8], "big") / (1 << 64)


def clean_text(text: str) -> str:
    """Words without control characters, lone surrogates and bidirectional overrides, outer space trimmed."""
    kept = (c if unicodedata.category(c) not in ("Cc", "Cs", "Cf") else " " if c in "\t\r\n" else "" for c in text)
    return "".join(kept).strip()


def _open_photo(request: RecommendationRequest, shopper: Shopper) -> Image | None:
    from fusion.photos import open_photo

    data = read_photo(request.photo_id, shopper) if request.photo_id else request.photo
    if data is None:
        return None
    conf = get_settings()
    return open_photo(data, max_bytes=conf.MAX_PHOTO_BYTES, max_pixels=conf.MAX_PHOTO_PIXELS, crop=request.box)


def request_to_json(request: RecommendationRequest, query: Query, answer: Answer) -> dict[str, Any]:
    """A request as it is kept with its answer: all that a later refinement starts from, and what paging says of it."""
    return {
        "text": query.text,
        "photo_id": request.photo_id,
        "has_photo": query.photo is not None,
        "box": list(request.box) if request.box else None,
        "liked": list(query.liked),
        "disliked": list(query.disliked),
        "seed_blocks": list(query.seed_blocks),
        "near": query.near,
        "filters": [constraint_to_json(c) for c in query.filters],
        "edits": {"removed": list(query.edits.removed), "added": [constraint_to_json(c) for c in query.edits.added]},
        "order": order_to_json(query.order),
        "exclude": list(query.exclude),
        "words": answer.words,
        "partial": answer.partial,
        "limit": query.limit,
        "language": query.language,
        "currency": query.currency,
        "undo_to": request.undo_to,
        "use_history": request.use_history,
        "facets": request.facets,
    }


def request_of(row: Recommendation) -> RecommendationRequest:
    """The request of a stored answer, ready to be asked again.

    Raises:
        InvalidQuery: it had a photo that was not uploaded, which nobody kept.
    """
    stored: Mapping[str, Any] = row.request
    if stored.get("has_photo") and not stored.get("photo_id"):
        raise InvalidQuery(_("The photo of this answer was not kept. Ask again with the photo."), code="photo_not_kept")
    edits = stored.get("edits") or {}
    box = stored.get("box")
    return RecommendationRequest(
        text=stored.get("text", ""),
        photo_id=stored.get("photo_id", ""),
        box=(box[0], box[1], box[2], box[3]) if box else None,
        liked=tuple(stored.get("liked", ())),
        disliked=tuple(stored.get("disliked", ())),
        seed_blocks=tuple(stored.get("seed_blocks", ())),
        near=bool(stored.get("near")),
        filters=_constraints(stored.get("filters", ())),
        edits=ChipEdits(tuple(edits.get("removed", ())), _constraints(edits.get("added", ()))),
        order=order_from_json(stored.get("order")),
        limit=stored.get("limit", 24),
        surface=row.surface,
        language=stored.get("language", ""),
        currency=stored.get("currency", ""),
        exclude=tuple(stored.get("exclude", ())),
        undo_to=stored.get("undo_to", ""),
        use_history=stored.get("use_history", True),
        facets=stored.get("facets", False),
    )


def chips_in_force(instruction: Instruction, order: Order | None, language: str = "") -> tuple[Constraint, ...]:
    """Every chip of an answer.

    Args:
        order: the order that a page or an app asked for; it takes the place of one in the words.
    """
    chips = chips_of(instruction, language)
    return tuple(c for c in chips if c.field != SORT) if order is not None else chips


def _constraints(stored: Sequence[Mapping[str, Any]]) -> tuple[Constraint, ...]:
    return tuple(constraint_from_json(c) for c in stored)
