"""Fetching: artifacts into the store, verified, by as many threads as want them."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType

from gradlock import progress, store
from gradlock.artifacts import artifacts, network
from gradlock.artifacts.artifacts import Pin
from gradlock.artifacts.download import Download
from gradlock.artifacts.index import Source
from gradlock.artifacts.once import Once
from gradlock.artifacts.sources import Sources
from gradlock.errors import ArtifactError, GradlockError, raise_all
from gradlock.locks.pins import CondaPin, WheelPin
from gradlock.locks.resolve import forge

#: Threads that ask indexes, and threads that download.
FINDERS, LOADERS = 16, 8


class Fetcher:
    """Brings artifacts into the store. A context; threads may share one.

    `again` hashes what the store has, whatever its mark says. `locate` says where an artifact
    is, if not the machine's own mirrors and indexes; `nearer`, where one may be that is asked
    first. `count` and `size` tell how many
    artifacts, and bytes, were downloaded so far.
    """

    def __init__(
        self,
        *,
        meter: progress.Meter | None = None,
        again: bool = False,
        locate: Callable[[Pin], Source] | None = None,
        nearer: Callable[[Pin], Source | None] | None = None,
    ) -> None:
        self.count = self.size = 0
        self._meter = meter or progress.Meter()
        self._again = again
        self._stop = network.Stop()
        self._client = Once(network.client)
        self._locate = locate or Sources(self._client.get, self._stop).of
        self._nearer = nearer
        self._lock = threading.Lock()
        self._sources: dict[str, Once[Source]] = {}

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
        if self._client.made:
            self._client.get().close()

    def stop(self) -> None:
        """End all that is under way, in whichever thread: its `get` raises an ArtifactError."""
        self._stop.set()

    def have(self, pin: Pin) -> Path | None:
        """Return an artifact that the store has, or the project itself, verified, or None.

        A conda package may also lie in the folder that is named as conda-forge's mirror.

        Raises:
            ArtifactError: the project's own wheel, or the folder's package, is not the one that
                was locked.
            InputError: that folder is no channel.

        """
        found = artifacts.verified(pin, again=self._again)
        if not found and isinstance(pin, CondaPin) and (mirror := forge.folder()):
            file = mirror / pin.url.removeprefix(f"{forge.CONDA_FORGE}/")
            return artifacts.keep(file, pin, pin.filename) if file.is_file() else None
        if found or not isinstance(pin, WheelPin) or not pin.place.startswith("./"):
            return found
        wheel = store.ROOT / pin.place
        if not wheel.is_file():
            raise ArtifactError(
                "a locked wheel is missing", where=pin.place, mend="git checkout it"
            )
        return artifacts.keep(wheel, pin, wheel.name)

    def source(self, pin: Pin) -> Source:
        """Return where an artifact is; asked once, whoever asks.

        Raises:
            ArtifactError: it is nowhere.
            InputError: this machine names no mirror of Debian's.

        """
        with self._lock:
            found = self._sources.setdefault(pin.sha256, Once(lambda: self._find(pin)))
        return found.get()

    def get(self, pin: Pin) -> Path:
        """Return where an artifact lies in the store, verified; download what is not there.

        Raises:
            ArtifactError: it cannot be had, or is not what the lock says. What was fetched
                until then stays, so the next run resumes.
            InputError: this machine names no mirror of Debian's.

        """
        if path := self.have(pin):
            return path
        source = self.source(pin)
        try:
            path = self._download(pin, source)
        except ArtifactError:
            if self._stop.is_set() or source != self._near(pin):
                raise
            path = self._download(pin, self._locate(pin))
        with self._lock:
            self.count += 1
            self.size += path.stat().st_size
        return path

    def _download(self, pin: Pin, source: Source) -> Path:
        return Download(self._client.get(), pin, source, self._meter, self._stop).run()

    def _near(self, pin: Pin) -> Source | None:
        """Return where an artifact is that need not come from afar."""
        return self._nearer(pin) if self._nearer else None

    def _find(self, pin: Pin) -> Source:
        source = self._near(pin) or self._locate(pin)
        self._meter.expect(source.size)
        return source


def fetch(
    pins: Iterable[Pin],
    *,
    again: bool = False,
    locate: Callable[[Pin], Source] | None = None,
    nearer: Callable[[Pin], Source | None] | None = None,
) -> dict[str, Path]:
    """Bring artifacts into the store, verified; return their paths by sha256.

    Raises:
        ArtifactError: some cannot be had, or are not what the lock says; all are named. What
            was fetched until then stays, so the next run resumes.

    """
    wanted = {pin.sha256: pin for pin in pins}
    started = time.monotonic()
    with progress.meter(f"fetching {len(wanted)} artifacts", 0) as meter:
        fetcher = Fetcher(meter=meter, again=again, locate=locate, nearer=nearer)
        outcomes = _fetch_all(fetcher, wanted.values())
    found = {sha256: path for sha256, path in outcomes.items() if isinstance(path, Path)}
    problems = [error for error in outcomes.values() if isinstance(error, GradlockError)]
    raise_all(ArtifactError, {str(problem): problem for problem in problems}.values())
    if fetcher.count:
        progress.say(
            f"fetched {fetcher.count} artifacts, {fetcher.size / 1e6:.0f} MB, "
            f"in {time.monotonic() - started:.1f} s"
        )
    return found


def _fetch_all(fetcher: Fetcher, pins: Iterable[Pin]) -> dict[str, Path | GradlockError]:
    """Get all artifacts: as they are found, and of those the largest, so that a small one ends."""
    outcomes: dict[str, Path | GradlockError] = {}
    ready: queue.PriorityQueue[tuple[int, str, Pin]] = queue.PriorityQueue()
    with (
        fetcher,
        ThreadPoolExecutor(LOADERS) as loaders,
        ThreadPoolExecutor(FINDERS) as finders,
    ):

        def find(pin: Pin) -> Future[None] | None:
            try:
                if path := fetcher.have(pin):
                    outcomes[pin.sha256] = path
                    return None
                ready.put((-fetcher.source(pin).size, pin.sha256, pin))
            except GradlockError as error:
                outcomes[pin.sha256] = error
                return None
            return loaders.submit(load)

        def load() -> None:
            _, sha256, pin = ready.get_nowait()  # one was put for each call
            try:
                outcomes[sha256] = fetcher.get(pin)
            except GradlockError as error:
                outcomes[sha256] = error

        try:
            for loading in list(finders.map(find, pins)):
                if loading:
                    loading.result()
        except BaseException:
            fetcher.stop()
            for pool in (finders, loaders):
                pool.shutdown(wait=False, cancel_futures=True)
            raise
    return outcomes
