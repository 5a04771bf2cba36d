"""What is known of releases that a row combines: which cannot go together, whatever the pins.

It is said when the table is read, by the row's name: a resolver would find out late, and say it
in words of its own. Of releases that nobody has looked up nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from gradlock.inputs.platforms import DEFAULT

if TYPE_CHECKING:
    from gradlock.inputs.variants import Variant

#: The oldest and the newest Python 3 that TensorFlow's wheels are for, by its minor release.
#: Source: the tags of its wheels in the index.
PYTHONS = {
    "2.14": (9, 11),
    "2.15": (9, 11),
    "2.16": (9, 12),
    "2.17": (9, 12),
    "2.18": (9, 12),
    "2.19": (9, 12),
    "2.20": (9, 13),
    "2.21": (10, 13),
}
#: The one Python that each of Debian's suites has. Source: their package python3.
DEBIAN = {"bullseye": "3.9", "bookworm": "3.11", "trixie": "3.13"}


def faults(row: Variant) -> Iterator[str]:
    """Yield why a row can have no lock at all."""
    minor = ".".join(row.tensorflow.split(".")[:2])
    oldest, newest = PYTHONS.get(minor, (0, 99))
    if not oldest <= int(row.python.partition(".")[2]) <= newest:
        yield (
            f"{row.name}: TensorFlow {minor} has no wheels for Python {row.python}, "
            f"but for 3.{oldest} to 3.{newest}"
        )
    if row.gpu and row.platform != DEFAULT:
        yield (
            f"{row.name}: there is no CUDA for {row.platform}: "
            f"TensorFlow's wheels for {row.machine.machine} are without it"
        )


def without_python(rows: Iterable[Variant], suite: str) -> Iterator[str]:
    """Yield why rows cannot be locked on a Debian suite: it has another Python than theirs.

    Both resolvers of wheels must agree, and one of them runs under the image's own Python.
    """
    theirs = DEBIAN.get(suite)
    for row in rows:
        if theirs and row.python != theirs:
            others = [name for name, python in DEBIAN.items() if python == row.python]
            instead = f'or debian = "{others[0]}", for all rows' if others else "no suite has that"
            yield (
                f"{row.name}: Debian {suite} has Python {theirs} alone, and not {row.python}, "
                f"under which pip-compile would have to check its wheels: "
                f'python = "{theirs}" ({instead})'
            )
