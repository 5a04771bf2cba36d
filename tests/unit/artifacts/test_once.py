"""A value that several threads need is made once, and a failure is everybody's."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from gradlock.artifacts.once import Once


def test_threads_that_ask_at_once_get_the_one_value() -> None:
    made: list[object] = []
    all_there = threading.Barrier(8)

    def make() -> object:
        made.append(object())
        return made[-1]

    once = Once(make)
    assert not once.made

    def ask(_: int) -> object:
        all_there.wait(5)
        return once.get()

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(ask, range(8)))
    assert found == set(made)
    assert len(made) == 1
    assert once.made


def test_what_failed_once_fails_every_time() -> None:
    tries: list[int] = []

    def fail() -> None:
        tries.append(1)
        raise ValueError("no value")

    once = Once(fail)
    for _ in range(3):
        with pytest.raises(ValueError, match="no value"):
            once.get()
    assert len(tries) == 1
