"""The private engine's process: one dockerd for each store, where no other engine answers."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from gradlock import command, progress, store
from gradlock.engine import owner
from gradlock.errors import CommandError, EngineError

#: Seconds that an engine may take to start, or to stop its containers and end.
START, STOP = 60, 60
#: Seconds that what it started (an unpacker of layers, say) may outlive it.
RELEASE = 20
#: How many of its last lines an error shows.
TAIL = 12

Answer = TypeVar("Answer")


def folder() -> Path:
    """Return where this store's engine runs.

    Its name is a hash, because the path of a Unix socket must stay under 108 bytes.
    """
    return Path("/run") / f"gradlock-{store.digest(bytes(store.store()))[:8]}"


def listens() -> Path:
    """Return the socket of this store's engine."""
    return folder() / "docker.sock"


def log() -> Path:
    """Return where it writes what it does."""
    return store.folder("engine") / "dockerd.log"


def data() -> Path:
    """Return where it keeps images and containers."""
    return store.folder("engine") / "data"


def running() -> int | None:
    """Return its process, if it runs."""
    return _noted(*_dockerd())


def launch() -> int:
    """Start it in a session of its own, so that no Ctrl-C reaches it; return its process.

    Raises:
        EngineError: this user is not root, or there is no dockerd.

    """
    if os.getuid() != 0:
        raise EngineError(
            "no Docker Engine answers, and only root can start a private one",
            mend="sudo systemctl start docker; or set DOCKER_HOST; or run as root",
        )
    # Debian has dockerd in /usr/sbin, which is not in every PATH.
    program = shutil.which("dockerd", path=f"{os.environ.get('PATH', '')}:{command.PATH}")
    if program is None:
        raise EngineError(
            "no Docker Engine answers, and dockerd is not installed",
            mend="./inv setup installs it (Debian's docker.io)",
        )
    folder().mkdir(mode=0o711, exist_ok=True)
    _forget()
    progress.say(f"no Docker Engine answers: starting a private one, {listens()}")
    return command.detach(
        [
            program,
            f"--data-root={data()}",
            f"--exec-root={folder() / 'exec'}",
            f"--pidfile={folder() / 'pid'}",
            f"--host=unix://{listens()}",
        ],
        purpose="starting a private Docker Engine",
        env=command.networked(),
        output=log(),
    )


def wait(pid: int, ask: Callable[[], Answer | None]) -> Answer:
    """Ask until there is an answer, as long as the process lives.

    Raises:
        EngineError: it died, or did not answer in time; with its last lines.

    """
    argument = _dockerd()[1]
    deadline = time.monotonic() + START
    # The shell that becomes dockerd has another command line for its first milliseconds.
    patience = time.monotonic() + 2
    while time.monotonic() < deadline:
        alive = _has(pid, argument)
        if answer := ask():
            return answer
        if not alive and time.monotonic() > patience:
            break
        time.sleep(0.1)
    lines = log().read_text(errors="replace").splitlines()[-TAIL:]
    raise EngineError(
        "the private Docker Engine "
        + (f"does not answer after {START} s" if _has(pid, argument) else "died as it started"),
        where=str(log()),
        mend="its last lines were:\n    " + "\n    ".join(lines),
    )


def end() -> bool:
    """End it, and wait until all that it holds can be removed; return whether it ran."""
    ran = _end(*_dockerd())
    _unmount()
    shutil.rmtree(folder(), ignore_errors=True)
    return ran


def _dockerd() -> tuple[Path, str]:
    """Return where its process is noted, and an argument that only it has."""
    return folder() / "pid", f"--data-root={data()}"


def _containerd() -> tuple[Path, str]:
    """Return the same of its helper process."""
    helper = folder() / "exec/containerd"
    return helper / "containerd.pid", str(helper / "containerd.toml")


def _noted(note: Path, argument: str) -> int | None:
    """Return the process that a file notes, if it runs and is what it should be."""
    try:
        pid = int(note.read_text())
    except (FileNotFoundError, ValueError):
        return None
    return pid if _has(pid, argument) else None


def _has(pid: int, argument: str) -> bool:
    """Whether a process has an argument: pids are used again, and notes get stale."""
    try:
        argv = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return os.fsencode(argument) in argv


def _end(note: Path, argument: str) -> bool:
    """End the process that a file notes, and wait until it has; return whether it ran."""
    pid = _noted(note, argument)
    if pid is None:
        return False
    began = owner.started(pid)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP
    # Its command line goes before the files that it has open.
    while owner.started(pid) == began != "":
        if time.monotonic() > deadline:
            raise EngineError(
                f"the private Docker Engine (process {pid}) did not end within {STOP} s",
                where=str(log()),
                mend="stop its containers and run this again",
            )
        time.sleep(0.1)
    return True


def _forget() -> None:
    """Remove what a killed engine noted: it would keep another from starting.

    The note of its helper, too: another engine takes that process for its own while it dies,
    and after (a dead process keeps its pid until its parent, or init, asks for it).
    """
    _end(*_containerd())
    for note, _ in (_dockerd(), _containerd()):
        note.unlink(missing_ok=True)


def _unmount() -> None:
    """Unmount what a killed engine left mounted on its data, the last first.

    And on what it notes: its own network's name stays mounted there, however it ends.
    """
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    for point in reversed([line.split()[4].replace("\\040", " ") for line in lines]):
        if any(map(Path(point).is_relative_to, (data(), folder()))):
            _release(point)


def _release(point: str) -> None:
    """Unmount a folder; a child of the engine may hold it for a moment after the engine ended."""
    deadline = time.monotonic() + RELEASE
    while True:
        try:
            command.run(["umount", point], purpose="unmounting what the private engine had")
        except CommandError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return
