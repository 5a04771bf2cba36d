"""The jobs that bring an image's artifacts, each found and fetched once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from gradlock.artifacts import artifacts
from gradlock.artifacts.artifacts import Pin
from gradlock.artifacts.fetcher import Fetcher
from gradlock.errors import ArtifactError
from gradlock.graph import Graph, Job

T = TypeVar("T")


class Fetching:
    """Adds jobs that find artifacts, and jobs that fetch them."""

    def __init__(self, graph: Graph, fetcher: Fetcher) -> None:
        """Add them to `graph`; `fetcher` does the work."""
        self._graph = graph
        self._fetcher = fetcher
        #: The bytes of what was fetched, by sha256: a file found broken is gone for a moment.
        self.sizes: dict[str, int] = {}

    def job(self, pin: Pin) -> Job[Path]:
        """Find where an artifact is, unless the store has it, and fetch it."""

        def find() -> None:
            if not self._fetcher.have(pin):
                self._fetcher.source(pin)

        def fetch(_: None) -> Path:
            path = self._fetcher.get(pin)
            self.sizes[pin.sha256] = path.stat().st_size
            return path

        def make() -> Job[Path]:
            found = self._graph.add(f"find {pin.name}", "find", find)
            return self._graph.add(f"fetch {pin.name}", "fetch", fetch, found)

        return self._graph.once(f"artifact {pin.sha256}", make)

    def jobs(self, pins: Iterable[Pin]) -> list[Job[Path]]:
        """Find and fetch several artifacts."""
        return [self.job(pin) for pin in pins]

    def mended(self, pins: Sequence[Pin], work: Callable[..., T], *paths: Path) -> T:
        """Do work on artifacts; where their bytes turn out to be broken, on some fetched anew."""
        try:
            return work(*paths)
        except ArtifactError:
            broken = [artifacts.refuse(path) for path in paths]
            if not any(broken):
                raise
            return work(*map(self._fetcher.get, pins))
