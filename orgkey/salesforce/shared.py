"""Answers that several threads want at the same time: found out by the first who asks, handed to all."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any

from orgkey.salesforce.clock import Clock
from orgkey.salesforce.errors import DeadlineExceededError


class Shared:
    """Answers by key, kept until they are dropped. No lock is held while one is found out, and errors are not kept."""

    def __init__(self, clock: Clock, *, host: str) -> None:
        self._clock, self._host = clock, host
        self._lock = threading.Lock()
        self._answers: dict[Hashable, Future[Any]] = {}

    def get(self, key: Hashable, ask: Callable[[], Any]) -> Any:
        """The answer for `key`, by `ask` where nobody has it or is asking already.

        Whoever waits for another thread does so within its own time, and asks itself when the other's time was over first.
        """
        while True:
            with self._lock:
                future = self._answers.get(key)
                mine = future is None
                if future is None:
                    future = self._answers[key] = Future()
            if mine:
                return self._find_out(key, future, ask)
            try:
                return self._clock.result(future, host=self._host)
            except DeadlineExceededError:
                if self._clock.seconds_left() <= 0:
                    raise

    def drop(self, key: Hashable | None = None, *, answer: Any = None) -> None:
        """Forget everything; or what is known for `key`, only if it is `answer` where one is given."""
        with self._lock:
            if key is None:
                self._answers.clear()
            elif (future := self._answers.get(key)) is not None and (
                answer is None or (future.done() and future.exception() is None and future.result() is answer)
            ):
                del self._answers[key]

    def _find_out(self, key: Hashable, future: Future[Any], ask: Callable[[], Any]) -> Any:
        try:
            answer = ask()
        except BaseException as error:
            with self._lock:
                if self._answers.get(key) is future:
                    del self._answers[key]
            future.set_exception(error)
            raise
        future.set_result(answer)
        return answer
