"""Artifacts: every file that a lock names, in the store under its sha256.

    <store>/artifacts/<sha256>/<filename>

A file gets there by one rename, after its bytes were hashed. A verified file carries VERIFIED
as its modification time: whatever touches the file later moves that, and the file is hashed
again before it is used. So a flipped byte is found, and nothing is hashed twice for nothing.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx

from gradlock import progress, store
from gradlock.errors import ArtifactError, raise_all
from gradlock.locks.lockfile import CondaPin, DebPin, WheelPin

#: The modification time of a verified file, in seconds: any moment that no write can have.
VERIFIED = 315532800
#: Seconds to wait before each further try of a download.
BACKOFF = (1.0, 3.0, 9.0)

Pin = DebPin | CondaPin | WheelPin
#: Finds where pins can be downloaded, by sha256.
Locate = Callable[[Sequence[Pin]], Mapping[str, "Source"]]


@dataclass(frozen=True)
class Source:
    """Where an artifact can be downloaded; `size` in bytes, 0 where it is not known."""

    url: str
    filename: str
    size: int


def path_of(pin: Pin) -> Path | None:
    """Return where an artifact lies in the store, or None."""
    home = store.folder("artifacts") / pin.sha256
    if not home.is_dir():
        return None
    # A killed run may have left a half-written file; its name starts with a dot.
    return next((file for file in home.iterdir() if not file.name.startswith(".")), None)


def verified(pin: Pin) -> Path | None:
    """Return an artifact whose bytes are those of the lock, or None.

    A file with other bytes is named with both hashes and removed from the store.
    """
    path = path_of(pin)
    if path is None or seal(path, pin.sha256):
        return path
    progress.say(
        f"refused {path.name}: the store's copy has sha256 {store.file_digest(path)}, "
        f"the lock says {pin.sha256}; removed it"
    )
    shutil.rmtree(path.parent)
    return None


def seal(path: Path, sha256: str) -> bool:
    """Tell whether a file's bytes have that hash; if so, mark it as verified."""
    if path.stat().st_mtime == VERIFIED:
        return True
    if store.file_digest(path) != sha256:
        return False
    mark(path)
    return True


def mark(path: Path) -> None:
    """Mark a file as verified: to be called on bytes that were just hashed."""
    os.utime(path, (VERIFIED, VERIFIED))


def fetch(pins: Iterable[Pin], locate: Locate) -> dict[str, Path]:
    """Bring every artifact into the store, verified; return their paths by sha256.

    Raises:
        ArtifactError: some cannot be had, or are not what the lock says; all are named. What
            was fetched until then stays, so the next run resumes.

    """
    wanted = {pin.sha256: pin for pin in pins}
    found = {sha256: path for sha256, pin in wanted.items() if (path := verified(pin))}
    missing = [pin for sha256, pin in wanted.items() if sha256 not in found]
    if not missing:
        return found
    sources = locate(missing)
    problems: list[ArtifactError] = [
        ArtifactError(
            f"{pin.name} {pin.version}: no index offers the file that the lock names",
            where=f"sha256 {pin.sha256}",
            mend="carry it here with `./inv fetch --from DIR`, or relock with ./inv lock",
        )
        for pin in missing
        if pin.sha256 not in sources
    ]
    total = sum(sources[pin.sha256].size for pin in missing if pin.sha256 in sources)
    started, stop = time.monotonic(), threading.Event()
    with (
        store.exclusive("fetch"),
        progress.meter(f"fetching {len(missing)} artifacts", total) as meter,
        httpx.Client(
            follow_redirects=True, timeout=60, limits=httpx.Limits(max_connections=8)
        ) as client,
        ThreadPoolExecutor(8) as pool,
    ):

        def one(pin: Pin) -> Path | ArtifactError:
            try:
                source = sources[pin.sha256]
                return path_of(pin) or _download(client, pin, source, meter, stop)
            except ArtifactError as error:
                return error

        offered = [pin for pin in missing if pin.sha256 in sources]
        # The largest first: the last to end should be a small one.
        offered.sort(key=lambda pin: -sources[pin.sha256].size)
        try:
            for pin, outcome in zip(offered, pool.map(one, offered), strict=True):
                if isinstance(outcome, ArtifactError):
                    problems.append(outcome)
                else:
                    found[pin.sha256] = outcome
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    raise_all(ArtifactError, problems)
    progress.say(
        f"fetched {len(missing)} artifacts, {total / 1e6:.0f} MB, "
        f"in {time.monotonic() - started:.1f} s"
    )
    return found


