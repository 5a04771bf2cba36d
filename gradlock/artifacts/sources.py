"""What an image needs from elsewhere, and where that is."""

from __future__ import annotations

import threading
from collections.abc import Callable

import httpx

from gradlock.artifacts import indexes
from gradlock.artifacts.artifacts import Pin
from gradlock.artifacts.index import Index, Source
from gradlock.artifacts.once import Once
from gradlock.locks import places
from gradlock.locks.freshness import Locks
from gradlock.locks.pins import CondaPin, DebPin
from gradlock.locks.resolve import forge, mirrors


def pins_of(locks: Locks, channel: str) -> tuple[Pin, ...]:
    """Return everything that an image needs from elsewhere."""
    condas = locks.condas if channel == "conda-forge" else ()
    return (*locks.debs, *condas, *locks.wheels)


class Sources:
    """Where artifacts are: on Debian's mirrors, in conda's channel, in the index of wheels.

    Any number of threads may ask at once. What the machine is set up with is looked up when it
    is first needed: who has all wheels needs no index, who has all .debs no mirror.
    """

    def __init__(self, client: Callable[[], httpx.Client], stop: threading.Event) -> None:
        self._mirrors = Once(mirrors.found)
        self._forge = Once(forge.answering)
        self._index = Once(lambda: Index(client(), indexes.urls(), stop))

    def of(self, pin: Pin) -> Source:
        """Return where an artifact is; for a wheel the index is asked.

        Raises:
            ArtifactError: no index has it, or none can be asked, or conda-forge cannot.
            InputError: this machine names no mirror of Debian's.

        """
        if isinstance(pin, CondaPin):
            return Source(self._conda(pin), pin.filename, 0)
        if isinstance(pin, DebPin):
            root = self._mirrors.get()[pin.archive]
            return Source(f"{root}/{pin.path}", pin.filename, pin.size)
        if pin.place:
            return Source(pin.place, places.filename_of(pin.place), 0)
        return self._index.get().locate(pin)

    def _conda(self, pin: CondaPin) -> str:
        """Return the URL of a conda package: on conda-forge's mirror, where it is of it."""
        if not pin.url.startswith(f"{forge.CONDA_FORGE}/"):
            return pin.url
        return self._forge.get() + pin.url.removeprefix(forge.CONDA_FORGE)
