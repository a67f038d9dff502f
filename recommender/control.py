"""People's hand on learning as everything else reads it: frozen or not, how much may be explored, what is never used."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from fusion.exclusion import Exclusion
from recommender.conf import get_settings
from recommender.exceptions import LearningFrozen
from recommender.models import LearningControl
from recommender.versions import DEFAULT_EXPLORATION_CAP


@dataclass(frozen=True, slots=True)
class Control:
    """What people allow.

    Attributes:
        frozen: nothing is trained, promoted or explored.
        exploration_cap: at most this share of requests may be weighed otherwise than the best known way; 0 to 1.
        excluded: attributes that the admin took out of use, beside those of the settings.
    """

    frozen: bool = False
    exploration_cap: float = DEFAULT_EXPLORATION_CAP
    excluded: tuple[str, ...] = ()

    @property
    def exploration(self) -> float:
        """The cap in force: 0 while frozen."""
        return 0.0 if self.frozen else self.exploration_cap


def current_control() -> Control:
    """One query."""
    row = LearningControl.objects.filter(pk=1).values_list("frozen", "exploration_cap", "excluded_attributes").first()
    return Control(row[0], row[1], tuple(row[2])) if row else Control()


def exclusion_of(control: Control) -> Exclusion:
    """The attributes that are never used: those of the settings and those of the admin."""
    return Exclusion.of([*get_settings().EXCLUDE_ATTRIBUTES, *control.excluded])


def current_exclusion() -> Exclusion:
    """What is excluded now, for a worker or a command that reads items. One query."""
    return exclusion_of(current_control())


def why_frozen() -> str:
    """Who froze learning, since when, and how it goes on; "" while it is not frozen. One query."""
    row = LearningControl.objects.filter(pk=1, frozen=True).first()
    if row is None:
        return ""
    said = _(
        "Learning is frozen since %(at)s (by %(by)s): nothing is trained, promoted or explored. "
        "Unfreeze it in the admin or with manage.py models unfreeze."
    )
    return said % {"at": f"{row.changed_at:%Y-%m-%d %H:%M} UTC", "by": row.changed_by or "?"}


def refuse_when_frozen() -> None:
    """Every task and command that trains, explores or promotes calls this first.

    Raises:
        LearningFrozen: somebody froze learning; the message says who, since when, and how it goes on.
    """
    if frozen := why_frozen():
        raise LearningFrozen(frozen)
