"""What this image claims to be, and what it holds: the facts that the suites share.

Importing this module reads nothing and imports no TensorFlow.
"""

from __future__ import annotations

import ctypes
import importlib.metadata
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ETC = Path(os.environ.get("GRADLOCK_ETC", "/etc/gradlock"))
PREFIX = Path(sys.prefix)


@dataclass(frozen=True)
class Variant:
    """The variant that the image was built as; `cuda` and `cudnn` are None on CPU variants.

    Its platform is said by an image for another one than the usual.
    """

    name: str
    python: str
    tensorflow: str
    cuda: str | None
    cudnn: str | None
    driver: str | None
    channel: str
    platform: str = "linux/amd64"


@dataclass(frozen=True, order=True)
class Pin:
    """A distribution at one version; `name` is normalised."""

    name: str
    version: str

    def __str__(self) -> str:
        """Return the pin as a lock spells it."""
        return f"{self.name}=={self.version}"


def variant() -> Variant:
    """Return the variant, as the image states it."""
    return Variant(**json.loads((ETC / "variant.json").read_text(encoding="utf-8")))


def inside() -> bool:
    """Whether this is an image at all; some suites run in any environment."""
    return (ETC / "variant.json").exists()


def name() -> str:
    """Return the variant's name; outside an image, that there is none."""
    return variant().name if inside() else "no image"


def lock() -> tuple[Pin, ...]:
    """Return the pip lock that the image was built from."""
    return parse_lock((ETC / "requirements.txt").read_text(encoding="utf-8"))


def requested() -> tuple[str, ...]:
    """Return the normalised names of the distributions that were asked for by name."""
    lines = (ETC / "requested.txt").read_text(encoding="utf-8").splitlines()
    return tuple(normalised(line.partition("[")[0]) for line in lines if line.strip())


def locked_version(name: str) -> str:
    """Return the version that the lock pins for a distribution.

    Raises:
        LookupError: the lock does not hold it.

    """
    for pin in lock():
        if pin.name == name:
            return pin.version
    raise LookupError(f"the lock {ETC / 'requirements.txt'} holds no {name}")


def installed() -> tuple[Pin, ...]:
    """Return every distribution on this interpreter's path, repetitions included."""
    return tuple(
        Pin(normalised(found.metadata["Name"]), found.version)
        for found in importlib.metadata.distributions()
    )


def normalised(name: str) -> str:
    """Return a distribution's name as PyPA's specification normalises it."""
    return re.sub(r"[-_.]+", "-", name.strip()).lower()


def parse_lock(text: str) -> tuple[Pin, ...]:
    """Read a lock in pip-tools' format: `name==version`, then its hashes.

    Raises:
        ValueError: a requirement is not pinned, or has no sha256.

    """
    pins = []
    for entry in text.replace("\\\n", " ").splitlines():
        entry = entry.partition(" #")[0].strip()
        if not entry or entry.startswith("#"):
            continue
        match = re.match(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?==(\S+)(.*)", entry)
        if match is None or "--hash=sha256:" not in match[3]:
            raise ValueError(f"not a pinned requirement with a hash: {entry!r}")
        pins.append(Pin(normalised(match[1]), match[2]))
    return tuple(pins)


def differences(locked: Iterable[Pin], found: Iterable[Pin]) -> list[str]:
    """Say how what is installed differs from its lock; an empty list where it does not."""
    expected, actual = Counter(locked), Counter(found)
    missing = [f"locked, not installed: {pin}" for pin in sorted((expected - actual).elements())]
    extra = [f"installed, not locked: {pin}" for pin in sorted((actual - expected).elements())]
    return missing + extra


@dataclass(frozen=True)
class Driver:
    """What the CUDA driver says: how many GPUs it has, and why none where it has none."""

    loaded: bool
    gpus: int
    why: str


def driver() -> Driver:
    """Ask the CUDA driver itself; environment variables promise, they do not prove."""
    try:
        cuda = ctypes.CDLL("libcuda.so.1")
    except OSError as error:
        return Driver(loaded=False, gpus=0, why=f"no CUDA driver: {error}")
    status = cuda.cuInit(0)
    if status != 0:
        return Driver(loaded=True, gpus=0, why=f"the CUDA driver's cuInit answers {status}")
    count = ctypes.c_int()
    status = cuda.cuDeviceGetCount(ctypes.byref(count))
    return Driver(
        loaded=True,
        gpus=count.value if status == 0 else 0,
        why=f"the CUDA driver's cuDeviceGetCount answers {status}, {count.value} GPUs",
    )
