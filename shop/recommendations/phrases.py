"""Phrases of the shop's own, matched with what shoppers write by the shop's text encoder."""

from __future__ import annotations

from collections.abc import Sequence

from fusion.types import Vector
from recommender.services.text_matching import TextMatcher as PhraseMatcher

__all__ = ["PhraseMatcher", "phrase_matcher"]


def phrase_matcher(
    phrases: Sequence[tuple[str, str]], contrast: Sequence[str], memory: dict[tuple[str, str], Vector]
) -> PhraseMatcher:
    """A matcher of (key, text) phrases against texts that mean none of them; ``memory`` keeps vectors between two of them."""
    return PhraseMatcher(phrases, contrast, memory=memory)
