"""The behaviour in force: which version it is, and its lists as they are served."""

from __future__ import annotations

import hashlib

from django.db import transaction

from fusion.behaviour.lists import NeighbourLists
from recommender.models import BehaviourVersion, IndexState

KEPT = 3


def load(version: int) -> tuple[NeighbourLists, dict[str, float]]:
    """The lists of a version and the weights that were chosen with them.

    Raises:
        BehaviourVersion.DoesNotExist: it was deleted meanwhile.
        ValueError: its bytes are not those that were stored.
    """
    row = BehaviourVersion.objects.get(pk=version)
    data = bytes(row.data)
    if hashlib.sha256(data).hexdigest() != row.sha256:
        raise ValueError(f"Behaviour version {version} is damaged (its sha256 differs): run manage.py learn_behaviour.")
    return NeighbourLists.from_bytes(data), {name: float(weight) for name, weight in row.weights.items()}


def current() -> int:
    """The version in force, 0 for none."""
    return IndexState.objects.filter(pk=1).values_list("behaviour", flat=True).first() or 0


def simulated_in_force() -> bool:
    """Whether the version in force was learnt from simulated shoppers, too. One query."""
    in_force = IndexState.objects.filter(pk=1).values("behaviour")[:1]
    return BehaviourVersion.objects.filter(pk__in=in_force, simulated=True).exists()


@transaction.atomic
def put_in_force(version: int, *, forget_others: bool = False) -> None:
    """Every process serves this version (0: none) from its next answer on. Of the others the newest stay for a way back.

    Args:
        forget_others: delete them all: somebody who is in them was erased.
    """
    IndexState.objects.get_or_create(pk=1)
    IndexState.objects.filter(pk=1).update(behaviour=version)
    others = BehaviourVersion.objects.exclude(pk=version)
    kept = [] if forget_others else list(others.order_by("-pk").values_list("pk", flat=True)[: KEPT - 1])
    others.exclude(pk__in=kept).delete()
