"""A closed container: not root, no network, a read-only root; files go in and come out as tars.

Nothing of this machine is mounted, so an engine that does not see its files serves as well.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from docker.models.containers import Container
from docker.types import Mount

from gradlock.engine import containers
from gradlock.engine.engine import Engine
from gradlock.errors import EngineError

#: Where the container has what is put into it, and where it may leave results.
FOLDER = PurePosixPath("/gradlock")
TESTS, RESULTS = FOLDER / "tests", FOLDER / "results"
#: Bytes that the results may have: they are read into memory.
LIMIT = 256 << 20


def options(engine: Engine, **environment: str) -> dict[str, Any]:
    """Return the SDK's options of the container: what it may write to, and reach.

    The folder is a volume that lives as long as the container: an archive can be put there
    though the root is read-only.
    """
    return {
        **containers.confined(engine),
        "network_mode": "none",
        "read_only": True,
        "working_dir": str(TESTS),
        "tmpfs": {"/tmp": "rw,exec,nosuid,nodev,mode=1777,size=4g"},
        "shm_size": "1g",
        "mounts": [Mount(str(FOLDER), source=None, type="volume")],
        "environment": {
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            **environment,
        },
    }


def put(container: Container, files: Mapping[str, bytes]) -> None:
    """Put files below `TESTS`, by their paths there, for the image's user to read."""
    container.put_archive(str(FOLDER), _packed(files))


def results(container: Container) -> dict[str, bytes]:
    """Return the files that the container left in `RESULTS`, by name.

    Raises:
        EngineError: they are more than `LIMIT`.

    """
    chunks, _ = container.get_archive(str(RESULTS))
    stream = io.BufferedReader(_Chunks(chunks))
    found: dict[str, bytes] = {}
    with tarfile.open(fileobj=stream, mode="r|", encoding="utf-8") as tar:
        for member in tar:
            path = PurePosixPath(member.name)
            # What runs there may leave anything, a link or a path to elsewhere, too.
            if not member.isreg() or path.parent != PurePosixPath(RESULTS.name):
                continue
            if sum(map(len, found.values())) + member.size > LIMIT:
                raise EngineError(
                    f"the results are more than {LIMIT >> 20} MiB", where=str(RESULTS / path.name)
                )
            source = tar.extractfile(member)
            assert source is not None, "it is a regular file"
            found[path.name] = source.read()
    return found


def _packed(files: Mapping[str, bytes]) -> bytes:
    """Return a tar of the files, with modes of its own, and a folder that any user may write to."""
    folders = {TESTS}
    for name in files:
        folders |= {folder for folder in (TESTS / name).parents if folder.is_relative_to(TESTS)}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", encoding="utf-8") as tar:
        for folder in (*sorted(folders), RESULTS):
            entry = tarfile.TarInfo(str(folder.relative_to(FOLDER)))
            entry.type, entry.mode = tarfile.DIRTYPE, 0o777 if folder == RESULTS else 0o755
            tar.addfile(entry)
        for name, data in sorted(files.items()):
            entry = tarfile.TarInfo(str((TESTS / name).relative_to(FOLDER)))
            entry.size, entry.mode = len(data), 0o644
            tar.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


class _Chunks(io.RawIOBase):
    """Reads what an iterator yields."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self.chunks = chunks
        self.left = b""

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer as far as one chunk goes."""
        while not self.left:
            chunk = next(self.chunks, None)
            if chunk is None:
                return 0
            self.left = chunk
        size = min(len(buffer), len(self.left))
        buffer[:size], self.left = self.left[:size], self.left[size:]
        return size
