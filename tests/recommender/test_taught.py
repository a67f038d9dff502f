"""What people teach, as rows."""

from __future__ import annotations

import pytest

from fusion.instructions.teaching import TaggedRequest, tagged
from recommender.models import Correction
from recommender.selectors import instruction_corrections

pytestmark = pytest.mark.django_db


def test_words_marked_in_a_correction_become_spans_of_its_text() -> None:
    Correction.objects.create(text="Comfy shoes, no laces please", wanted=["comfy shoes"], unwanted=["laces"])
    Correction.objects.create(text="nothing is marked here")
    Correction.objects.create(text="switched off", wanted=["off"], active=False)
    assert instruction_corrections() == [TaggedRequest("Comfy shoes, no laces please", ((0, 11, "WANT"), (16, 21, "AVOID")))]


def test_spans_do_not_overlap_and_words_that_do_not_occur_are_left_out() -> None:
    found = tagged("red or dark red shoes", ["dark red", "red", "boots"], ["shoes", "red shoes"])
    assert found.spans == ((0, 3, "WANT"), (7, 15, "WANT"), (16, 21, "AVOID"))
