"""How the settings want a parser and a pipeline to be."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.module_loading import import_string

from fusion.collection import ItemCollection
from fusion.exchange import Exchange
from fusion.instructions.base import InstructionParser
from fusion.instructions.lexicon import role_of
from fusion.instructions.tagger import RequestTagger
from fusion.pipeline import PipelineOptions
from fusion.weights import with_overrides
from recommender.conf import get_settings
from recommender.encoders import Block

DEFAULT_COLOR_FIELD = "color"


def build_collection(blocks: Iterable[Block]) -> ItemCollection:
    """An empty collection for vectors of these blocks, over the index that the settings name."""
    conf = get_settings()
    index = import_string(conf.INDEX["BACKEND"])({b.name: b.spec.dim for b in blocks}, **conf.INDEX.get("OPTIONS", {}))
    return ItemCollection(index, Exchange(conf.EXCHANGE_RATES))


def build_parser(tagger: RequestTagger | None) -> InstructionParser:
    """The parser that the settings name; it knows no catalogue yet."""
    conf = get_settings()
    options = {"exchange_rates": conf.EXCHANGE_RATES, **conf.PARSER.get("OPTIONS", {})}
    backend = import_string(conf.PARSER["BACKEND"])
    if tagger is not None and "tagger" in inspect.signature(backend).parameters:
        options["tagger"] = tagger
    parser: InstructionParser = backend(**options)
    return parser


def build_options() -> PipelineOptions:
    """How the settings want a pipeline to behave."""
    conf = get_settings()
    return PipelineOptions(
        weights=with_overrides(conf.WEIGHTS),
        floor=conf.SIMILARITY_FLOOR,
        diversity=conf.DIVERSITY,
        hide_out_of_stock=conf.HIDE_OUT_OF_STOCK,
        never_relaxed=tuple(conf.NEVER_RELAX),
    )


def color_field(facts: Iterable[Mapping[str, Any]]) -> str:
    """What this catalogue calls the attribute that holds colours; "" when the items have none."""
    names = Counter(name for given in facts for name in given.get("attributes", {}) if role_of(name) == "color")
    return names.most_common(1)[0][0] if names else ""
