"""The learners by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from fusion.policy.actor_critic import ActorCritic, ActorOptions
from fusion.policy.learner import Learner
from fusion.policy.linear import LinearOptions, LinUcb, Thompson

KINDS = (Thompson.kind, LinUcb.kind, ActorCritic.kind)
# The better one by measurement (docs/learning.md, "The policy").
DEFAULT_LEARNER = Thompson.kind


def create(kind: str, n_arms: int, dim: int, settings: Mapping[str, Any] | None = None) -> Learner:
    """A learner that has learnt nothing.

    Args:
        settings: single options over the defaults, as ``Learner.settings`` gives them.
    Raises:
        ValueError: there is no such learner or option; the message lists those that there are.
    """
    given = dict(settings or {})
    if kind == ActorCritic.kind:
        critic = _options(LinearOptions, given.pop("critic", {}))
        return ActorCritic(n_arms, dim, ActorOptions(critic=critic, **_checked(ActorOptions, given)))
    linear = {Thompson.kind: Thompson, LinUcb.kind: LinUcb}
    if kind not in linear:
        raise ValueError(f"There is no learner {kind!r}; known are {', '.join(KINDS)}.")
    return linear[kind](n_arms, dim, _options(LinearOptions, given))


def _options(options: type[LinearOptions], given: Mapping[str, Any]) -> LinearOptions:
    return options(**_checked(options, given))


def _checked(options: type, given: Mapping[str, Any]) -> dict[str, float]:
    known = {field.name for field in fields(options)}
    if unknown := sorted(set(given) - known):
        raise ValueError(f"There is no option {', '.join(unknown)}; known are {', '.join(sorted(known))}.")
    return {name: float(value) for name, value in given.items()}
