"""Which rows may be shown when musts are few or nothing meets them all: a request stays with the thing that was asked for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from fusion.chips import labelled
from fusion.index.base import Mask
from fusion.messages import say
from fusion.musts import as_applied
from fusion.relaxation import Relaxer
from fusion.run import Run
from fusion.topic import TopicFinder
from fusion.types import Relaxation
from fusion.wording import Wording


def fitting(run: Run, mask: Mask, allowed: Mask, topics: TopicFinder, never: Collection[str]) -> Mask:
    """The rows that meet all musts; where there are none of the kind asked for, those of the smallest relaxation.

    Args:
        mask: what meets all musts.
        allowed: what could be shown without any.
        never: fields that are never let go.
    """
    if mask.any() and not topics.misses(mask, allowed):
        return mask
    return _relaxed(run, mask, allowed, topics, never)


def _relaxed(run: Run, mask: Mask, allowed: Mask, topics: TopicFinder, never: Collection[str]) -> Mask:
    """Let go of the fewest and softest musts, stay with the thing asked for, and say so.

    Args:
        mask: what meets all musts: nothing, or nothing of the kind that was named. In the second case only what was said
            is let go, never what was set by hand.
    """
    firm = [c for c in run.musts if c.by_hand or c.field in ("in_stock", *never)]
    within = allowed & topics.collection.columns.mask(map(as_applied, firm))
    topic = topics.find(within)
    if not topic.known:  # not among what was set by hand, but perhaps in the shop
        topic = topics.find(allowed)
    if mask.any() and topic.rows is None:
        return mask
    on_topic = allowed if topic.rows is None else allowed & topic.rows
    relaxer = Relaxer(topics.collection.columns, on_topic, run.musts, never)
    thing = topic.thing if topic.known else ""
    columns = topics.collection.columns
    wording = Wording(run.language, topics.parser.value_name, columns, thing, run.query.currency)
    ways = relaxer.alternatives(wording.of_way, by_hand=not mask.any())
    if not ways:
        if mask.any():
            return mask
        run.state = "no_match"
        run.relaxation = Relaxation(message=say("no_match", run.language))
        return mask
    shown = relaxer.rows(ways[0])
    ways = tuple(replace(way, added=tuple(labelled(c, topics.parser, run.language) for c in way.added)) for way in ways)
    run.state = "too_tight" if topic.known else "no_match"
    message = wording.of_relaxation(run.musts, ways, topic)
    run.relaxation = Relaxation(ways[0].dropped, message, ways[0].n_results, ways[0].added, ways)
    run.musts = (*(c for c in run.musts if c not in ways[0].dropped), *ways[0].added)
    return shown
