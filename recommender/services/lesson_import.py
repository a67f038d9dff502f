"""Many synonyms at once, from pasted lines: all of them, or none and what is wrong with which line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from recommender.models import Synonym
from recommender.services import lessons
from recommender.taught import Language

MAX_LINES = 500
_TRUE = frozenset({"1", "yes", "y", "true", "two-way", "<->", "是", "双向"})
_FALSE = frozenset({"", "0", "no", "n", "false", "one-way", "->", "否", "单向"})


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that cannot be taken, counted from 1."""

    number: int
    reason: str


class _Refused(Exception):
    """Rolls the whole import back."""


def import_synonyms(text: str, taught_by: str = "") -> tuple[int, list[BadLine]]:
    """(how many were taught, lines that cannot be): words, meaning, two-way (yes or no), language (en, zh or any).

    Fields are separated by commas, or by tabs as spreadsheets copy them; the last two may be left out.
    """
    names = lessons.catalogue_names()  # once, and outside the transaction: nobody may learn what is rolled back
    bad: list[BadLine] = []
    taught = 0
    try:
        with transaction.atomic():
            for number, cells in _rows(text):
                try:
                    synonym = _synonym(cells)
                    synonym.means = lessons.checked_synonym(synonym, names)
                    synonym.taught_by = taught_by
                    synonym.full_clean(validate_unique=False, validate_constraints=False)
                    synonym.save()
                    taught += 1
                except ValidationError as error:
                    bad.append(BadLine(number, " ".join(error.messages)))
            if bad:
                raise _Refused
    except _Refused:
        return 0, bad
    return taught, []


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    delimiter = "\t" if "\t" in text else ","
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            yield number, [cell.strip() for cell in next(csv.reader(io.StringIO(line), delimiter=delimiter))]


def _synonym(cells: list[str]) -> Synonym:
    if not 2 <= len(cells) <= 4:
        raise ValidationError(
            _("%(n)d fields. Write: words, meaning, two-way (yes or no), language (en, zh or any).") % {"n": len(cells)}
        )
    words, means, two_way, language = [*cells, "", ""][:4]
    if two_way.casefold() not in _TRUE | _FALSE:
        raise ValidationError(_('"%(given)s" says neither yes nor no to two-way.') % {"given": two_way})
    language = language.casefold() or Language.ANY
    if language not in Language.values:
        raise ValidationError(_('"%(given)s" is no language here. Write en, zh or any.') % {"given": language})
    return Synonym(words=" ".join(words.split()), means=means, two_way=two_way.casefold() in _TRUE, language=language)
