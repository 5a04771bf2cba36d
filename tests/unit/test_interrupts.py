"""Signals that end a command: what is under way cleans up, whoever sent them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import suppress
from pathlib import Path

import pytest

from gradlock import interrupts, store

#: Says that it is ready, waits, cleans up, and leaves with the signal's status.
PROGRAM = """
    import sys, time
    from gradlock import interrupts
    try:
        with interrupts.raised():
            try:
                print("ready", flush=True)
                time.sleep(60)
            finally:
                print("cleaned", flush=True)
    except interrupts.Interrupted as interrupt:
        sys.exit(interrupt.status)
"""


def started(code: str, ignored: tuple[int, ...] = ()) -> subprocess.Popen[str]:
    """Start a program, with some signals ignored as a shell does it, and wait until it is ready."""
    names = " ".join(signal.Signals(number).name.removeprefix("SIG") for number in ignored)
    trap = f"trap '' {names};" if names else ""
    process = subprocess.Popen(
        # These tests may run under nohup: what is ignored here is said here.
        [
            *("env", "--default-signal=HUP,INT,TERM", "sh", "-c", f'{trap} exec "$@"', "sh"),
            *(sys.executable, "-c", textwrap.dedent(code)),
        ],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(store.ROOT)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_cleans_up_and_is_told_by_the_status(number: int, status: int) -> None:
    with started(PROGRAM) as process:
        process.send_signal(number)
        printed, _ = process.communicate(timeout=20)
    assert (printed, process.returncode) == ("cleaned\n", status)


def test_an_ignored_ctrl_c_ends_it_all_the_same() -> None:
    with started(PROGRAM, ignored=(signal.SIGINT,)) as process:
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=20)[0] == "cleaned\n"
    assert process.returncode == 130


def test_nohup_is_kept() -> None:
    with started(PROGRAM, ignored=(signal.SIGHUP,)) as process:
        process.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        assert process.poll() is None
        process.terminate()
        process.communicate(timeout=20)
    assert process.returncode == 143


def test_a_signal_that_is_repeated_does_not_stop_the_cleaning(tmp_path: Path) -> None:
    cleaned = []

    def work() -> None:
        with interrupts.raised():
            try:
                signal.raise_signal(signal.SIGTERM)
            finally:
                signal.raise_signal(signal.SIGTERM)
                signal.raise_signal(signal.SIGHUP)
                cleaned.append(1)

    with pytest.raises(interrupts.Interrupted) as caught:
        work()
    assert caught.value.status == 143
    assert cleaned == [1]


def test_who_insists_on_the_keyboard_is_heard() -> None:
    reached = []

    def work() -> None:
        with interrupts.raised():
            try:
                signal.raise_signal(signal.SIGTERM)
            finally:
                signal.raise_signal(signal.SIGINT)
                reached.append(1)

    with pytest.raises(interrupts.Interrupted) as caught:
        work()
    assert caught.value.status == 130
    assert not reached


def test_handlers_are_given_back() -> None:
    before = [signal.getsignal(number) for number in interrupts.SIGNALS]
    with suppress(interrupts.Interrupted), interrupts.raised():
        assert signal.getsignal(signal.SIGTERM) not in before
        signal.raise_signal(signal.SIGTERM)
    assert [signal.getsignal(number) for number in interrupts.SIGNALS] == before


def test_a_signal_ends_the_commands_of_other_threads() -> None:
    code = """
        import sys, threading, time
        from gradlock import command, errors, interrupts
        def work():
            try:
                command.run(["sleep", "600"], purpose="sleeping")
            except errors.CommandError:
                print("ended", flush=True)
        with interrupts.raised():
            threading.Thread(target=work).start()
            while not command._RUNNING:
                time.sleep(0.01)
            print("ready", flush=True)
            time.sleep(60)
    """
    with started(code) as process:
        begin = time.monotonic()
        process.terminate()
        assert process.communicate(timeout=20)[0] == "ended\n"
    assert time.monotonic() - begin < 10
