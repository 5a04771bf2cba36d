"""Where files live, and how they are written: atomically, and by one run at a time.

Everything that gradlock can make again lies below one folder, the store. It is keyed by
content, so several clones share it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from platformdirs import user_cache_path

from gradlock import progress

#: The project: this checkout.
ROOT = Path(__file__).resolve().parent.parent


def store() -> Path:
    """Return the store's folder: `GRADLOCK_STORE`, or `gradlock` in the user's cache."""
    named = os.environ.get("GRADLOCK_STORE")
    return Path(named).resolve() if named else user_cache_path("gradlock")


def folder(name: str) -> Path:
    """Return a folder of the store, made when it is not there."""
    path = store() / name
    path.mkdir(parents=True, exist_ok=True)
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

    After an error or a kill, `path` is what it was: never half of a file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.close(handle)
    part = Path(name)
    try:
        yield part
        if part.exists():  # else the block has moved it to a name of its own
            part.chmod(0o644)
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically."""
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")


@contextmanager
def scratch(purpose: str) -> Iterator[Path]:
    """Yield an empty folder of the store that is gone when the block ends.

    What a killed run left goes too: a folder's name tells the process that it belongs to.
    """
    for left in folder("tmp").glob("*-*-*"):
        if not _alive(int(left.name.split("-")[-2])):
            shutil.rmtree(left, ignore_errors=True)
    path = Path(tempfile.mkdtemp(prefix=f"{purpose}-{os.getpid()}-", dir=folder("tmp")))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _alive(pid: int) -> bool:
    """Whether a process of this machine has that number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@contextmanager
def exclusive(name: str) -> Iterator[None]:
    """Hold one of the store's locks; a second run says that it waits, and waits.

    The kernel drops the lock with the process, so a killed run leaves nothing to clean.
    """
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
