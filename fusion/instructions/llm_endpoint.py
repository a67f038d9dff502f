"""One chat completion of an OpenAI-compatible endpoint: within a time budget, bounded in size, behind a breaker."""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any, NoReturn

import httpx
import pybreaker

from fusion.exceptions import FusionError

_THREADS = 8  # requests that wait for the endpoint at one time in one process; more go without it


class EndpointFailed(FusionError):
    """No usable answer: what happened, without the request, the key or the answer in it."""


class ChatEndpoint:
    """Asks for JSON that fits a schema. Safe to call from many threads.

    Args:
        base_url: up to and including the version, e.g. "https://host/v1"; "/chat/completions" is added.
        api_key_env: the environment variable that holds the key, read at each call; "" sends none.
        seconds: how long a caller waits at most, connecting and reading included.
        max_bytes: of an answer; a longer one is given up.
        failures_to_open, seconds_open: after so many failures in a row nobody asks for so long; then one request tries.
    """

    def __init__(
        self, base_url: str, model: str, api_key_env: str = "", *, seconds: float = 1.5, max_bytes: int = 65_536,
        failures_to_open: int = 5, seconds_open: float = 30.0,
    ) -> None:  # fmt: skip
        self.url = f"{base_url.rstrip('/')}/chat/completions"
        self.model = model
        self._key_name = api_key_env
        self._seconds = seconds
        self._max_bytes = max_bytes
        self._breaker = pybreaker.CircuitBreaker(fail_max=failures_to_open, reset_timeout=seconds_open)
        self._trial = threading.Lock()

    def ask(
        self, messages: Sequence[Mapping[str, str]], name: str, schema: Mapping[str, Any], problem_with: Callable[[Any], str]
    ) -> Any:
        """The JSON value that the model answered.

        Args:
            problem_with: what is wrong with an answer, without its content; "" where nothing is. A wrong answer is a failure.
        Raises: EndpointFailed: no answer in time, a refusal, a broken or wrong answer, or the breaker is open.
        """
        shape = {"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": schema}}
        body = {"model": self.model, "temperature": 0, "max_tokens": 800, "messages": list(messages), "response_format": shape}
        # The breaker holds its lock while it calls, so only the one trial of an open one runs inside it.
        if self._breaker.current_state == pybreaker.STATE_CLOSED:
            try:
                answer = self._within_budget(body, problem_with)
            except EndpointFailed as error:
                with contextlib.suppress(pybreaker.CircuitBreakerError, EndpointFailed):
                    self._breaker.call(_raise, error)
                raise
            with contextlib.suppress(
                pybreaker.CircuitBreakerError
            ):  # others failed meanwhile; this answer is good all the same
                self._breaker.call(lambda: None)
            return answer
        if not self._trial.acquire(blocking=False):
            raise EndpointFailed("left alone after failures")
        try:
            return self._breaker.call(self._within_budget, body, problem_with)
        except pybreaker.CircuitBreakerError as error:
            raise EndpointFailed("left alone after failures") from error
        finally:
            self._trial.release()

    def _within_budget(self, body: Mapping[str, Any], problem_with: Callable[[Any], str]) -> Any:
        deadline = time.monotonic() + self._seconds
        future = self._pool.submit(self._post, body, deadline)
        try:
            answer = future.result(timeout=self._seconds)
        except TimeoutError as error:
            future.cancel()
            raise EndpointFailed(f"no answer within {self._seconds:g} s") from error
        if problem := problem_with(answer):
            raise EndpointFailed(f"an answer that breaks the schema ({problem})")
        return answer

    def _post(self, body: Mapping[str, Any], deadline: float) -> Any:
        headers = {"Authorization": f"Bearer {self._key()}"} if self._key_name else {}
        try:
            with self._client.stream("POST", self.url, json=body, headers=headers) as response:
                if response.status_code != 200:
                    raise EndpointFailed(f"status {response.status_code}")
                data = bytearray()
                for chunk in response.iter_bytes(4096):
                    data += chunk
                    if len(data) > self._max_bytes:
                        raise EndpointFailed(f"an answer of more than {self._max_bytes} bytes")
                    if time.monotonic() > deadline:
                        raise EndpointFailed(f"no whole answer within {self._seconds:g} s")
            return json.loads(json.loads(bytes(data))["choices"][0]["message"]["content"])
        except httpx.TimeoutException as error:
            raise EndpointFailed(f"no answer within {self._seconds:g} s") from error
        except httpx.HTTPError as error:
            raise EndpointFailed(f"not reached ({type(error).__name__})") from error
        except (ValueError, KeyError, IndexError, TypeError, RecursionError) as error:
            raise EndpointFailed(f"an answer that is no JSON of a chat completion ({type(error).__name__})") from error

    def _key(self) -> str:
        key = os.environ.get(self._key_name, "")
        if not key or not key.isprintable() or not key.isascii():
            raise EndpointFailed(f"no key in the environment variable {self._key_name}")
        return key

    @cached_property
    def _client(self) -> httpx.Client:
        """Made on first use, so that every process has its own."""
        return httpx.Client(timeout=self._seconds, headers={"Accept-Encoding": "identity"}, follow_redirects=False)

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(_THREADS, thread_name_prefix="attune-reader")


def _raise(error: Exception) -> NoReturn:
    raise error
