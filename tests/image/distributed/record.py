"""What the workers left, and what one process computes: read once for all tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

RANKS = Path(__file__).with_name("ranks")
#: Seconds that one process may compute; it takes 15 where nothing else runs.
LIMIT = 400

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
    return Run(count, ranks, compute(folder / "alone.npz"))


def compute(result: Path, *arguments: str, program: str = "work") -> Found:
    """Compute in a process of its own: TensorFlow's devices are divided before it starts.

    Raises:
        AssertionError: it failed; what it printed is in the message.

    """
    done = subprocess.run(
        [sys.executable, "-m", f"distributed.{program}", str(result), *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        cwd=Path(__file__).parents[1],
        env={name: value for name, value in os.environ.items() if name != "TF_CONFIG"},
    )
    assert done.returncode == 0, done.stdout + done.stderr[-4000:]
    return archive(result)


def archive(path: Path) -> Found:
    """Return the arrays of a file, all read; nothing in it is executed."""
    with np.load(path, allow_pickle=False) as file:
        return dict(file)
