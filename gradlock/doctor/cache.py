"""The store's files: whether the bytes are those that their names say."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gradlock.doctor import needs, question
from gradlock.doctor.findings import Finding, fine, unseen, warning
from gradlock.doctor.question import Question

#: Seconds that are spent on hashing: what carries no mark first, then the smallest files.
BUDGET = 1.0
#: How many bad files are named.
NAMED = 4
CHUNK = 1 << 20


@dataclass(frozen=True)
class Kept:
    """A file of the store, and the sha256 that its name, or its folder's, says."""

    path: Path
    sha256: str
    size: int
    marked: bool


def cache(_question: Question) -> Iterator[Finding]:
    """Look at artifacts and layers: at marks and sizes of all, at the bytes of as many as can be.

    A verified file carries its size as its time of change: see `artifacts.artifacts`.
    """
    home = question.stored()
    files = sorted(_files(home), key=lambda kept: (kept.marked, kept.size))
    if not files:
        return
    deadline = time.monotonic() + BUDGET
    sizes = _sizes(home / "layers")
    cut = [kept.path for kept in files if sizes.get(kept.sha256, kept.size) != kept.size]
    told = {kept: _same(kept, deadline) for kept in files if kept.path not in cut}
    bad = [*cut, *(kept.path for kept, same in told.items() if same is False)]
    hashed = sum(same is not None for same in told.values())
    whole = sum(kept.size for kept in files)
    if bad:
        more = f" and {len(bad) - NAMED} more" if len(bad) > NAMED else ""
        yield warning(
            "other bytes than the store's names say are in "
            f"{', '.join(map(str, bad[:NAMED]))}{more}",
            "a file was changed or cut; a failing disk does this, too. It is not used: the next "
            "build fetches or makes it again, which takes its time, and the network",
            "./inv fetch --all gets them now; if it comes again, look at the disk: sudo dmesg",
        )
        return
    touched = [kept.path for kept, same in told.items() if same is None and not kept.marked]
    if touched:
        yield unseen(
            f"{len(touched)} files of the store were touched since they were verified, and are too "
            f"large to be hashed here: {touched[0]}",
            mend="the next build hashes them before it uses them",
        )
    yield fine(
        f"the store's {len(files)} files, {needs.shown(whole)}, have their sizes; "
        f"{hashed} were hashed, and are whole"
    )


def _same(kept: Kept, deadline: float) -> bool | None:
    """Tell whether a file's bytes are what its name says; None where the time does not suffice."""
    if time.monotonic() > deadline:
        return None
    found = hashlib.sha256()
    try:
        with kept.path.open("rb") as stream:
            while chunk := stream.read(CHUNK):
                found.update(chunk)
                if time.monotonic() > deadline:
                    return None
    except FileNotFoundError:  # another run has removed it
        return None
    except OSError:  # a failing disk, or no permission
        return False
    return found.hexdigest() == kept.sha256


def _sizes(folder: Path) -> dict[str, int]:
    """Return how many bytes each layer has, by its digest, as was noted when it was written."""
    noted: dict[str, int] = {}
    for path in _listed(folder):
        if path.suffix == ".json" and not path.name.endswith(".listing.json"):
            with suppress(OSError, ValueError, KeyError, TypeError):  # then it is built again
                entry = json.loads(path.read_text(encoding="utf-8"))
                noted[entry["digest"]] = int(entry["size"])
    return noted


def _files(home: Path) -> Iterator[Kept]:
    for folder in _listed(home / "artifacts"):
        for path in _listed(folder):
            yield from _kept(path, folder.name)
    for path in _listed(home / "layers"):
        if path.suffix == ".tar":
            yield from _kept(path, path.stem)


def _kept(path: Path, sha256: str) -> Iterator[Kept]:
    if path.name.startswith("."):
        return  # half-written
    try:
        state = path.stat()
    except OSError:
        return
    yield Kept(path, sha256, state.st_size, state.st_mtime_ns == state.st_size * 10**9)


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir()) if folder.is_dir() else []
    except OSError:
        return []
