"""People's hand on learning as everything else reads it: frozen or not, how much may be explored, what is never used."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

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


def refuse_when_frozen() -> None:
    """Every task and command that trains, explores or promotes calls this first.

    Raises:
        LearningFrozen: somebody froze learning; the message says who, since when, and how it goes on.
    """
    row = LearningControl.objects.filter(pk=1, frozen=True).first()
    if row is not None:
        said = _(
            "Learning is frozen since %(at)s (by %(by)s): nothing is trained, promoted or explored. "
            "Unfreeze it in the admin or with manage.py models unfreeze."
        )
        raise LearningFrozen(said % {"at": f"{row.changed_at:%Y-%m-%d %H:%M} UTC", "by": row.changed_by or "?"})
