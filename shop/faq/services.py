"""Writes about questions and answers."""

from __future__ import annotations

import json
from pathlib import Path

from django.db import transaction

from shop.faq.models import Answer, Question

_CONTENT = Path(__file__).with_name("content.json")
_LANGUAGES = {"en": "en", "zh": "zh-hans"}


@transaction.atomic
def seed_demo_answers() -> int:
    """Store the demo shop's questions that are not there; what somebody edited stays. How many were new."""
    known = set(Question.objects.values_list("slug", flat=True))
    rows = [row for row in json.loads(_CONTENT.read_text(encoding="utf-8")) if row["slug"] not in known]
    for position, row in enumerate(rows, start=len(known)):
        question = Question.objects.create(slug=row["slug"], page=row["page"], position=position)
        Answer.objects.bulk_create(
            Answer(
                question=question,
                language=language,
                title=row[code]["question"],
                text=row[code]["answer"],
                phrasings="\n".join(row[code]["phrasings"]),
                exceptions="\n".join(row[code]["exceptions"]),
            )
            for code, language in _LANGUAGES.items()
        )
    return len(rows)
