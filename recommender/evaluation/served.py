"""The serving pipeline over a catalogue of its own: from a file, or a private copy of this shop's index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fusion.behaviour.learning import LearnOptions, learn_lists
from fusion.collection import ItemCollection, ItemRecord
from fusion.evaluation.arms import Learner, Past, popularity_learner
from fusion.evaluation.histories import Training
from fusion.evaluation.results import Catalogue
from fusion.instructions.lexicon import role_of
from fusion.pipeline import RecommendationPipeline
from fusion.types import Item, Matrix
from fusion.weights import with_overrides
from recommender.conf import get_settings
from recommender.encoders import usable_blocks
from recommender.engine import Engine
from recommender.evaluation.vectors import embed
from recommender.facts import from_facts, to_facts
from recommender.services.behaviour_mixture import choose_weights
from recommender.services.choices import choices_of
from recommender.tagging import build_tagger
from recommender.wiring import DEFAULT_COLOR_FIELD, build_collection, build_options, build_parser


@dataclass(frozen=True)
class Served:
    """A pipeline that answers offline, with what the report says about it.

    Attributes:
        past: teaches the collection what was known at a fold's moment.
        problems: (item id, why it lacks a vector).
        unavailable: block -> why no item has it.
    """

    pipeline: RecommendationPipeline
    items: tuple[Item, ...]
    past: Past
    catalogue: Catalogue
    encoder_ids: dict[str, str]
    problems: tuple[tuple[str, str], ...] = ()
    unavailable: tuple[tuple[str, str], ...] = ()


def serve_file(items: Sequence[Item], on_progress: Callable[[int, int], None] | None = None) -> Served:
    """Embed the items and serve them as the shop would."""
    blocks, unavailable = usable_blocks()
    vectors, problems = embed(items, blocks, on_progress)
    collection = build_collection(blocks)
    color_field = _color_field(items)
    known = [from_facts(item.item_id, to_facts(item), {}, color_field) for item in items]
    collection.update([ItemRecord(item, vectors[item.item_id]) for item in known])
    collection.rebuild_lexical()
    parser = build_parser(build_tagger())
    parser.fit(collection.columns.vocabulary())
    photoless = [item.item_id for item in items if not item.photos]
    encoders = tuple(dict.fromkeys(block.encoder for block in blocks))
    pipeline = RecommendationPipeline(collection, encoders, parser, _fetch_from(collection), build_options())
    ids = {block.name: block.encoder_id for block in blocks}
    return _served(pipeline, known, photoless, ids, problems, unavailable)


def serve_shop() -> Served:
    """A private copy of what this shop serves now; nothing that it learns here reaches a shopper."""
    from recommender.models import IndexedItem

    engine = Engine()
    engine.refresh()
    items = [item for item_id in sorted(engine.collection.ids()) if (item := engine.collection.item(item_id))]
    photoless = IndexedItem.objects.filter(removed=False, n_photos=0).values_list("item_id", flat=True)
    pipeline = RecommendationPipeline(
        engine.collection,
        engine.encoders,
        engine.parser,
        _fetch_from(engine.collection),
        # what was in stock then is not known: what is sold out now may be what was bought
        replace(engine.pipeline.options, hide_out_of_stock=False),
    )
    return _served(pipeline, items, list(photoless), engine.encoder_ids, [], engine.unavailable)


def _served(
    pipeline: RecommendationPipeline,
    items: Sequence[Item],
    photoless: Sequence[str],
    encoder_ids: dict[str, str],
    problems: Sequence[tuple[str, str]],
    unavailable: dict[str, str],
) -> Served:
    return Served(
        pipeline,
        tuple(items),
        Past([popularity_learner(pipeline), behaviour_learner(pipeline)]),
        Catalogue(items, photoless, _vectors_of(pipeline.collection)),
        encoder_ids,
        tuple(problems),
        tuple(unavailable.items()),
    )


def behaviour_learner(pipeline: RecommendationPipeline) -> Learner:
    """What ``learn_behaviour`` would have put in force at the fold's moment: lists and weights, without storing them."""
    conf = get_settings()
    options = LearnOptions(conf.BEHAVIOUR_MIN_SHOPPERS, conf.BEHAVIOUR_NEIGHBOURS, conf.BEHAVIOUR_EASE_ITEMS)

    def learn(training: Training) -> None:
        choices = choices_of(_first_times(training), sorted(pipeline.collection.ids()))
        counts = choices.counts()
        found = learn_lists(choices.item_ids, counts, choices.counts(choices.bought), options) if counts.nnz else None
        weights: Mapping[str, float] = {}
        if found is not None:
            weights = choose_weights(choices, pipeline.collection, with_overrides(conf.WEIGHTS), options).weights
        pipeline.reweigh(with_overrides({**weights, **conf.WEIGHTS}))
        pipeline.collection.set_neighbours(found.lists if found else None)

    return learn


def _first_times(training: Training) -> Iterator[dict[str, dict[str, float]]]:
    """Of each shopper: item id -> kind -> POSIX seconds of the first time."""
    for acts in training.acts.values():
        done: dict[str, dict[str, float]] = {}
        for act in acts:
            done.setdefault(act.item_id, {}).setdefault(act.kind, act.at.timestamp())
        yield done


def _color_field(items: Sequence[Item]) -> str:
    names = Counter(name for item in items for name in item.attributes if role_of(name) == "color")
    return names.most_common(1)[0][0] if names else DEFAULT_COLOR_FIELD


def _fetch_from(collection: ItemCollection) -> Callable[[Sequence[str]], dict[str, Item]]:
    """The items as they were indexed: a replay asks no host."""
    return lambda ids: {i: item for i in ids if (item := collection.item(i)) is not None}


def _vectors_of(collection: ItemCollection) -> Callable[[Sequence[str]], Matrix]:
    """For diversity: the text vectors; where there is no text block, those of the first block."""
    block = "text" if "text" in collection.index.dims else next(iter(collection.index.dims), "")

    def vectors(ids: Sequence[str]) -> Matrix:
        if not block or not ids:
            return np.zeros((0, 0), np.float32)
        found, present = collection.index.vectors(block, collection.rows_of(ids))
        return found[present]

    return vectors


def versions_of(served: Served) -> dict[str, Any]:
    """What decided the numbers, as the report keeps it."""
    import platform

    import fusion

    weights = served.pipeline.options.weights
    return {
        "attune": getattr(fusion, "__version__", ""),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "encoders": dict(served.encoder_ids),
        "weights": {f"{source}/{block}": weight for (source, block), weight in sorted(weights.items())},
    }
