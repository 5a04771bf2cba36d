"""Artifacts: every file that a lock names, in the store under its sha256.

    <store>/artifacts/<sha256>/<filename>

A file gets there by one rename, after what was written was hashed and flushed to the disk. A
verified file carries its size as its modification time, as many seconds after 1970 as it has
bytes: whatever touches it later moves the time, what truncates it with its time kept moves the
size, and then it is hashed again before it is used. One look at a file tells both, the mark goes
where the file is copied to, and where a file system cannot keep it, files are only hashed more
often. A byte that flips with time and size kept is found where it is read: `refuse`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from gradlock import progress, store
from gradlock.errors import ArtifactError
from gradlock.locks.pins import CondaPin, DebPin, WheelPin

#: Bytes that are copied and hashed at once.
CHUNK = 1 << 20

Pin = DebPin | CondaPin | WheelPin


def path_of(pin: Pin) -> Path | None:
    """Return where an artifact lies in the store, or None."""
    home = _home(pin.sha256)
    if not home.is_dir():
        return None
    # A killed run may have left a half-written file; its name starts with a dot.
    return next((file for file in home.iterdir() if not file.name.startswith(".")), None)


def verified(pin: Pin, *, again: bool = False) -> Path | None:
    """Return an artifact whose bytes are those of the lock, or None.

    A file with other bytes is named with both hashes and removed from the store. `again` hashes
    it whatever its mark says.
    """
    path = path_of(pin)
    if path is None:
        return None
    if again:
        return None if refuse(path) else path
    return path if seal(path, pin.sha256) or not refuse(path) else None


def refuse(path: Path) -> bool:
    """Hash an artifact that could not be read; drop it if its bytes are not the lock's.

    Returns whether it was dropped, so that it can be fetched again; if not, its bytes are what
    was locked, and fetching would bring the same ones.
    """
    sha256 = path.parent.name
    try:
        found = store.file_digest(path)
    except FileNotFoundError:  # another thread or run has dropped it
        return True
    except OSError as error:  # a failing disk
        found = f"unreadable ({error.strerror})"
    if found == sha256:
        mark(path)
        return False
    progress.say(
        f"refused {path.name}: the store's copy has sha256 {found}, "
        f"the lock says {sha256}; removed it"
    )
    shutil.rmtree(path.parent, ignore_errors=True)
    return True


def seal(path: Path, sha256: str) -> bool:
    """Tell whether a file's bytes have that hash; if so, mark it as verified."""
    state = path.stat()
    if state.st_mtime_ns == state.st_size * 10**9:
        return True
    if store.file_digest(path) != sha256:
        return False
    mark(path)
    return True


def mark(path: Path) -> None:
    """Mark a file as verified: to be called on bytes that were just hashed."""
    size = path.stat().st_size
    os.utime(path, (size, size))


def keep(file: Path, pin: Pin, filename: str) -> Path:
    """Copy a file into the store; what was written must have the lock's hash.

    Raises:
        ArtifactError: it has other bytes; both hashes are named, and nothing is stored.

    """
    home = _home(pin.sha256)
    with store.replacing(home / filename) as part:
        found = copy(file, part)
        if found != pin.sha256:
            raise wrong(filename, found, pin, where=str(file))
        mark(part)
    return home / filename


def adopt(part: Path, pin: Pin, filename: str) -> Path:
    """Move a file of the store to its place; its bytes were just hashed and flushed."""
    home = _home(pin.sha256)
    home.mkdir(exist_ok=True)
    part.chmod(0o644)
    mark(part)
    return part.replace(home / filename)


def wrong(filename: str, found: str, pin: Pin, *, where: str) -> ArtifactError:
    """Return the error for a file whose sha256 is not the lock's."""
    return ArtifactError(
        f"{filename}: refused, its sha256 is {found}, the lock says {pin.sha256}",
        where=where,
        mend="it is not the file that was locked: get it from another place, "
        "or find out who changed it before you relock",
    )


def copy(source: Path, target: Path) -> str:
    """Copy a file; return the sha256 of what was written."""
    written = hashlib.sha256()
    with source.open("rb") as stream, target.open("wb") as sink:
        while chunk := stream.read(CHUNK):
            sink.write(chunk)
            written.update(chunk)
    return written.hexdigest()


def _home(sha256: str) -> Path:
    return store.folder("artifacts") / sha256
