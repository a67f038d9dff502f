"""A part of the catalogue as a page shows it: everything in it, in an order, narrowed by filters, with facets.

Nothing was asked for here, so that nothing is ranked, learnt or left out: what is sold out is in it, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fusion.chips import in_currency, labelled
from fusion.facets import Facet, FacetCounter
from fusion.musts import as_applied
from fusion.telling import meets
from fusion.types import Constraint, Item, Order
from recommender.engine import get_engine
from recommender.services.listing import first_rows, fresh_items


@dataclass(frozen=True, slots=True)
class Browsed:
    """One page.

    Attributes:
        items: fresh ones that still meet the filters.
        filters: in force, with labels in the page's language.
        whole: how many there are without the filters.
        rated: whether anything of this part has a rating to be sorted by.
    """

    items: Sequence[Item]
    total: int
    whole: int
    facets: tuple[Facet, ...]
    filters: tuple[Constraint, ...]
    rated: bool


def browse(
    part: Constraint, filters: Sequence[Constraint], order: Order, offset: int, limit: int, *, language: str, currency: str
) -> Browsed:
    """A page of a part of the catalogue. Items without a value of the order come last; ties go by id.

    Args:
        part: a category; it is no filter that could be taken off.
        limit: 0 fetches no item, for a page that only counts.
        language: of labels; currency: of bounds without one and of the facet of prices, "" for the catalogue's own.
    """
    engine = get_engine()
    engine.refresh()
    columns, parser = engine.collection.columns, engine.parser
    given = engine.exclusion.from_constraints(filters)
    spoken = tuple(labelled(in_currency(c, currency or columns.currency), parser, language) for c in given)
    applied = [as_applied(c) for c in (part, *spoken)]
    everything = columns.mask((), in_stock_only=False)
    whole = np.flatnonzero(columns.meets(as_applied(part))[: len(everything)] & everything)
    rows = np.flatnonzero(columns.mask(applied, in_stock_only=False))
    items = fresh_items(first_rows(engine, order, rows, offset + limit)[offset:]) if limit else []
    return Browsed(
        [item for item in items if meets(engine.collection, item, (part, *spoken))],
        len(rows),
        len(whole),
        FacetCounter(columns, everything, (part, *spoken), parser.value_name, language, currency).facets(),
        spoken,
        bool((~np.isnan(columns.numbers("rating")[whole])).any()),
    )
