"""Where files live, and how they are written: atomically, and by one run at a time.

Everything that gradlock can make again lies below one folder, the store. It is keyed by
content, so several clones share it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from gradlock.errors import InputError

# The functions import what is not Python's own: the doctor asks where things lie before there
# is a .venv.
if TYPE_CHECKING:
    from filelock import FileLock

#: The project: this checkout.
ROOT = Path(__file__).resolve().parent.parent
#: Where the package itself is imported from, by processes that we start.
CODE = ROOT


def store() -> Path:
    """Return the store's folder: `GRADLOCK_STORE`, or `gradlock` in the user's cache."""
    from platformdirs import user_cache_path

    named = os.environ.get("GRADLOCK_STORE")
    return Path(named).resolve() if named else user_cache_path("gradlock")


def folder(name: str) -> Path:
    """Return a folder of the store, made when it is not there.

    Raises:
        InputError: the store belongs to another user, who could change what is in it.

    """
    home = store()
    home.mkdir(mode=0o755, parents=True, exist_ok=True)
    owner = home.stat().st_uid
    if owner != os.geteuid():
        raise InputError(
            f"the store belongs to another user (number {owner})",
            where=str(home),
            mend="set GRADLOCK_STORE to a folder of your own, or one that is not there yet",
        )
    path = home / name
    path.mkdir(mode=0o755, parents=True, exist_ok=True)
    return path


def digest(data: bytes) -> str:
    """Return the sha256 of some bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


def file_digest(path: Path) -> str:
    """Return the sha256 of a file, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary file beside `path` that takes its place when the block ends well.

    After an error or a kill, `path` is what it was: never half of a file. After a power cut
    it is so, too: the bytes reach the disk before the name does.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.close(handle)
    part = Path(name)
    try:
        yield part
        if part.exists():  # else the block has moved it to a name of its own
            part.chmod(0o644)
            flush(part)
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def flush(path: Path) -> None:
    """Wait until what was written to a file has reached the disk."""
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically."""
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")


@contextmanager
def scratch(purpose: str) -> Iterator[Path]:
    """Yield an empty folder of the store that is gone when the block ends.

    Any user may enter it: what works there may be another one, in a namespace say. Who holds
    it is told by a lock on the folder itself; its name tells people what it is and whose.
    """
    with _changing_scratch():
        _sweep()
        path = Path(tempfile.mkdtemp(prefix=f"{purpose}-{os.getpid()}-", dir=folder("tmp")))
        path.chmod(0o755)
        held = _hold(path)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        if held is not None:
            os.close(held)


def sweep() -> None:
    """Remove the scratch that killed runs left; what a run holds stays."""
    with _changing_scratch():
        _sweep()


def _changing_scratch() -> FileLock:
    """Return the lock under which scratch is made and swept: a new one is not held yet."""
    from filelock import FileLock

    return FileLock(folder("locks") / "scratch.lock")


def _sweep() -> None:
    for left in folder("tmp").iterdir():
        held = _hold(left)
        if held is not None:
            shutil.rmtree(left, ignore_errors=True)
            os.close(held)


def _hold(path: Path) -> int | None:
    """Lock a folder and return the lock's file descriptor.

    None where another process holds it, or the file system has no such locks: then nobody
    sweeps it. The kernel drops the lock with the last process that has the descriptor, however
    that ends: no number of a process, which others get later, and which means nothing in a
    container beside this one, says as much.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:  # its holder has just removed it, or it is no folder
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


@contextmanager
def exclusive(name: str) -> Iterator[None]:
    """Hold one of the store's locks; a second run says that it waits, and waits.

    The kernel drops the lock with the process, so a killed run leaves nothing to clean.
    """
    from filelock import FileLock, Timeout

    from gradlock import progress

    lock = FileLock(folder("locks") / f"{name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        progress.say(f"another run holds '{name}'; waiting for it")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
