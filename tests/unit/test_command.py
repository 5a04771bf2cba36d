"""Subprocesses: what they get, what they print, and that none is left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gradlock import command, store
from gradlock.errors import CommandError

#: Seconds that a process may take to end, or to begin, on a busy machine.
PATIENCE = 20


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def until(true: Callable[[], object]) -> None:
    """Wait for something that happens soon."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Whether a process runs: one that has ended may wait for its parent yet."""
    printed = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return printed.stdout.strip()[:1] not in ("", "Z")


def family(pids: Path, *, deaf: bool = False) -> list[str]:
    """Return a command of two processes that note themselves and do not end.

    A deaf one does not even listen when it is asked to.
    """
    script = "trap '' TERM; " if deaf else ""
    script += f'sleep 600 & echo $$ $! >"{pids}.part" && mv "{pids}.part" "{pids}"; wait'
    return ["sh", "-c", script]


def noted(pids: Path) -> list[int]:
    """Return the processes of a family, once they are there."""
    until(pids.exists)
    return [int(pid) for pid in pids.read_text().split()]


# What a command gets


def test_nothing_of_the_host_reaches_a_builder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PYTHONDONTWRITEBYTECODE", "LANG", "TZ", "TMPDIR", "http_proxy", "GRADLOCK_X"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("LC_ALL", "hu_HU.ISO-8859-2")
    monkeypatch.chdir(tmp_path)
    before = os.umask(0o077)
    try:
        printed = command.run(["sh", "-c", "env; umask"], purpose="testing")
    finally:
        os.umask(before)
    assert sorted(printed.splitlines()) == sorted(
        [
            "0022",
            "HOME=/nonexistent",
            "LC_ALL=C.UTF-8",
            f"PATH={command.PATH}",
            "PWD=/",  # the shell's own
            "TZ=UTC",
        ]
    )


def test_a_resolver_gets_the_machines_network_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = {
        "https_proxy": "http://proxy",
        "SSL_CERT_FILE": "/ca.pem",
        "PIP_CERT": "/ca.pem",
        "UV_INDEX_COMPANY_PASSWORD": "secret",
        "HOME": "/home/somebody",
    }
    others = ("PYTHONPATH", "PIP_PRE", "PIP_CONSTRAINT", "UV_RESOLUTION", "UV_PRERELEASE", "LANG")
    for name in others:
        monkeypatch.setenv(name, "x")
    for name, value in ours.items():
        monkeypatch.setenv(name, value)
    made = command.networked(MORE="more")
    assert made.items() >= {**ours, "MORE": "more", "LC_ALL": "C.UTF-8"}.items()
    assert not made.keys() & set(others)


def test_the_environment_given_is_the_whole(tmp_path: Path) -> None:
    printed = command.run(
        ["env"], purpose="testing", cwd=tmp_path, env={"PATH": command.PATH, "ONE": "1"}
    )
    assert sorted(line for line in printed.splitlines() if not line.startswith("PWD=")) == [
        "ONE=1",
        f"PATH={command.PATH}",
    ]


def test_stdin_is_empty_and_no_file_is_open() -> None:
    code = "import os, sys; print(repr(sys.stdin.read()), sorted(os.listdir('/dev/fd'))[:4])"
    with open(os.devnull) as another:  # noqa: PTH123 - a descriptor that is not to be passed
        os.set_inheritable(another.fileno(), False)
        printed = command.run(python(code), purpose="testing")
    assert printed == "'' ['0', '1', '2', '3']\n"  # 3 is the listing's own


# What comes of it


def test_stdout_is_returned_and_stderr_is_not() -> None:
    code = "import sys; print('result'); print('noise', file=sys.stderr)"
    assert command.run(python(code), purpose="testing") == "result\n"


def test_output_goes_to_a_file_byte_by_byte(tmp_path: Path) -> None:
    code = r"import sys; sys.stdout.buffer.write(b'\xff\r\n')"
    assert command.run(python(code), purpose="testing", output=tmp_path / "out") == ""
    assert (tmp_path / "out").read_bytes() == b"\xff\r\n"


def test_bytes_that_are_no_text_break_nothing() -> None:
    code = r"import sys; sys.stderr.buffer.write(b'caf\xe9'); sys.exit(1)"
    with pytest.raises(CommandError, match="status 1") as caught:
        command.run(python(code), purpose="testing")
    assert "caf" in caught.value.mend


