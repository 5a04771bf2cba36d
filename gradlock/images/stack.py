"""The order of an image's layers, and in which waves an engine may take them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gradlock.graph import Job
from gradlock.inputs import wanted
from gradlock.layers import Layer
from gradlock.locks.pins import WheelPin

#: Wheels of this many bytes and more get a layer of their own; chosen so that what one small
#: wheel drags along is below 5% of what a registry holds of the CPU image, and that a GPU image
#: stays well below the 127 layers that engines take.
LARGE = 1_200_000
#: The layers of small wheels, and the initials that end them. The name alone decides where a
#: wheel is, so one that comes or goes moves no other.
SHELVES = {"wheels-A-M": "m", "wheels-N-Z": "z"}
#: A wave of loading has wheels of so many bytes at least: each costs an engine a few tenths of a
#: second beside what is in it.
WAVE = 25 * LARGE
#: More bytes than any wheel has.
HEAVIEST = 1e12
#: What lies between the large wheels and the small ones weighs so much.
BETWEEN = float(LARGE)


def rank(pin: WheelPin) -> int:
    """Order wheels: TensorFlow, which GPU variants share, CUDA, the rest."""
    if pin.name in wanted.TENSORFLOWS:
        return 0
    return 1 if pin.name.startswith("nvidia-") else 2


def weight(pin: WheelPin, size: int) -> float:
    """Tell how low a wheel of some bytes lies in an image: so it is made in the order of waves."""
    return (2 - rank(pin)) * HEAVIEST + size


@dataclass(frozen=True)
class Part:
    """A wheel of an image: its pin, the jobs that fetch it and make its layer, and all sizes."""

    pin: WheelPin
    path: Job[Path]
    layer: Job[Layer]
    sizes: Mapping[str, int]

    @property
    def size(self) -> int:
        """The wheel's bytes; once it was fetched."""
        return self.sizes[self.pin.sha256]

    @property
    def large(self) -> bool:
        """Whether it has a layer of its own; CUDA's parts do, so that images share the rest."""
        return rank(self.pin) < 2 or self.size >= LARGE


@dataclass(frozen=True)
class Parts:
    """The jobs of one image's layers; `merge` makes the one that merges several wheels.

    `above` has the wheels of each row, by its name, that stands on the image of another: on the
    one of `wheels`, or on the one before.
    """

    wheels: tuple[Part, ...]
    base: Job[Layer]
    prefix: tuple[Job[Layer], ...]
    own: Job[Layer]
    merge: Callable[[str, Sequence[Job[Layer]]], Job[Layer]]
    above: tuple[tuple[str, tuple[Part, ...]], ...] = ()

    def fetched(self) -> list[Job[Path]]:
        """Return the jobs that tell how large the wheels are."""
        own = (part for _, parts in self.above for part in parts)
        return [part.path for part in (*self.wheels, *own)]

    def ordered(self) -> tuple[list[Job[Layer]], list[int]]:
        """Return the jobs of the layers, bottom first, and where waves of loading may end.

        The heaviest and least often changed are at the bottom, since an engine shares a layer
        only together with all those below it: whatever else moves, TensorFlow and CUDA are
        neither sent nor stored again. No layer hides a file of another, so their order changes
        nothing else. What a row adds to another one lies above all layers of that, but for the
        one that says which image it is.
        """
        if not self.wheels:
            return [self.base, *self.prefix, self.own], []
        large, small = _split(self.wheels)
        lower = [*(part.layer for part in large), self.base, *self.prefix]
        upper = [self.merge(name, parts) for name, parts in _shelves(small)]
        for name, parts in self.above:
            own, rest = _split(parts)
            upper += [part.layer for part in own]
            upper += [self.merge(f"wheels-{name}", _layers(rest))] if rest else []
        return [*lower, *upper, self.own], [*_ends(large), len(lower)]


def _split(parts: Sequence[Part]) -> tuple[list[Part], list[Part]]:
    """Return the wheels with a layer of their own, heaviest first, and the others."""
    large = sorted(
        (part for part in parts if part.large),
        key=lambda part: (-weight(part.pin, part.size), part.pin.name),
    )
    return large, [part for part in parts if not part.large]


def _shelves(small: Sequence[Part]) -> Iterator[tuple[str, list[Job[Layer]]]]:
    """Yield the name of each layer of small wheels that is not empty, and the layers it merges."""
    before = ""
    for name, last in SHELVES.items():
        there = [part for part in small if before < part.pin.name[0] <= last]
        before = last
        if there:
            yield name, _layers(there)


def _layers(parts: Sequence[Part]) -> list[Job[Layer]]:
    return [part.layer for part in parts]


def _ends(large: Sequence[Part]) -> Iterator[int]:
    """Yield after how many wheels, bottom first, a wave of loading may end."""
    waiting = 0
    for number, part in enumerate(large, 1):
        waiting += part.size
        if waiting >= WAVE or number == len(large):
            yield number
            waiting = 0
