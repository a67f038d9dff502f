"""The shop's answers: all of them for the help page, and the one that a request asks for."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Count, Max
from django.urls import reverse

from shop import recommendations
from shop.faq.models import Answer, Question

logger = logging.getLogger(__name__)

_lock = threading.Lock()
_vectors: dict[tuple[str, str], Any] = {}
_prepared: tuple[tuple[object, ...], recommendations.PhraseMatcher] | None = None
_MIN_TYPED = {True: 6, False: 2}  # letters of the alphabet, or Chinese characters, before answers are suggested


@dataclass(frozen=True, slots=True)
class ServiceAnswer:
    """An answer of the shop.

    Attributes:
        url: its place on the help page; page_url: where the shopper can do it, "" for nowhere.
        clear: the request asks this and nothing else.
    """

    slug: str
    title: str
    text: str
    language: str
    url: str
    page_url: str = ""
    page_name: str = ""
    clear: bool = False


@dataclass(frozen=True, slots=True)
class BegunQuestion:
    """A question that goes on from what was typed, and which part of it that is."""

    answer: ServiceAnswer
    text: str
    ranges: tuple[tuple[int, int], ...]


def all_answers(language: str) -> list[ServiceAnswer]:
    """Every shown question, in the language of the page where it has an answer in it. Two queries."""
    questions = Question.objects.filter(is_active=True).prefetch_related("answers")
    return [answer for question in questions if (answer := _in_language(question, language))]


def answer_to(text: str, language: str) -> ServiceAnswer | None:
    """The shop's answer to a request in words, None when it asks for products. Never raises."""
    try:
        matcher = _matcher()
        match = matcher.match(text) if matcher else None
        return _answer(match.key, language, clear=match.certain) if match else None
    except DatabaseError as error:
        logger.warning("event=faq_failed error=%r", error)
        return None


def begun_questions(typed: str, language: str, limit: int = 2) -> list[BegunQuestion]:
    """Questions that go on from what was typed. Never raises."""
    plain = typed.strip()
    if len(plain) < _MIN_TYPED[plain.isascii()]:
        return []
    try:
        matcher = _matcher()
        begun = [(found, _answer(found.key, language)) for found in matcher.begin(plain, limit)] if matcher else []
    except DatabaseError as error:
        logger.warning("event=faq_failed error=%r", error)
        return []
    return [BegunQuestion(answer, found.text, found.ranges) for found, answer in begun if answer]


def product_requests() -> tuple[str, ...]:
    """Requests for products, as a contrast to what is asked of the shop itself."""
    return _product_requests()


@lru_cache(maxsize=1)
def _product_requests() -> tuple[str, ...]:
    lines = Path(__file__).with_name("product_requests.txt").read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line)


def _matcher() -> recommendations.PhraseMatcher | None:
    """Of what is stored now: made anew after an edit, which encodes only the new words. One query."""
    global _prepared
    shown = Answer.objects.filter(question__is_active=True)
    state = shown.aggregate(n=Count("pk"), at=Max("updated_at"), question=Max("question__updated_at"))
    signature = tuple(state.values())
    if not state["n"]:
        return None
    with _lock:
        if _prepared is None or _prepared[0] != signature:
            phrases, exceptions = _texts(list(shown.select_related("question")))
            matcher = recommendations.phrase_matcher(phrases, (*exceptions, *product_requests()), _vectors)
            _prepared = (signature, matcher)
        return _prepared[1]


def _texts(answers: Sequence[Answer]) -> tuple[list[tuple[str, str]], list[str]]:
    """((slug, phrasing) of all, titles first; what sounds like one and is none)."""
    phrases = [(answer.question.slug, answer.title) for answer in answers]
    phrases += [(answer.question.slug, line) for answer in answers for line in _lines(answer.phrasings)]
    return phrases, [line for answer in answers for line in _lines(answer.exceptions)]


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _answer(slug: str, language: str, *, clear: bool = False) -> ServiceAnswer | None:
    question = Question.objects.filter(slug=slug, is_active=True).prefetch_related("answers").first()
    return _in_language(question, language, clear=clear) if question else None


def _in_language(question: Question, language: str, *, clear: bool = False) -> ServiceAnswer | None:
    answers = {answer.language: answer for answer in question.answers.all()}
    found = answers.get(language) or answers.get(settings.LANGUAGE_CODE) or next(iter(answers.values()), None)
    if found is None:
        return None
    return ServiceAnswer(
        slug=question.slug,
        title=found.title,
        text=found.text,
        language=found.language,
        url=question.get_absolute_url(),
        page_url=reverse(f"storefront:{question.page}") if question.page else "",
        page_name=str(question.get_page_display()) if question.page else "",
        clear=clear,
    )
