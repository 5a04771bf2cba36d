"""A value that several threads need, and one of them makes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Once(Generic[Value]):
    """Makes a value when it is first asked for; what failed once fails every time."""

    def __init__(self, make: Callable[[], Value]) -> None:
        self._make = make
        self._made: Future[Value] = Future()
        self._first = threading.Lock()

    @property
    def made(self) -> bool:
        """Whether there is a value already."""
        return self._made.done()

    def get(self) -> Value:
        """Return the value; wait for it where another thread is making it.

        Raises:
            Exception: whatever making it has raised.

        """
        if self._first.acquire(blocking=False):  # and never released: it is made once
            try:
                self._made.set_result(self._make())
            except BaseException as error:
                self._made.set_exception(error)
        return self._made.result()
