"""What resolves for a lock and is a program of Debian's: this machine's, or a base layer's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gradlock.artifacts import fetcher
from gradlock.command import Program
from gradlock.engine import room
from gradlock.errors import LockError
from gradlock.inputs.variants import Variant
from gradlock.layers import interpreter
from gradlock.layers.apt import BaseApt
from gradlock.locks import lockfile, paths
from gradlock.locks.lockfile import LockText
from gradlock.locks.refereeing import Programs
from gradlock.locks.resolve import debian
from gradlock.locks.resolve.debian import Apt


def here() -> Programs:
    """Return those that this machine has, or can have."""
    return Programs(python, apt)


@contextmanager
def python(variant: Variant, debian_lock: LockText) -> Iterator[Program]:
    """Run the Python of a variant's image, from the .debs of an apt lock."""
    debs = lockfile.parse_debs(debian_lock)
    with interpreter.unpacked(debs, fetcher.fetch(debs), variant) as program:
        yield program


def apt(debian_lock: LockText | None) -> Apt:
    """Return this machine's apt, or where it has none, that of the .debs of an apt lock.

    Raises:
        LockError: it has none, and there is no such lock.

    """
    if debian.here():
        return debian.own
    if debian_lock is None:
        raise LockError(
            "this machine has no apt, and there is no lock whose base layer's could resolve",
            where=lockfile.shown(paths.APT),
            mend="git checkout it, and run it again",
        )
    return BaseApt(room.here(), lockfile.parse_debs(debian_lock))
