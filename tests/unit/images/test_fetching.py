"""Artifacts as jobs: each fetched once, and again where it turns out to be broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradlock import store
from gradlock.artifacts import artifacts
from gradlock.artifacts.artifacts import Pin
from gradlock.artifacts.fetcher import Fetcher
from gradlock.errors import ArtifactError
from gradlock.graph import Graph
from gradlock.images.fetching import Fetching
from gradlock.locks.pins import WheelPin

pytestmark = pytest.mark.usefixtures("own_store")

DATA = b"a wheel's bytes"
PIN = WheelPin("six", "1.0", store.digest(DATA))


class Index(Fetcher):
    """Has one artifact, and counts how often it is fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched = 0

    def have(self, pin: Pin) -> Path | None:
        """Return what the store has."""
        return artifacts.path_of(pin)

    def source(self, pin: Pin) -> object:  # type: ignore[override]
        """Need not say where it is."""
        return None

    def get(self, pin: Pin) -> Path:
        """Put it into the store, where it is not."""
        if path := artifacts.path_of(pin):
            return path
        self.fetched += 1
        file = store.folder("tmp") / "six.whl"
        file.write_bytes(DATA)
        return artifacts.keep(file, pin, "six.whl")


def test_an_artifact_is_fetched_once_whoever_needs_it() -> None:
    with Graph({"find": 2, "fetch": 2}) as graph, Index() as index:
        fetching = Fetching(graph, index)
        jobs = fetching.jobs([PIN, PIN])
        graph.wait()
    assert index.fetched == 1
    assert jobs[0] is jobs[1]
    assert jobs[0].result.read_bytes() == DATA
    assert fetching.sizes == {PIN.sha256: len(DATA)}


def read(path: Path) -> bytes:
    """Read a file that must be whole."""
    if path.read_bytes() != DATA:
        raise ArtifactError("broken")
    return DATA


def test_what_is_found_broken_is_fetched_anew_once() -> None:
    with Graph({"find": 1, "fetch": 1}) as graph, Index() as index:
        fetching = Fetching(graph, index)
        path = index.get(PIN)
        path.write_bytes(b"another")
        assert fetching.mended([PIN], read, path) == DATA
    assert index.fetched == 2


def test_what_is_whole_and_still_fails_is_not_fetched_again() -> None:
    def fail(_: Path) -> None:
        raise ArtifactError("no valid wheel")

    with Graph({"find": 1, "fetch": 1}) as graph, Index() as index:
        fetching = Fetching(graph, index)
        path = index.get(PIN)
        with pytest.raises(ArtifactError, match="no valid wheel"):
            fetching.mended([PIN], fail, path)
    assert index.fetched == 1
