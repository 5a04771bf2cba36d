"""The order of an image's layers, and in which waves an engine may take them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gradlock.graph import Job
from gradlock.inputs import wanted
from gradlock.layers import Layer
from gradlock.locks.lockfile import WheelPin

#: Wheels of this many bytes and more get a layer of their own; chosen so that the merged
#: layer of small wheels is below 5% of the CPU image, and that a GPU image stays well below
#: the 127 layers that engines take.
LARGE = 1_200_000
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
    """The jobs of one image's layers; `merge` makes the one that merges several wheels."""

    wheels: tuple[Part, ...]
    base: Job[Layer]
    prefix: tuple[Job[Layer], ...]
    own: Job[Layer]
    merge: Callable[[Sequence[Job[Layer]]], Job[Layer]]

    def fetched(self) -> list[Job[Path]]:
        """Return the jobs that tell how large the wheels are."""
        return [part.path for part in self.wheels]

    def ordered(self) -> tuple[list[Job[Layer]], list[int]]:
        """Return the jobs of the layers, bottom first, and where waves of loading may end.

        The heaviest and least often changed are at the bottom, since an engine shares a layer
        only together with all those below it: whatever else moves, TensorFlow and CUDA are
        neither sent nor stored again. No layer hides a file of another, so their order changes
        nothing else.
        """
        if not self.wheels:
            return [self.base, *self.prefix, self.own], []
        large = sorted(
            (part for part in self.wheels if part.large),
            key=lambda part: (-weight(part.pin, part.size), part.pin.name),
        )
        small = self.merge([part.layer for part in self.wheels if not part.large])
        lower = [*(part.layer for part in large), self.base, *self.prefix]
        return [*lower, small, self.own], [*_ends(large), len(lower)]


def _ends(large: Sequence[Part]) -> Iterator[int]:
    """Yield after how many wheels, bottom first, a wave of loading may end."""
    waiting = 0
    for number, part in enumerate(large, 1):
        waiting += part.size
        if waiting >= WAVE or number == len(large):
            yield number
            waiting = 0
