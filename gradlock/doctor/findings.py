"""Findings: what was seen, why it matters, and the command that mends it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

#: What a finding is about, in the order of a report: what all else stands on first.
MACHINE, TOOLS, NETWORK, LOCKS = "machine", "gradlock", "network", "locks"
DOCKER, CUDA, TENSORFLOW, JUPYTER = "Docker", "CUDA and cuDNN", "TensorFlow", "JupyterLab"
CONTAINERS = "containers"
SUBJECTS = (MACHINE, TOOLS, NETWORK, LOCKS, DOCKER, CUDA, TENSORFLOW, JUPYTER, CONTAINERS)


class Severity(IntEnum):
    """How bad it is; the worst is the greatest.

    `UNSEEN` is what could not be looked at: nothing is known, for better or worse.
    """

    FINE = 0
    UNSEEN = 1
    WARNING = 2
    BROKEN = 3

    def __str__(self) -> str:
        return {0: "fine", 1: "not seen", 2: "warning", 3: "broken"}[self.value]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    `why` says what comes of it, `mend` is a command or an action; what is fine has neither.
    """

    severity: Severity
    seen: str
    why: str = ""
    mend: str = ""
    about: str = ""


def fine(seen: str) -> Finding:
    """Return the finding that something is as it should be."""
    return Finding(Severity.FINE, seen)


def unseen(seen: str, why: str = "", mend: str = "") -> Finding:
    """Return the finding that something could not be looked at."""
    return Finding(Severity.UNSEEN, seen, why, mend)


def warning(seen: str, why: str, mend: str) -> Finding:
    """Return the finding that something works less well than it could, or not for long."""
    return Finding(Severity.WARNING, seen, why, mend)


def broken(seen: str, why: str, mend: str) -> Finding:
    """Return the finding that something does not work."""
    return Finding(Severity.BROKEN, seen, why, mend)
