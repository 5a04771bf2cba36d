"""Which channel an image is built from, where nobody names one."""

from __future__ import annotations

from gradlock.errors import InputError
from gradlock.images import pins
from gradlock.images.recipe import CHANNELS
from gradlock.locks.resolve import conda


def chosen(named: str, variant: str) -> str:
    """Return the channel that is named; without a name, the one that images.lock pins.

    So what is built does not depend on who answers. Where nothing is pinned, it is
    conda-forge, or the embedded channel where that cannot be reached.

    Raises:
        InputError: there is no channel of that name.

    """
    if named and named not in CHANNELS:
        raise InputError(f"unknown channel {named!r}: use {' or '.join(CHANNELS)}")
    if named:
        return named
    pinned = [channel for channel in CHANNELS if pins.find(channel, variant)]
    return pinned[-1] if pinned else ("conda-forge" if conda.reachable() else "debian")
