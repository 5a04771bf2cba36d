"""NVIDIA's driver, as `nvidia-smi` and the kernel tell of it."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from gradlock import command
from gradlock.doctor.capability import Pair
from gradlock.errors import CommandError

#: Where the kernel's module tells its release.
MODULE = Path("/proc/driver/nvidia/version")
#: Where WSL has the program, often outside of PATH.
WSL = "/usr/lib/wsl/lib"
#: Seconds that nvidia-smi may take: with many GPUs and no persistence it takes two.
PATIENCE = 4.0
RELEASE = re.compile(r"\b(\d{3,4}\.\d+(?:\.\d+)?)\b")


@dataclass(frozen=True)
class Gpu:
    """A GPU: its name, and its compute capability where the driver tells it."""

    name: str
    capability: Pair | None


@dataclass(frozen=True)
class Driver:
    """What is known of the driver.

    `release` is empty where nothing tells it, `module` the kernel's own. `said` is what
    nvidia-smi printed where it failed; `program` is empty where there is none.
    """

    release: str
    module: str
    gpus: tuple[Gpu, ...]
    program: str
    said: str = ""


def ask() -> Driver:
    """Ask the driver of this machine."""
    module = _module()
    path = os.pathsep.join((os.environ.get("PATH", ""), WSL, command.PATH))
    program = shutil.which("nvidia-smi", path=path)
    if program is None:
        return Driver(module, module, (), "")
    queries: tuple[list[str], ...] = (
        ["--query-gpu=name,driver_version,compute_cap", "--format=csv,noheader"],
        ["--query-gpu=name,driver_version", "--format=csv,noheader"],  # drivers before 510
        [],
    )
    said = ""
    for query in queries:
        try:
            printed = _run(program, query)
        except CommandError as error:
            said = said or _said(error)
            if "did not end" in error.what:
                break
            continue
        release, gpus = _parsed(printed)
        if release or gpus:
            return Driver(release or module, module, gpus, program)
        said = said or printed.strip()
    return Driver(module, module, (), program, said or "it printed nothing")


def _run(program: str, arguments: list[str]) -> str:
    environment = {**os.environ, "LC_ALL": "C"}
    return command.run(
        [program, *arguments], purpose="asking nvidia-smi", env=environment, limit=PATIENCE
    )


def _said(error: CommandError) -> str:
    """Return what the program printed, or how it failed."""
    lines = [line.strip() for line in error.mend.splitlines()[1:] if line.strip()]
    return " ".join(lines) or error.what


def _parsed(printed: str) -> tuple[str, tuple[Gpu, ...]]:
    """Return the driver's release and the GPUs, from rows or from the table for people."""
    release, gpus = "", []
    for line in printed.splitlines():
        cells = [cell.strip() for cell in line.split(",")]
        releases = [cell for cell in cells[1:] if RELEASE.fullmatch(cell)]
        if releases and len(cells) in (2, 3):
            release = releases[0]
            numbers = re.fullmatch(r"(\d+)\.(\d)", cells[2]) if len(cells) == 3 else None
            gpus.append(Gpu(cells[0], (int(numbers[1]), int(numbers[2])) if numbers else None))
    table = re.search(r"Driver Version:\s*(\S+)", printed)
    return release or (table[1] if table else ""), tuple(gpus)


def _module() -> str:
    try:
        found = RELEASE.search(MODULE.read_text())
    except OSError:
        return ""
    return found[1] if found else ""