@pytest.mark.parametrize("to_file", [False, True])
def test_a_failure_shows_the_command_and_its_last_lines(tmp_path: Path, to_file: bool) -> None:
    code = "import sys; [print(f'line {n}', file=sys.stderr) for n in range(100)]; sys.exit(7)"
    with pytest.raises(CommandError) as caught:
        command.run(
            python(code),
            purpose="testing failures",
            output=tmp_path / "out" if to_file else None,
        )
    error = caught.value
    assert error.what == f"testing failures: {Path(sys.executable).name} failed with status 7"
    assert error.where.startswith(sys.executable)
    assert error.mend.endswith("line 98\n    line 99")
    assert "line 74\n" not in error.mend


def test_a_program_that_is_not_installed_is_named() -> None:
    with pytest.raises(CommandError, match="'no-such-program' is not installed") as caught:
        command.run(["no-such-program"], purpose="testing")
    assert "setup" in caught.value.mend


# What is left behind: nothing


def test_what_a_command_leaves_running_ends_with_it(tmp_path: Path) -> None:
    script = 'sleep 600 >/dev/null 2>&1 & echo "$!"'
    pid = int(command.run(["sh", "-c", script], purpose="testing"))
    until(lambda: not alive(pid))


def test_a_killed_parent_leaves_no_child(tmp_path: Path) -> None:
    code = f"from gradlock import command; command.run({family(tmp_path / 'pids')!r}, purpose='x')"
    with subprocess.Popen(python(code), cwd=store.ROOT) as parent:
        pids = noted(tmp_path / "pids")
        parent.kill()
    until(lambda: not any(map(alive, pids)))


def test_an_interrupt_ends_a_child_that_does_not_listen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "GRACE", 0.2)
    argv = family(tmp_path / "pids", deaf=True)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    main = threading.main_thread().ident
    assert main is not None

    def interrupt() -> None:
        noted(tmp_path / "pids")
        signal.pthread_kill(main, signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            command.run(argv, purpose="testing")
    finally:
        thread.join()
        signal.signal(signal.SIGINT, before)
    assert not any(map(alive, noted(tmp_path / "pids")))


@pytest.mark.parametrize("deaf", [False, True])
def test_all_commands_of_all_threads_can_be_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deaf: bool
) -> None:
    errors: list[CommandError] = []

    def work(name: str) -> None:
        try:
            command.run(family(tmp_path / name, deaf=deaf), purpose=name)
        except CommandError as error:
            errors.append(error)

    monkeypatch.setattr(command, "GRACE", 0.2)
    threads = [threading.Thread(target=work, args=[name]) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    pids = [pid for name in ("one", "two") for pid in noted(tmp_path / name)]
    command.end_all()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(errors) == 2
    until(lambda: not any(map(alive, pids)))


def test_a_detached_command_outlives_who_started_it(tmp_path: Path) -> None:
    code = f"""if True:
        from pathlib import Path
        from gradlock import command
        argv = ["sh", "-c", "echo said; exec sleep 600"]
        log = Path({str(tmp_path / "log")!r})
        print(command.detach(argv, purpose="x", env=command.plain(), output=log))
    """
    printed = subprocess.run(python(code), cwd=store.ROOT, capture_output=True, check=True)
    pid = int(printed.stdout)
    try:
        until(lambda: (tmp_path / "log").read_text() == "said\n")
        assert alive(pid)
        assert os.getsid(pid) != os.getsid(0)
    finally:
        os.kill(pid, signal.SIGKILL)


def test_a_command_talks_over_a_socket() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            talk = command.talking(["cat"], theirs, purpose="testing")
            process = talk.__enter__()
        ours.sendall(b"there and back")
        assert ours.recv(64) == b"there and back"
        ours.shutdown(socket.SHUT_WR)
        assert process.wait(PATIENCE) == 0
        talk.__exit__(None, None, None)


def test_a_command_that_takes_too_long_is_ended_with_its_children(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    with pytest.raises(CommandError, match=r"waiting: it did not end within 1\.5 s"):
        command.run(family(pids), purpose="waiting", limit=1.5)
    for pid in noted(pids):
        until(lambda pid=pid: not alive(pid))


def test_a_command_that_is_in_time_is_not_bothered() -> None:
    assert command.run(["echo", "so"], purpose="speaking", limit=30) == "so\n"
