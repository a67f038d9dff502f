"""An optional reader: a language model behind any OpenAI-compatible endpoint, on top of the local reader. Off by default.

The shopper's words leave the house for that endpoint. What comes back is data: fields and values of the catalogue, or nothing.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import Any

from fusion.instructions.base import InstructionParser
from fusion.instructions.catalogue_names import CatalogueNames
from fusion.instructions.llm_answer import Answer, Merger, answer_schema, messages_for, problem_with
from fusion.instructions.llm_endpoint import ChatEndpoint, EndpointFailed
from fusion.instructions.normalise import MAX_CHARACTERS
from fusion.instructions.parser import LexiconParser
from fusion.instructions.tagger import RequestTagger
from fusion.instructions.teaching import Teaching, request_key
from fusion.types import Instruction, Vocabulary

logger = logging.getLogger(__name__)

READER = "reader"  # what ``degraded`` says where the model gave no answer


@dataclass(frozen=True, slots=True)
class _Fitted:
    """What depends on the catalogue, replaced as a whole."""

    names: CatalogueNames
    fields: tuple[str, ...]
    schema: Mapping[str, Any]


class LLMParser(InstructionParser):
    """Reads a request locally first, then asks the model, and believes of its answer what catalogue and request bear out.

    A request that the model does not answer in time is the local reading, with "reader" among ``degraded``. What people
    corrected is read as corrected, and the model is not asked.

    Args:
        base_url, model: of the endpoint, e.g. "https://host/v1" and the model's name there.
        api_key_env: name of the environment variable that holds the key; "" sends none. The key is never logged.
        seconds: how long a shopper waits for the model at most.
        cache_size: answers that are kept for requests asked again, until the catalogue changes.
        failures_to_open, seconds_open: after so many failures in a row the model is left alone for so long.
        max_bytes: of an answer.
        exchange_rates, tagger: of the local reader.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        api_key_env: str = "",
        *,
        seconds: float = 1.5,
        cache_size: int = 1024,
        failures_to_open: int = 5,
        seconds_open: float = 30.0,
        max_bytes: int = 65_536,
        exchange_rates: Mapping[str, float | Decimal] | None = None,
        tagger: RequestTagger | None = None,
    ) -> None:
        self._local = LexiconParser(exchange_rates=exchange_rates, tagger=tagger)
        self._endpoint = ChatEndpoint(
            base_url, model, api_key_env, seconds=seconds, max_bytes=max_bytes,
            failures_to_open=failures_to_open, seconds_open=seconds_open,
        )  # fmt: skip
        self._cache_size = cache_size
        self._lock = threading.Lock()
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._corrected: frozenset[str] = frozenset()
        self._fitted = _read(Vocabulary())

    def fit(self, vocabulary: Vocabulary) -> None:
        self._local.fit(vocabulary)
        with self._lock:
            self._fitted = _read(vocabulary)
            self._answers = OrderedDict()

    def teach(self, teaching: Teaching) -> None:
        self._local.teach(teaching)
        self._corrected = frozenset(request_key(correction.text) for correction in teaching.corrections)

    def value_name(self, field: str, value: str, language: str) -> str:
        return self._local.value_name(field, value, language)

    def parse(self, text: str, *, language: str = "", currency: str = "") -> Instruction:
        read = self._local.parse(text, language=language, currency=currency)
        key = request_key(text)
        if not key or key in self._corrected:
            return read
        fitted = self._fitted
        try:
            answer = self._answer(text[:MAX_CHARACTERS], fitted)
        except EndpointFailed as error:
            logger.warning("event=reader_failed error=%r", str(error))
            return replace(read, degraded=(*read.degraded, READER))
        return Merger(read, fitted.names, currency).merged(answer, language, self.value_name)

    def _answer(self, text: str, fitted: _Fitted) -> Answer:
        """Raises: EndpointFailed."""
        answers = self._answers
        with self._lock:
            if text in answers:
                answers.move_to_end(text)
                return answers[text]
        messages = messages_for(_sendable(text), fitted.names)
        answer: Answer = self._endpoint.ask(messages, "request", fitted.schema, partial(problem_with, fields=fitted.fields))
        with self._lock:
            answers[text] = answer
            while len(answers) > self._cache_size:
                answers.popitem(last=False)
        return answer


def _read(vocabulary: Vocabulary) -> _Fitted:
    names = CatalogueNames(vocabulary)
    return _Fitted(names, names.fields, answer_schema(names.fields))


def _sendable(text: str) -> str:
    """The text without lone surrogates, which no JSON in UTF-8 can hold."""
    return text.encode("utf-8", "ignore").decode()
