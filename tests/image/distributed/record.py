"""What the workers left, and what one process computes: read once for all tests."""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from distributed import work

RANKS = Path(__file__).with_name("ranks")
#: Seconds that one process may compute; it takes 10 where nothing else runs.
LIMIT = 400
#: How a process of its own begins: with all that this one has imported. TensorFlow takes 5 s of a
#: core for that, and no process here but this one does it; this one never computes by it.
FORK = multiprocessing.get_context("fork")

Found = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Run:
    """How many workers there were, what each has computed, and what one process has."""

    count: int
    ranks: list[Found]
    alone: Found

    def of(self, case: str, found: Found) -> dict[str, np.ndarray]:
        """Return a case's arrays, by their names within it."""
        head = f"{case}/"
        return {
            key.removeprefix(head): array for key, array in found.items() if key.startswith(head)
        }


def read(folder: Path) -> Run:
    """Return what was computed; `folder` is for what is computed here.

    Raises:
        FileNotFoundError: a worker left nothing; its log says why.

    """
    count = int((RANKS / "count").read_text())
    ranks = [archive(RANKS / f"{rank}.npz") for rank in range(count)]
    return Run(count, ranks, compute(folder, work.alone))


def compute(folder: Path, program: Callable[..., Found], *arguments: object) -> Found:
    """Compute in a process of its own: TensorFlow's devices are divided before it starts.

    Raises:
        AssertionError: it failed; what it printed is in the message.

    """
    result, log = folder / f"{program.__name__}.npz", folder / f"{program.__name__}.log"
    process = FORK.Process(target=_child, args=(result, log, program, arguments))
    process.start()
    process.join()
    assert process.exitcode == 0, log.read_text(encoding="utf-8", errors="replace")[-4000:]
    return archive(result)


def _child(
    result: Path, log: Path, program: Callable[..., Found], arguments: tuple[object, ...]
) -> None:
    """Be the process: whatever it prints, TensorFlow's own words too, goes to the log."""
    with log.open("w", encoding="utf-8") as output:
        for stream in (1, 2):
            os.dup2(output.fileno(), stream)
    # What pytest has put in their place belongs to the other process.
    sys.stdout = sys.stderr = os.fdopen(1, "w", buffering=1, encoding="utf-8")
    faulthandler.dump_traceback_later(LIMIT, exit=True)
    np.savez(result, **program(*arguments))


def archive(path: Path) -> Found:
    """Return the arrays of a file, all read; nothing in it is executed."""
    with np.load(path, allow_pickle=False) as file:
        return dict(file)
