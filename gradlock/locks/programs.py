"""What resolves for a lock and is a program of Debian's: who asks for locks says where."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from gradlock.command import Program
from gradlock.inputs.variants import Variant
from gradlock.locks.lockfile import LockText
from gradlock.locks.resolve import debian

#: Runs the Python of a variant's image, from an apt lock's base layer.
Python = Callable[[Variant, LockText], AbstractContextManager[Program]]
#: Returns an apt: this machine's, or that of an apt lock's base layer.
Apt = Callable[[LockText | None], debian.Apt]


@dataclass(frozen=True)
class Programs:
    """A Python and an apt."""

    python: Python
    apt: Apt