def keep(file: Path, pin: Pin, filename: str, *, move: bool = False) -> Path:
    """Put a file into the store, after its hash was found to be the lock's.

    Raises:
        ArtifactError: it has other bytes; both hashes are named, and nothing is stored.

    """
    found = store.file_digest(file)
    if found != pin.sha256:
        raise ArtifactError(
            f"{filename}: refused, its sha256 is {found}, the lock says {pin.sha256}",
            where=str(file) if not move else f"{pin.name} {pin.version}",
            mend="it is not the file that was locked: get it from another place, "
            "or find out who changed it before you relock",
        )
    home = store.folder("artifacts") / pin.sha256
    home.mkdir(exist_ok=True)
    if not move:
        with store.replacing(home / filename) as copy:
            shutil.copyfile(file, copy)
        file = home / filename
    mark(file)
    return file.replace(home / filename)


def _download(
    client: httpx.Client,
    pin: Pin,
    source: Source,
    meter: progress.Meter,
    stop: threading.Event,
) -> Path:
    """Download one artifact, resuming what an earlier run left, with a few tries."""
    part = store.folder("artifacts") / f"{pin.sha256}.part"
    problem = ""
    for pause in (0.0, *BACKOFF):
        if stop.wait(pause):
            raise ArtifactError("interrupted", where=source.url)
        try:
            _receive(client, source.url, part, meter, stop)
        except httpx.HTTPStatusError as error:
            problem = f"the server answers {error.response.status_code}"
            if error.response.status_code in (403, 404, 410):
                break
        except httpx.HTTPError as error:
            problem = f"{type(error).__name__}: {error}"
        except OSError as error:
            raise ArtifactError(
                f"writing {source.filename} failed: {error.strerror}",
                where=str(part),
                mend="make room and run again: what is complete stays, the rest resumes",
            ) from error
        else:
            try:
                return keep(part, pin, source.filename, move=True)
            finally:
                part.unlink(missing_ok=True)
    gone = isinstance(pin, DebPin)
    raise ArtifactError(
        f"fetching {source.filename} failed: {problem}",
        where=source.url,
        mend=(
            "a superseded .deb leaves the mirrors: name a dated one with "
            "GRADLOCK_DEBIAN_MIRROR (and GRADLOCK_DEBIAN_SECURITY_MIRROR), carry the file "
            "with `./inv fetch --from DIR`, or relock"
            if gone
            else "run again when the index can be reached: what is complete stays"
        ),
    )


def _receive(
    client: httpx.Client, url: str, part: Path, meter: progress.Meter, stop: threading.Event
) -> None:
    """Write what a URL serves to a file, going on from the bytes that the file has."""
    have = part.stat().st_size if part.exists() else 0
    # A mirror that compresses on the way would change the bytes.
    headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={have}-"} if have else {})}
    with client.stream("GET", url, headers=headers) as answer:
        if answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            part.unlink()  # longer than the file is: of no use
        answer.raise_for_status()
        resumed = answer.status_code == httpx.codes.PARTIAL_CONTENT
        if resumed:
            meter.advance(have)
        with part.open("ab" if resumed else "wb") as sink:
            for chunk in answer.iter_raw():
                if stop.is_set():
                    raise ArtifactError("interrupted", where=url)
                sink.write(chunk)
                meter.advance(len(chunk))
