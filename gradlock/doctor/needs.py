"""What a variant needs of a machine, in bytes: measured with the committed locks.

The store has artifacts and layers, an engine the unpacked image. The memory is what building and
the smoke tests were seen to take; a training of your own may take more.
"""

from __future__ import annotations

from dataclasses import dataclass

from gradlock.inputs.variants import Variant

GB = 10**9
#: Below this nothing can be written any more: logs, temporary files, a lock.
LEAST = 100 * 10**6


@dataclass(frozen=True)
class Need:
    """What one variant takes: on the store's disk, on the engine's, and of memory."""

    store: int
    engine: int
    memory: int


#: One CPU image; artifacts 0.6 GB, layers 2.5 GB, and a second copy while one is written.
CPU = Need(store=4 * GB, engine=3 * GB, memory=3 * GB)
#: One GPU image: artifacts 2.7 GB, layers up to 7.6 GB.
GPU = Need(store=12 * GB, engine=9 * GB, memory=4 * GB)


def of(variant: Variant) -> Need:
    """Return what a variant needs."""
    return GPU if variant.gpu else CPU


def shown(size: float) -> str:
    """Return a size as people read it."""
    return f"{size / GB:.1f} GB" if size >= GB / 10 else f"{size / 10**6:.0f} MB"
