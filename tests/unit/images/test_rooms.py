"""Rooms as jobs: opened once, and closed before the jobs that need them are waited for."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from gradlock.artifacts.fetcher import Fetcher
from gradlock.errors import CommandError, InputError
from gradlock.graph import Graph, ready
from gradlock.images.fetching import Fetching
from gradlock.images.rooms import Rooms
from gradlock.inputs.platforms import DEFAULT, PLATFORMS

HERE = PLATFORMS[DEFAULT]

pytestmark = pytest.mark.usefixtures("own_store")


class Watched:
    """A room that tells when it was opened and closed."""

    def __init__(self) -> None:
        self.opened = 0
        self.closed = threading.Event()
        self.go = threading.Event()
        self.go.set()

    def processor(self) -> str:
        """Say that it is of the roots' kind."""
        return HERE.machine

    @contextmanager
    def open(self, root: Path) -> Iterator[Watched]:
        """Open it, when it may be."""
        self.go.wait(10)
        self.opened += 1
        yield self
        self.closed.set()


def test_a_room_is_opened_once_and_closed_at_the_end(tmp_path: Path) -> None:
    watched, root = Watched(), ready("root", tmp_path)
    with (
        Graph({"room": 2}) as graph,
        Fetcher() as fetcher,
        Rooms(graph, Fetching(graph, fetcher), watched, tmp_path, 1) as rooms,  # type: ignore[arg-type]
    ):
        first, second = rooms.opened(root, HERE), rooms.opened(root, HERE)
        graph.wait()
        assert not watched.closed.is_set()
    assert first is second
    assert watched.opened == 1
    assert watched.closed.is_set()


def test_a_root_for_another_processor_must_run_before_anything_counts_on_it(
    tmp_path: Path,
) -> None:
    class Bare(Watched):
        """A room on a machine without an emulator."""

        @contextmanager
        def start(self, argv: Sequence[str], *_: object) -> Iterator[None]:
            """Start nothing."""
            yield
            raise CommandError(f"running {argv[0]}", mend="exec /usr/bin/env: exec format error")

    arm, bare = PLATFORMS["linux/arm64"], Bare()
    with (
        Graph({"room": 2}) as graph,
        Fetcher() as fetcher,
        Rooms(graph, Fetching(graph, fetcher), bare, tmp_path, 1) as rooms,  # type: ignore[arg-type]
    ):
        rooms.opened(ready("root", tmp_path), arm)
        with pytest.raises(InputError, match="programs for linux/arm64 do not run here"):
            graph.wait()
    assert bare.closed.is_set()


def test_rooms_close_while_other_jobs_go_on(tmp_path: Path) -> None:
    watched, root = Watched(), ready("root", tmp_path)
    with (
        Graph({"room": 2, "compile": 1, "send": 1}) as graph,
        Fetcher() as fetcher,
        Rooms(graph, Fetching(graph, fetcher), watched, tmp_path, 1) as rooms,  # type: ignore[arg-type]
    ):
        room = rooms.opened(root, HERE)
        used = graph.add("use it", "compile", lambda _: not watched.closed.is_set(), room)
        sending = graph.add("send", "send", lambda: watched.closed.wait(10))
        assert rooms.closed()
        graph.wait()
    assert used.result
    assert sending.result


def test_an_error_meanwhile_closes_no_room_below_another(tmp_path: Path) -> None:
    """What another thread ends in a room keeps the room: an engine refuses to remove it."""
    told: list[str] = []
    ending, go = threading.Event(), threading.Event()

    class Nested:
        """A room whose second opening takes its time to close."""

        def processor(self) -> str:
            """Say that it is of the roots' kind."""
            return HERE.machine

        @contextmanager
        def open(self, root: Path) -> Iterator[None]:
            yield
            if root.name == "inner":
                ending.set()
                go.wait(10)
            told.append(root.name)

    with Graph({"room": 1}) as graph, Fetcher() as fetcher:
        rooms = Rooms(graph, Fetching(graph, fetcher), Nested(), tmp_path, 1)  # type: ignore[arg-type]
        for name in ("outer", "inner"):
            rooms.opened(ready(name, tmp_path / name), HERE)
        rooms.closed()
        assert ending.wait(10)
        threading.Timer(0.3, go.set).start()
        rooms.__exit__(OSError)
        assert told == ["inner", "outer"]


def test_without_rooms_nothing_is_closed(tmp_path: Path) -> None:
    with Graph({"room": 1}) as graph, Fetcher() as fetcher:
        rooms = Rooms(graph, Fetching(graph, fetcher), Watched(), tmp_path, 1)  # type: ignore[arg-type]
        assert rooms.closed() is None


def test_a_room_that_opens_after_the_build_ended_is_closed_too(tmp_path: Path) -> None:
    watched, root = Watched(), ready("root", tmp_path)
    watched.go.clear()
    graph, fetcher = Graph({"room": 1}), Fetcher()
    rooms = Rooms(graph, Fetching(graph, fetcher), watched, tmp_path, 1)  # type: ignore[arg-type]
    rooms.opened(root, HERE)
    with graph, fetcher:
        rooms.__exit__(KeyboardInterrupt)
        assert graph.stopping.is_set()
        watched.go.set()
    assert watched.closed.is_set()
