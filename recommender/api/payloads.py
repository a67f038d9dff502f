"""Values of the library -> the JSON of the API. Plain functions over plain values; no query is made here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from fusion.directions import Group, Question
from fusion.facets import Facet
from fusion.types import Answer, Constraint, Instruction, Item, ItemText, Money, Operator, Order, RankedItem, Reason
from recommender.api.tokens import Page, sign_attribution, sign_page
from recommender.catalog import Shopper
from recommender.models import Recommendation
from recommender.services.recovery import did_you_mean
from recommender.services.refining import Change
from recommender.services.requests import chips_in_force
from recommender.services.serving import Served
from recommender.services.suggesting import Suggestions

_SORT_OF_ORDER = {
    ("price", False): "price",
    ("price", True): "-price",
    ("created_at", True): "newest",
    ("rating", True): "rating",
    ("popularity", True): "popularity",
}


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def money(price: Money | None) -> dict[str, Any] | None:
    return None if price is None else {"amount_minor": price.amount_minor, "currency": price.currency}


def words_of(item: Item, language: str) -> tuple[str, ItemText]:
    """(language, words) of an item for a reader of ``language``; ("", its own words) where it does not speak it."""
    for code in (language, language.split("-")[0]):
        if code and code in item.translations:
            return code, item.translations[code]
    return "", ItemText(item.title, item.description)


def product(item: Item, language: str, base: str = "") -> dict[str, Any]:
    """A product card. ``base`` ("https://shop.example") makes relative addresses whole: an app has no page."""
    spoken, words = words_of(item, language)
    return {
        "id": item.item_id,
        "sku": item.item_id,
        "title": words.title or item.title,
        "description": words.description or item.description,
        "language": spoken,
        "url": whole(item.url, base),
        "image": image(item, words.title or item.title, base),
        "category": list(item.category),
        "brand": item.brand,
        "price": money(item.price),
        "in_stock": item.in_stock,
        "stock": item.stock,
        "rating": item.rating,
        "attributes": {name: list(values) for name, values in item.attributes.items()},
    }


def whole(address: str, base: str) -> str:
    """An address with its host."""
    return f"{base}{address}" if address.startswith("/") and not address.startswith("//") else address


def chip(constraint: Constraint, place: int) -> dict[str, Any]:
    """What was understood of one piece of a request."""
    listed = constraint.operator in (Operator.IN, Operator.NOT_IN)
    bounds = {"gte": _number(constraint.low), "lte": _number(constraint.high), "currency": constraint.currency}
    return {
        "id": f"c{place + 1}",
        "field": constraint.field,
        "op": constraint.operator.value,
        "value": list(constraint.values) if listed else bounds,
        "strength": constraint.strength.value,
        "source": constraint.source,
        "span": list(constraint.span) if constraint.span else None,
        "label": constraint.label or ", ".join(constraint.values) or constraint.field,
        "note": constraint.note,
    }


def _number(bound: float | None) -> float | int | None:
    if bound is None or not math.isfinite(bound):
        return None
    return int(bound) if float(bound).is_integer() else bound


def chips(constraints: Sequence[Constraint]) -> list[dict[str, Any]]:
    return [chip(constraint, place) for place, constraint in enumerate(constraints)]


def intent(instruction: Instruction, order: Order | None, language: str, seeds: Mapping[str, Any]) -> dict[str, Any]:
    """How the request was read."""
    in_force = order or instruction.order
    return {
        "language": instruction.language,
        "chips": chips(chips_in_force(instruction, order, language)),
        "sort": _SORT_OF_ORDER.get((in_force.field, in_force.descending), in_force.field) if in_force else "relevance",
        "rest": instruction.rest,
        "avoid": instruction.avoid,
        "unparsed": list(instruction.unparsed),
        "seeds": {"like": list(seeds.get("liked", ())), "unlike": list(seeds.get("disliked", ()))},
    }


def reason(given: Reason) -> dict[str, Any]:
    return {
        "signal": given.signal,
        "code": given.code,
        "contribution": round(given.contribution, 6),
        "share": round(given.share, 4),
        "label": given.label,
        "params": {name: str(value) for name, value in given.params.items()},
    }


def ranked(entry: RankedItem, language: str, base: str, explain: bool) -> dict[str, Any]:
    """One place of an answer."""
    explanation: dict[str, Any] = {
        "summary": ("；" if language.startswith("zh") else "; ").join(r.label for r in entry.reasons[:2]),
        "reasons": [reason(r) for r in entry.reasons],
        "unmet": list(entry.unmet),
    }
    if explain:
        explanation["terms"] = [
            {"block": t.block, "source": t.source, "weight": t.weight, "z": t.z, "contribution": t.contribution}
            for t in entry.terms
        ]
    return {
        "rank": entry.rank,
        "product": product(entry.item, language, base),
        "score": round(float(entry.score), 6),
        "explanation": explanation,
    }


def recovery(answer: Answer, meant: Sequence[str]) -> dict[str, Any]:
    return {
        "state": "none" if answer.state == "ok" else answer.state,
        "relaxed": chips(answer.relaxation.dropped),
        "added": chips(answer.relaxation.added),
        "did_you_mean": list(meant),
        "message": answer.relaxation.message,
        "alternatives": [
            {
                "id": f"a{place + 1}",
                "label": way.label,
                "total": way.n_results,
                "dropped": chips(way.dropped),
                "added": chips(way.added),
            }
            for place, way in enumerate(answer.relaxation.alternatives)
        ],
    }


def facet(counted: Facet) -> dict[str, Any]:
    """One field that the answer can be narrowed by."""
    return {
        "field": counted.field,
        "label": counted.label,
        "kind": counted.kind,
        "range": {"gte": counted.low, "lte": counted.high, "currency": counted.currency} if counted.kind == "ranges" else None,
        "values": [
            {
                "value": value.value or {"gte": value.low, "lte": value.high, "currency": counted.currency},
                "label": value.label,
                "count": value.n,
                "selected": value.selected,
                "depth": value.depth,
            }
            for value in counted.values
        ],
    }


def group(given: Group) -> dict[str, Any]:
    """Results of one kind, of a broad request."""
    return {"title": given.title, "chip": _filter(given.chip), "count": given.n, "product_ids": list(given.item_ids)}


def question(given: Question) -> dict[str, Any]:
    """The one question that tells most, with answers to be added as chips."""
    options = [{"label": label, "count": n, "chip": _filter(chip)} for label, chip, n in given.options]
    return {"field": given.field, "text": given.text, "options": options}


def _filter(constraint: Constraint) -> dict[str, Any]:
    """A chip to send back with set_chip."""
    told = chip(constraint, 0)
    return {name: told[name] for name in ("field", "op", "value", "strength")}


def change(given: Change, parent: Sequence[Constraint], child: Sequence[Constraint]) -> dict[str, Any]:
    """One difference between two answers; a chip has the id that it has in the answer it is of."""
    home = child if given.added else parent
    return {
        "change": "added" if given.added else "removed",
        "what": "chip" if given.chip else "like" if given.like else "unlike",
        "chip": chip(given.chip, home.index(given.chip)) if given.chip else None,
        "product_id": given.item_id or None,
    }


def result(
    served: Served, shopper: Shopper, *, language: str, base: str, limit: int, explain: bool, order: Order | None = None
) -> dict[str, Any]:
    """A whole answer, or one page of it. ``language`` "" follows the words of the request."""
    stored: Recommendation = served.recommendation
    answer = served.answer
    shown = language or answer.instruction.language or "en"
    following = served.next_offset
    return {
        "recommendation_id": stored.pk,
        "parent_id": stored.parent_id,
        "attribution_token": sign_attribution(stored.pk, shopper),
        "created_at": timestamp(stored.created_at),
        "expires_at": timestamp(stored.expires_at),
        "intent": {
            **intent(answer.instruction, order, shown, stored.request),
            "question": question(answer.question) if answer.question else None,
        },
        "items": [ranked(entry, shown, base, explain) for entry in answer.items],
        "total": {"value": answer.total, "relation": "gte" if answer.partial else "eq"},
        "facets": [facet(one) for one in answer.facets],
        "groups": [group(one) for one in answer.groups],
        "page": page(None if following is None else sign_page(Page(stored.pk, following, limit))),
        "recovery": recovery(answer, did_you_mean(answer, shown) if served.offset == 0 else ()),
        "degraded": list(answer.degraded),
        "versions": versions(stored.versions),
    }


def suggestions(found: Suggestions, language: str, base: str) -> dict[str, Any]:
    """Rows for below a search box."""
    return {
        "queries": [{"text": r.text, "matched_ranges": r.ranges, "source": r.source} for r in found.requests],
        "categories": [
            {
                "name": link.category.name,
                "path": link.category.path,
                "total": link.category.total,
                "url": whole(link.url, base),
                "matched_ranges": link.category.ranges,
            }
            for link in found.categories
        ],
        "products": [
            {
                "id": suggested.item.item_id,
                "title": suggested.title,
                "language": words_of(suggested.item, language)[0],
                "url": whole(suggested.item.url, base),
                "image": image(suggested.item, suggested.title, base),
                "price": money(suggested.item.price),
                "matched_ranges": suggested.ranges,
            }
            for suggested in found.items
        ],
        "degraded": list(found.degraded),
    }


def image(item: Item, alt: str, base: str) -> dict[str, str] | None:
    return {"src": whole(item.image_url, base), "alt": alt} if item.image_url else None


def versions(stored: Mapping[str, Any]) -> dict[str, Any]:
    return dict(stored)


def page(next_cursor: str | None) -> dict[str, Any]:
    return {"next_cursor": next_cursor, "has_more": next_cursor is not None}
