"""The one module that runs subprocesses, each with an environment that is named, not inherited."""

from __future__ import annotations

import math
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradlock.errors import CommandError

#: How many of a failed command's last lines an error shows.
TAIL = 25
#: Where programs of a system lie, in the order of a login shell.
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#: Seconds between asking an interrupted command to end and ending it.
GRACE = 2

#: How a machine reaches the network, its indexes and its archives: proxies, certificates,
#: credentials, and where tools read them from. None of it says what a resolver should choose.
NETWORK = (
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC"),
    *("XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "XDG_CACHE_HOME", "APT_CONFIG", "SSH_AUTH_SOCK"),
    *(
        f"PIP_{name}"
        for name in (
            *("CONFIG_FILE", "INDEX_URL", "EXTRA_INDEX_URL", "NO_INDEX", "FIND_LINKS"),
            *("TRUSTED_HOST", "CERT", "CLIENT_CERT", "PROXY", "KEYRING_PROVIDER"),
            *("TIMEOUT", "DEFAULT_TIMEOUT", "RETRIES", "CACHE_DIR"),
        )
    ),
    *(
        f"UV_{name}"
        for name in (
            *("CONFIG_FILE", "INDEX", "DEFAULT_INDEX", "INDEX_URL", "EXTRA_INDEX_URL"),
            *("NO_INDEX", "FIND_LINKS", "INSECURE_HOST", "NATIVE_TLS", "SYSTEM_CERTS"),
            *("KEYRING_PROVIDER", "HTTP_TIMEOUT", "HTTP_RETRIES", "OFFLINE", "CACHE_DIR"),
        )
    ),
)
#: How uv's variables with an index's credentials begin: UV_INDEX_COMPANY_PASSWORD.
CREDENTIALS = "UV_INDEX_"

#: Runs a command as the leader of a process group of its own, and beside it a watcher that
#: ends the whole group when the pipe on its stdin closes. The kernel closes it with this
#: process, however that ends: so no child outlives a kill. Linux could do it by pdeathsig,
#: but that reaches no grandchild, and ends children with the thread that started them.
#: The watcher is no child of the command, which may wait for all that it has.
LEASH = """\
exec 3<&0
({ trap '' TERM; read -r _ <&3; kill -9 "-$$"; } </dev/null >/dev/null 2>&1 &)
exec 3<&- "$@" </dev/null
"""

#: The commands that run now, in any thread, and when each was asked to end (see `end_all`).
_RUNNING: dict[subprocess.Popen[bytes], float] = {}


@dataclass(frozen=True)
class Program:
    """What starts a program: the beginning of its command line, and its environment."""

    argv: tuple[str, ...]
    env: dict[str, str]


def plain(**more: str) -> dict[str, str]:
    """Return the environment of a builder: the same on every machine, but for `more`.

    Whoever needs a home names one; this one does not exist, so nothing of the user's is read.
    """
    return {"PATH": PATH, "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": "/nonexistent", **more}


def networked(**more: str) -> dict[str, str]:
    """Return the environment of what fetches or resolves: `plain`, and this machine's network.

    That is the variables in `NETWORK`, and the user's own home, for what lies there: netrc,
    configurations of pip and uv, keys.
    """
    own = {
        name: value
        for name, value in os.environ.items()
        if name in NETWORK or name.startswith(CREDENTIALS)
    }
    return plain(**{"HOME": str(Path.home()), **own, **more})


def run(
    command: Sequence[str | Path],
    *,
    purpose: str,
    env: Mapping[str, str] | None = None,
    cwd: Path = Path("/"),
    output: Path | None = None,
    limit: float = math.inf,
) -> str:
    """Run a command to its end and return what it printed to stdout.

    `purpose` is a gerund that an error repeats ("resolving the wheels of cpu"). `env` is the
    whole environment of the command, `plain()` where none is given; its umask is 022 and its
    stdin empty. With `output`, stdout goes to that file as bytes instead. When this process
    is interrupted or killed, the command and all that it started end with it; so they do after
    `limit` seconds.

    Raises:
        CommandError: the command is not there, left with another status than 0, or took longer.

    """
    environment = plain() if env is None else dict(env)
    argv = _found([str(part) for part in command], environment, purpose)
    options: dict[str, Any] = {"cwd": cwd, "env": environment, "stderr": subprocess.PIPE}
    if output is None:
        with _leashed(argv, stdout=subprocess.PIPE, **options) as process:
            printed, said = _communicate(process, purpose, limit)
    else:
        with output.open("wb") as sink, _leashed(argv, stdout=sink, **options) as process:
            printed, said = _communicate(process, purpose, limit)
    if process.returncode != 0:
        lines = _text(printed + said).strip().splitlines()
        raise CommandError(
            f"{purpose}: {Path(argv[0]).name} failed with status {process.returncode}",
            where=" ".join(argv[:6]) + (" ..." if len(argv) > 6 else ""),
            mend="its last lines were:\n    " + "\n    ".join(lines[-TAIL:]),
        )
    return _text(printed)


def detach(
    command: Sequence[str | Path], *, purpose: str, env: Mapping[str, str], output: Path
) -> int:
    """Start a command that outlives this process, in a session of its own; return its pid.

    What it prints goes to `output`. It is no child of this process, which need not wait for it.

    Raises:
        CommandError: the command is not there.

    """
    argv = _found([str(part) for part in command], env, purpose)
    script = '"$@" >"$0" 2>&1 </dev/null & echo $!'
    done = subprocess.run(
        ["/bin/sh", "-c", script, output, *argv],
        env=dict(env),
        cwd="/",
        umask=0o022,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        check=True,
    )
    return int(done.stdout)


@contextmanager
def talking(
    command: Sequence[str], connection: socket.socket, *, purpose: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command whose stdin and stdout are a socket, `networked`, until the block ends.

    It needs no watcher: the socket's other end closes with whoever holds it. What it prints
    to stderr is seen.

    Raises:
        CommandError: the command is not there.

    """
    environment = networked()
    argv = _found(command, environment, purpose)
    process = subprocess.Popen(
        argv,
        stdin=connection.fileno(),
        stdout=connection.fileno(),
        env=environment,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def end_all() -> None:
    """Have every command end that runs, in any thread; `run` raises there.

    For whoever is interrupted while other threads wait for commands: a handler of signals may
    call it, so it waits for nothing. What does not listen is ended a moment later.
    """
    for process in tuple(_RUNNING):
        _RUNNING[process] = time.monotonic()
        _signal(process, signal.SIGTERM)


def _communicate(
    process: subprocess.Popen[bytes], purpose: str, limit: float
) -> tuple[bytes, bytes]:
    """Read what a command prints until it has ended."""
    deadline = time.monotonic() + limit
    while True:
        try:
            printed, said = process.communicate(timeout=min(GRACE, limit))
        except subprocess.TimeoutExpired:
            if time.monotonic() > deadline:
                raise CommandError(f"{purpose}: it did not end within {limit:g} s") from None
            if _RUNNING[process] + GRACE < time.monotonic():
                _signal(process, signal.SIGKILL)
        else:
            return printed or b"", said or b""


def _found(argv: Sequence[str], env: Mapping[str, str], purpose: str) -> list[str]:
    """Return a command line with the program's path, as the environment that it gets has it."""
    program = shutil.which(argv[0], path=env.get("PATH", ""))
    if program is None:
        raise CommandError(
            f"{purpose}: the program {argv[0]!r} is not installed",
            mend="./inv setup installs what gradlock needs",
        )
    return [program, *argv[1:]]


@contextmanager
def _leashed(argv: Sequence[str], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command that has ended, with all that it started, when the block ends."""
    reader, writer = os.pipe()
    try:
        with os.fdopen(reader) as stdin:
            process = subprocess.Popen(
                ["/bin/sh", "-c", LEASH, "leash", *argv],
                stdin=stdin,
                start_new_session=True,
                umask=0o022,
                **options,
            )
        _RUNNING[process] = math.inf
        try:
            yield process
        finally:
            _end(process)
            del _RUNNING[process]
    finally:
        os.close(writer)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask a command to end where it still runs, give it a moment, and end it."""
    if process.poll() is None:
        _signal(process, signal.SIGTERM)
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            _signal(process, signal.SIGKILL)
            process.wait()
    for stream in (process.stdout, process.stderr):
        if stream:
            stream.close()


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    """Send a signal to a command and to what it started; not to one that has been waited for."""
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):  # macOS refuses a group that has ended
            os.killpg(process.pid, number)


def _text(printed: bytes) -> str:
    """Return what a program printed, which may be no text where it failed."""
    return printed.decode(errors="replace")
