"""Flags that several verbs take: their help, and what is made of what was given."""

from __future__ import annotations

from typing import TypeVar

from gradlock.errors import InputError
from gradlock.inputs import variants

Number = TypeVar("Number", int, float)

#: One variant.
ONE = variants.FLAGS
#: One variant, or all.
CHOICE = {**ONE, "all": "Every variant."}
CHANNEL = {
    "channel": "Where conda packages come from: debian or conda-forge (default: "
    "what images.lock pins)."
}
GPU_REQUIRED = {"gpu_required": "Fail instead of skipping where there is no GPU."}
FOLDER = {"folder": "The folder to work in (default: this one)."}


def number(flag: str, given: str, kind: type[Number]) -> Number:
    """Read a flag's number; invoke's own parser would end with a traceback.

    Raises:
        InputError: it is none.

    """
    try:
        return kind(given)
    except ValueError:
        name = "a whole number" if kind is int else "a number"
        raise InputError(f"--{flag} takes {name}, not {given!r}") from None


def only_one(**given: object) -> None:
    """Refuse flags that contradict each other.

    Raises:
        InputError: more than one of them was given.

    """
    named = [f"--{name.rstrip('_')}" for name, value in given.items() if value]
    if len(named) > 1:
        raise InputError(f"choose one of {' and '.join(named)}")
