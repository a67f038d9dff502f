"""One request in, one stored answer out: what pages, the API and the command line all call."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from fusion.exceptions import InvalidQuery
from fusion.profile import Profile, build_profile
from fusion.types import Answer, Query, RankedItem
from recommender.catalog import Shopper, get_catalog
from recommender.conf import get_settings
from recommender.engine import Engine, get_engine
from recommender.exceptions import ResultExpired, UnknownItem, UnknownRecommendation
from recommender.models import Recommendation, new_ulid
from recommender.records import (
    instruction_from_json,
    instruction_to_json,
    relaxation_from_json,
    relaxation_to_json,
    terms_from_json,
    terms_to_json,
)
from recommender.services.feedback import history
from recommender.services.requests import RecommendationRequest, build_query, clean_text, request_to_json
from recommender.services.visitors import owns

__all__ = ["RecommendationRequest", "Served", "clean_text", "owned", "page", "recommend", "similar"]

logger = logging.getLogger(__name__)

SIMILAR_BLOCKS = {"look": ("look", "image"), "text": ("text",), "both": ()}


@dataclass(frozen=True, slots=True)
class Served:
    """A page of an answer, with the row that holds it. ``next_offset`` is None on the last page."""

    recommendation: Recommendation
    answer: Answer
    offset: int
    next_offset: int | None


def recommend(request: RecommendationRequest, shopper: Shopper) -> Served:
    """Answer one request and store the answer.

    Raises:
        InvalidQuery: the text is too long, or the photo is not one; nothing else that a shopper sends is refused.
        UnknownPhoto: the uploaded photo is not this shopper's, or gone.
    """
    query = build_query(request, shopper)
    shopper = replace(shopper, use_history=shopper.use_history and request.use_history)
    engine = get_engine()
    degraded: list[str] = []
    try:
        engine.refresh()
    except DatabaseError as error:
        logger.warning("event=refresh_failed error=%r", error)
        degraded.append("index")
    degraded += ["index"] if engine.blank_blocks else []
    profile, missing = _profile(shopper, engine)
    degraded += missing
    answer = engine.pipeline.recommend(query, profile)
    answer = replace(answer, degraded=tuple(dict.fromkeys([*answer.degraded, *degraded])))
    row = _row(request, shopper, query, answer, engine)
    if request.keep:
        answer = _stored(row, answer)
    return Served(row, answer, 0, _next(0, len(answer.items), query.limit, len(answer.ranking)))


def page(recommendation_id: str, shopper: Shopper, offset: int = 0, limit: int = 24, language: str = "") -> Served:
    """A later page of a stored answer: the same ranking, without what was sold out or hidden meanwhile.

    ``next_offset`` counts places of the stored ranking, so pages never repeat or skip an item.

    Raises:
        UnknownRecommendation: there is none with this id for this shopper.
        ResultExpired: it is too old; ask again.
    """
    row = owned(recommendation_id, shopper)
    engine = get_engine()
    engine.refresh()
    stored = _answer_of(row, shopper, engine)
    ids, place = _next_fitting(engine, stored, offset, limit)
    items = engine.fetch(ids)
    shown = [items[i] for i in ids if i in items]
    request = row.request
    query = Query(language=language or request.get("language", ""), liked=tuple(request.get("liked", ())))
    profile, _degraded = _profile(shopper, engine)
    ranked = engine.pipeline.teller.tell_stored(shown, terms_from_json(row.terms), stored, query, offset + 1, profile)
    answer = replace(stored, items=_ranked_by_place(ranked, stored))
    return Served(row, answer, offset, place if place < len(stored.ranking) else None)


def owned(recommendation_id: str, shopper: Shopper, *, expired: bool = False) -> Recommendation:
    """The stored answer, if it is this shopper's.

    Args:
        expired: also one that is too old to be shown.
    Raises:
        UnknownRecommendation: there is none with this id for this shopper.
        ResultExpired: it is too old; ask again.
    """
    row = Recommendation.objects.filter(pk=recommendation_id).first()
    public = row is not None and not (row.user_id or row.visitor_id)
    if row is None or not (public or owns(shopper, user_id=row.user_id, visitor_id=row.visitor_id)):
        raise UnknownRecommendation(_('There is no answer "%(id)s". Ask again.') % {"id": recommendation_id[:64]})
    if row.expires_at <= timezone.now() and not expired:
        raise ResultExpired(_("This answer is too old to show more of. Ask again."))
    return row


def similar(
    item_id: str, by: str, limit: int, shopper: Shopper, *, surface: str = "", language: str = "", near: bool = False
) -> Served:
    """Items like one item, by "look", "text" or "both".

    Args:
        near: whether what is not clearly nearer than the catalogue's usual stays out, so that there may be fewer than limit.
    Raises:
        UnknownItem: the item is not there or may not be shown.
        InvalidQuery: ``by`` is something else.
    """
    if by not in SIMILAR_BLOCKS:
        known = ", ".join(SIMILAR_BLOCKS)
        message = _('Similar by "%(by)s" is not possible. Choose one of: %(known)s.') % {"by": by[:32], "known": known}
        raise InvalidQuery(message, code="invalid_choice", pointer="/by")
    if not get_catalog().get_items([item_id]):
        raise UnknownItem(_('There is no product "%(id)s", or it is not for sale.') % {"id": item_id[:128]})
    request = RecommendationRequest(
        liked=(item_id,),
        seed_blocks=SIMILAR_BLOCKS[by],
        near=near,
        limit=limit,
        surface=surface or f"similar_{by}",
        language=language,
        use_history=False,
    )
    return recommend(request, shopper)


def _profile(shopper: Shopper, engine: Engine) -> tuple[Profile, list[str]]:
    try:
        return build_profile(history(shopper), interval_of=engine.interval_of), []
    except DatabaseError as error:
        logger.warning("event=history_failed error=%r", error)
        return Profile(), ["history"]


def _row(request: RecommendationRequest, shopper: Shopper, query: Query, answer: Answer, engine: Engine) -> Recommendation:
    now = request.simulated_at or timezone.now()
    return Recommendation(
        id=new_ulid(),
        parent_id=request.parent_id or None,
        user_id=shopper.user_id,
        visitor_id=shopper.visitor_id,
        session_id=shopper.session_id[:64],
        surface=request.surface[:32],
        request=request_to_json(request, query, answer),
        instruction=instruction_to_json(answer.instruction),
        ranking=[list(pair) for pair in answer.ranking],
        terms=terms_to_json(answer.terms),
        because={item_id: list(pair) for item_id, pair in answer.because.items()},
        weights=dict(answer.weights),
        context=answer.context.to_json(),
        policy=answer.weighing.policy,
        arm=answer.weighing.arm,
        propensity=answer.weighing.propensity,
        experiment=answer.weighing.experiment,
        side=answer.weighing.side,
        factors={f"{source}/{block}": factor for (source, block), factor in answer.weighing.factors.items()},
        state=answer.state,
        relaxation=relaxation_to_json(answer.relaxation),
        degraded=list(answer.degraded),
        timings=dict(answer.timings),
        total=answer.total,
        versions={"revision": engine.revision, **engine.encoder_ids},
        created_at=now,
        simulated=request.simulated_at is not None,
        expires_at=now + timedelta(seconds=get_settings().RESULT_TTL),
    )


def _stored(row: Recommendation, answer: Answer) -> Answer:
    """Keep the answer; one that cannot be kept is still given, without further pages."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except DatabaseError as error:
        logger.warning("event=answer_not_stored error=%r", error)
        return replace(answer, degraded=(*answer.degraded, "log"))
    return answer


