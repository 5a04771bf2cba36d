"""Artifacts in a plain folder: carried to machines without a network, and kept for years."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from gradlock import progress, store
from gradlock.artifacts import artifacts
from gradlock.artifacts.artifacts import Pin
from gradlock.errors import ArtifactError

#: The file that lists a folder's contents, in the form that `sha256sum --check` reads.
SUMS = "SHA256SUMS"


def export(found: Mapping[str, Path], folder: Path) -> int:
    """Copy artifacts (paths by sha256) into a folder with their hashes; return how many."""
    folder.mkdir(parents=True, exist_ok=True)
    total = sum(path.stat().st_size for path in found.values())
    with progress.meter(f"copying to {folder}", total) as meter:
        for sha256, path in found.items():
            target = folder / path.name
            if not target.exists() or store.file_digest(target) != sha256:
                with store.replacing(target) as part:
                    if (copied := artifacts.copy(path, part)) != sha256:
                        raise ArtifactError(
                            f"{path.name}: copied, its sha256 is {copied}, the lock says {sha256}",
                            where=str(path),
                            mend="the disk or the file is at fault: remove the file, and fetch it",
                        )
            meter.advance(path.stat().st_size)
    lines = sorted(f"{sha256}  {path.name}\n" for sha256, path in found.items())
    store.write_text(folder / SUMS, "".join(lines))
    return len(found)


def bring(folder: Path, pins: Iterable[Pin]) -> int:
    """Take what the locks name from a folder into the store, by its hash; return how many.

    Raises:
        ArtifactError: there is no such folder, or a file differs from what SHA256SUMS says.

    """
    if not folder.is_dir():
        raise ArtifactError("no such folder", where=str(folder))
    wanted = {pin.sha256: pin for pin in pins if artifacts.verified(pin) is None}
    said = _sums(folder)
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name != SUMS)
    taken = 0
    with progress.meter(f"reading {folder}", len(files), unit="files") as meter:
        for file in files:
            sha256 = said.get(file.name) or store.file_digest(file)
            if sha256 in wanted:
                artifacts.keep(file, wanted[sha256], file.name)
                taken += 1
            meter.advance(1)
    return taken


def _sums(folder: Path) -> dict[str, str]:
    """Return what a folder's SHA256SUMS says, hashes by name; nothing where there is none."""
    path = folder / SUMS
    if not path.exists():
        return {}
    # `sha256sum` puts a star before the names of files that it read as binary.
    rows = [
        re.fullmatch(r"([0-9a-f]{64}) [ *](.+)", line)
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines()
    ]
    if not all(rows):
        raise ArtifactError(
            "a line is not what sha256sum writes", where=str(path), mend="remove the file"
        )
    return {row[2]: row[1] for row in rows if row}
