"""One download: resumed where an earlier run left it, hashed as it comes, by one run at a time."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BufferedRandom
from pathlib import Path

import httpx

from gradlock import progress, store
from gradlock.artifacts import artifacts, network
from gradlock.artifacts.artifacts import Pin
from gradlock.artifacts.index import Source
from gradlock.errors import ArtifactError
from gradlock.locks.pins import DebPin

#: Seconds between two looks at what another run is downloading.
GLANCE = 0.1


@dataclass
class Download:
    """One artifact on its way into the store. Threads and runs that want the same one wait."""

    client: httpx.Client
    pin: Pin
    source: Source
    meter: progress.Meter
    stop: network.Stop
    #: The bytes that the meter was told of.
    _told: int = 0
    #: The size that the meter was told of, where the source did not tell it before.
    _expected: int = 0

    def run(self) -> Path:
        """Download the artifact; return where it lies in the store.

        Raises:
            ArtifactError: it cannot be had, is not what the lock says, or cannot be written.

        """
        part = store.folder("artifacts") / f"{self.pin.sha256}.part"
        try:
            with self._alone(part) as file:
                if done := artifacts.verified(self.pin):  # by another run, meanwhile
                    part.unlink()
                    return done
                return self._fill(file, part)
        except OSError as error:
            raise ArtifactError(
                f"writing {self.source.filename} failed: {error.strerror}",
                where=str(part),
                mend="make room and run again: what is complete stays, the rest resumes",
            ) from error

    def _fill(self, file: BufferedRandom, part: Path) -> Path:
        """Receive what the part lacks, and move it to its place."""
        url = self.source.url
        try:
            resumed, found = self._receive(file)
            if found != self.pin.sha256 and resumed:  # perhaps what was left is at fault
                file.truncate(0)
                _, found = self._receive(file)
        except network.ERRORS as error:
            if not os.fstat(file.fileno()).st_size:
                part.unlink()
            raise self._failed(network.reason(error)) from error
        if found != self.pin.sha256:
            part.unlink()
            raise artifacts.wrong(self.source.filename, found, self.pin, where=network.plain(url))
        return artifacts.adopt(part, self.pin, self.source.filename)

    def _receive(self, file: BufferedRandom) -> tuple[bool, str]:
        """Go on from the bytes that a file has until it has all, flushed to the disk.

        Returns whether the file began with bytes of an earlier run, and its sha256.
        """
        resumed = bool(file.seek(0, os.SEEK_END))
        url = self.source.url
        sha256 = network.patiently(lambda: self._try(file), self.stop, network.plain(url))
        os.fsync(file.fileno())
        return resumed, sha256

    def _try(self, file: BufferedRandom) -> str:
        """Write what the URL serves behind the bytes that a file has; return the sha256 of all."""
        have = file.seek(0, os.SEEK_END)
        # A mirror that compresses on the way would change the bytes.
        headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={have}-"} if have else {})}
        login = self.source.login or httpx.USE_CLIENT_DEFAULT
        with (
            self.client.stream("GET", self.source.url, headers=headers, auth=login) as answer,
            self.stop.ends(answer),
        ):
            if answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                file.truncate(0)  # longer than the file is, or whole: of no use
            answer.raise_for_status()
            if answer.status_code != httpx.codes.PARTIAL_CONTENT:
                file.truncate(0)
            self._expect(file.seek(0, os.SEEK_END), answer)
            file.seek(0)
            sha256 = hashlib.file_digest(file, "sha256")  # leaves the file at its end
            self._tell(file.tell())
            for chunk in answer.iter_raw():
                network.check(self.stop, network.plain(self.source.url))
                file.write(chunk)
                sha256.update(chunk)
                self._tell(self._told + len(chunk))
        file.flush()
        return sha256.hexdigest()

    def _expect(self, have: int, answer: httpx.Response) -> None:
        """Tell the meter the size of a file of which no lock and no index tells one."""
        length = answer.headers.get("Content-Length", "")
        if not self.source.size and not self._expected and length.isdecimal():
            self._expected = have + int(length)
            self.meter.expect(self._expected)

    def _tell(self, have: int) -> None:
        """Tell the meter how many bytes there are."""
        self.meter.advance(have - self._told)
        self._told = have

    @contextmanager
    def _alone(self, part: Path) -> Iterator[BufferedRandom]:
        """Open the part that grows, as the only one of all threads and runs.

        The kernel drops the lock with the process, so a killed run leaves nothing to clean.
        """
        waited = False
        while True:
            network.check(self.stop, network.plain(self.source.url))
            file = os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT, 0o644), "r+b")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # Who held it before may have moved or removed the file that is locked now.
                if _same(file, part):
                    break
            except OSError as error:
                if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                    file.close()
                    raise
                if not waited:
                    progress.say(f"another run fetches {self.source.filename}; waiting for it")
                waited = True
                self.stop.wait(GLANCE)
            file.close()
        try:
            yield file
        finally:
            with suppress(OSError):  # what a full disk has refused once
                file.close()

    def _failed(self, why: str) -> ArtifactError:
        """Return the error for what the network did not bring."""
        return ArtifactError(
            f"fetching {self.source.filename} failed: {why}",
            where=network.plain(self.source.url),
            mend=(
                "a superseded .deb leaves the mirrors: name a dated one with "
                "GRADLOCK_DEBIAN_MIRROR (and GRADLOCK_DEBIAN_SECURITY_MIRROR), carry the file "
                "with `./inv fetch --from DIR`, or relock"
                if isinstance(self.pin, DebPin)
                else "run again when the index can be reached: what is complete stays"
            ),
        )


def _same(file: BufferedRandom, path: Path) -> bool:
    """Whether an open file is the one that a path names now."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
