"""Bytecode as asked of servers: several at once, each answer its own, and no server left."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest

from gradlock.errors import CommandError
from gradlock.layers import bytecode
from gradlock.layers.bytecode import Compiler
from gradlock.layers.room import Pipes
from tests.unit.layers import servers


class Started:
    """Starts servers, and counts those that run."""

    def __init__(self) -> None:
        self.total = 0
        self.running = 0
        self.most = 0

    @contextmanager
    def __call__(self) -> Iterator[Pipes]:
        """Start one."""
        self.total += 1
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            with servers.here() as pipes:
                yield pipes
        finally:
            self.running -= 1


def wheel(number: int) -> dict[str, bytes]:
    return {f"opt/wheel{number}/m{n}.py": b"NAMES = {'a', 'shared'}\n" * n for n in range(1, 9)}


def test_many_threads_get_each_its_own_answer_from_few_servers() -> None:
    start = Started()
    with Compiler(start, 2) as compiler, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(compiler.compile, map(wheel, range(30))))
    assert start.most <= 2
    assert (start.total, start.running) == (start.most, 0)
    with Compiler(start, 1) as compiler:
        assert [compiler.compile(wheel(number)) for number in range(30)] == answers
    for number, answer in enumerate(answers):
        assert {Path(name).parts[:2] for name in answer} == {("opt", f"wheel{number}")}
        assert len(answer) == 8


def test_no_server_is_started_for_nothing() -> None:
    start = Started()
    with Compiler(start, 2) as compiler:
        assert compiler.compile({}) == {}
    assert start.total == 0


DIES = """
import sys
sys.stdin.buffer.read(30)
print("no room for bytecode", file=sys.stderr)
sys.exit(3)
"""


def test_a_server_that_dies_is_told_with_what_it_printed() -> None:
    with Compiler(lambda: servers.here(program=DIES), 1) as compiler:
        for _ in range(2):  # the next call starts another
            with pytest.raises(CommandError, match="status 3") as caught:
                compiler.compile(wheel(1))
            assert "no room for bytecode" in caught.value.mend


HALF = "import sys; sys.stdin.buffer.read(30); sys.stdout.buffer.write(bytes(7) + b'\\x01' + b'x')"


@pytest.mark.parametrize("program", [HALF, "pass"], ids=["half-an-answer", "none"])
def test_an_answer_that_is_not_whole_is_an_error(program: str) -> None:
    with (
        Compiler(lambda: servers.here(program=program), 1) as compiler,
        pytest.raises(CommandError, match="mid-work"),
    ):
        compiler.compile({"a.py": b"x = 1\n" * 100_000})


HANGS = """
import sys, time
print("started", file=sys.stderr, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("error", [None, KeyboardInterrupt()], ids=["well", "interrupted"])
def test_what_a_server_is_at_ends_with_the_block(error: KeyboardInterrupt | None) -> None:
    at_work = threading.Event()

    @contextmanager
    def start() -> Iterator[Pipes]:
        with servers.here(program=HANGS) as pipes:
            while "started" not in pipes.said():
                time.sleep(0.01)
            at_work.set()
            yield pipes

    began = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        with (
            nullcontext() if error is None else pytest.raises(KeyboardInterrupt),
            Compiler(start, 1) as compiler,
        ):
            job = pool.submit(compiler.compile, wheel(1))
            assert at_work.wait(60)
            if error:
                raise error
        assert isinstance(job.exception(60), CommandError)
    assert time.monotonic() - began < 30


def test_no_server_is_started_after_the_block() -> None:
    start = Started()
    with Compiler(start, 1) as compiler:
        pass
    with pytest.raises(CommandError, match="interrupted"):
        compiler.compile(wheel(1))
    assert start.running == 0


def test_a_wheel_of_many_sources_is_shared_out_the_same_everywhere() -> None:
    few = {"a.py": b"x", "b.py": b"y"}
    assert [part for part in bytecode.shares(few) if part] == [few]
    many = {f"m{n}.py": bytes(bytecode.LARGE // 50 + n) for n in range(100)}
    shares = bytecode.shares(many)
    assert shares == bytecode.shares(dict(reversed(many.items())))
    assert len(shares) == bytecode.SHARES
    assert {name: data for part in shares for name, data in part.items()} == many
    sizes = [sum(map(len, part.values())) for part in shares]
    assert max(sizes) < 1.1 * min(sizes)


def test_a_server_has_nothing_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    before = bytecode.server("/usr", "3.13")
    monkeypatch.setenv("PYTHONOPTIMIZE", "2")
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    after = bytecode.server("/usr", "3.13")
    assert (after.argv, after.env, after.files) == (before.argv, before.env, before.files)
    assert before.argv[0] == "/usr/bin/python3.13"
    assert before.env == {"PYTHONHASHSEED": "0", "PYTHONHOME": "/usr", "LC_ALL": "C.UTF-8"}
    assert set(before.files) == {before.argv[-1]}