def _answer_of(row: Recommendation, shopper: Shopper, engine: Engine) -> Answer:
    # What was forgotten since, or may not be used any more, is not named again.
    past = {act.item_id for act in history(shopper)} if row.because else set()
    return Answer(
        items=(),
        ranking=tuple((str(i), float(s)) for i, s in row.ranking),
        instruction=engine.exclusion.from_instruction(instruction_from_json(row.instruction)),
        because={item_id: (kind, named) for item_id, (kind, named) in row.because.items() if named in past},
        words=row.request.get("words", ""),
        total=row.total,
        partial=bool(row.request.get("partial")),
        degraded=tuple(row.degraded),
        timings=row.timings,
        weights=row.weights,
        relaxation=relaxation_from_json(row.relaxation),
        state=row.state,
    )


def _next_fitting(engine: Engine, answer: Answer, offset: int, limit: int) -> tuple[list[str], int]:
    """Ids from a place of the ranking on that may still be shown, and the place after the last one looked at."""
    musts = answer.musts
    ids: list[str] = []
    place = max(0, offset)
    while len(ids) < limit and place < len(answer.ranking):
        batch = [i for i, _score in answer.ranking[place : place + limit - len(ids)]]
        place += len(batch)
        fitting = engine.pipeline.still_fit(engine.fetch(batch), musts)
        ids += [i for i in batch if i in fitting]
    return ids, place


def _ranked_by_place(ranked: Sequence[RankedItem], answer: Answer) -> tuple[RankedItem, ...]:
    """Ranks are places of the stored ranking, also where items before them are gone."""
    places = {i: place for place, (i, _score) in enumerate(answer.ranking, start=1)}
    return tuple(replace(r, rank=places[r.item.item_id]) for r in ranked)


def _next(offset: int, shown: int, limit: int, stored: int) -> int | None:
    return offset + shown if shown == limit and offset + shown < stored else None
