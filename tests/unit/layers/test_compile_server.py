"""The program that compiles: one frame in, one out, as if each were the first and alone."""

from __future__ import annotations

import importlib.util
import io
import marshal
import py_compile
import subprocess
import sys
from pathlib import Path
from types import CodeType

import pytest

from gradlock.layers import bytecode, compile_server

SITE = "opt/conda/lib/python3.13/site-packages"
#: What refers to strings, sets and numbers that other code has, too.
SHARED = b"NAME = 'shared'\nNAMES = frozenset({'shared', 'other', 'more'})\nx = 1.5, b'bytes'\n"


def frame(sources: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    compile_server.write(stream, sources)
    return stream.getvalue()


def frames(data: bytes) -> list[dict[str, bytes]]:
    stream, found = io.BytesIO(data), []
    while (files := compile_server.read(stream)) is not None:
        found.append(files)
    return found


def served(*asked: dict[str, bytes], env: dict[str, str] | None = None) -> list[dict[str, bytes]]:
    """Ask a new server; return its answers."""
    done = run(b"".join(map(frame, asked)), env)
    assert (done.returncode, done.stderr) == (0, b"")
    return frames(done.stdout)


def run(asked: bytes, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
    argv = [sys.executable, *bytecode.FLAGS, compile_server.__file__]
    env = {**bytecode.ENV, **(env or {})}
    return subprocess.run(argv, input=asked, capture_output=True, check=False, env=env)


def cached(name: str) -> str:
    return importlib.util.cache_from_source(name, optimization="")


@pytest.mark.parametrize(
    "files",
    [{}, {"a": b""}, {"a/b.py": b"x" * 100_000, "ő/ű.py": b"\x00\xff"}],
    ids=["none", "empty", "some"],
)
def test_a_frame_is_read_as_it_was_written(files: dict[str, bytes]) -> None:
    assert frames(frame(files) * 2) == [files, files]


class Drops:
    """A stream that hands out a few bytes at a time, as a socket may."""

    def __init__(self, data: bytes) -> None:
        self.stream = io.BytesIO(data)

    def read(self, size: int) -> bytes:
        """Read no more than three bytes."""
        return self.stream.read(min(size, 3))


def test_a_frame_that_comes_in_drops_is_read() -> None:
    assert compile_server.read(Drops(frame({"name": b"0123456789"}))) == {"name": b"0123456789"}


@pytest.mark.parametrize("length", [1, 8, 20, 27, 30])
def test_a_frame_that_is_cut_short_is_an_error(length: int) -> None:
    whole = frame({"name": b"0123456789"})
    with pytest.raises(EOFError, match="mid-frame"):
        compile_server.read(io.BytesIO(whole[: min(length, len(whole) - 1)]))


def test_bytecode_names_the_image_and_is_not_checked_against_its_source() -> None:
    ((answer),) = served({f"{SITE}/tool.py": SHARED})
    (data,) = answer.values()
    assert list(answer) == [cached(f"{SITE}/tool.py")]
    assert data[:4] == importlib.util.MAGIC_NUMBER
    assert int.from_bytes(data[4:8], "little") == 0b01  # by hash (PEP 552), unchecked
    assert data[8:16] == importlib.util.source_hash(SHARED)
    code: CodeType = marshal.loads(data[16:])  # noqa: S302 - what this test has just compiled
    assert code.co_filename == f"/{SITE}/tool.py"


def test_bytecode_is_what_pythons_own_compiler_writes(tmp_path: Path) -> None:
    (tmp_path / "tool.py").write_bytes(SHARED)
    target = tmp_path / "tool.pyc"
    code = (
        "import sys, py_compile; py_compile.compile(sys.argv[1], sys.argv[2], '/x/tool.py', "
        "invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)"
    )
    argv = [sys.executable, "-c", code, tmp_path / "tool.py", target]
    subprocess.run(argv, check=True, env=bytecode.ENV)
    assert py_compile.PycInvalidationMode.UNCHECKED_HASH
    ((answer),) = served({"x/tool.py": SHARED})
    assert list(answer.values()) == [target.read_bytes()]


def test_a_frame_comes_out_the_same_whatever_was_asked_before() -> None:
    asked = {f"{SITE}/one.py": SHARED, f"{SITE}/two.py": SHARED * 2}
    other = {f"{SITE}/other{n}.py": SHARED * n for n in range(1, 30)}
    (alone,) = served(asked)
    first, *_, last = served(asked, other, asked)
    backwards = dict(reversed(asked.items()))
    (turned,) = served(backwards)
    assert alone == first == last == turned


@pytest.mark.parametrize(
    "source",
    [b"print 'of another Python'\n", b"x = 1\x00", b"# coding: no-such\n", b"'\xff'", b"(" * 999],
    ids=["syntax", "null", "unknown-coding", "no-utf8", "too-deep"],
)
def test_what_is_no_python_gets_no_bytecode_and_stops_nothing(source: bytes) -> None:
    ((answer),) = served({"bad.py": source, "good.py": b"x = 1\n"})
    assert list(answer) == [cached("good.py")]


def test_warnings_about_other_peoples_code_are_no_output() -> None:
    ((answer),) = served({"odd.py": b"x = '\\d'\nassert (1, 'always')\n"})
    assert len(answer) == 1


def test_asserts_and_docstrings_stay() -> None:
    source = b"'''doc'''\nassert x\n"
    plain = served({"a.py": source})
    assert plain == served({"a.py": source}, env={"PYTHONOPTIMIZE": "2"})
    (data,) = plain[0].values()
    code: CodeType = marshal.loads(data[16:])  # noqa: S302 - what this test has just compiled
    assert "doc" in code.co_consts
    assert "x" in code.co_names


def test_the_end_of_input_ends_it() -> None:
    done = run(b"")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize("kept", [3, 20])
def test_an_input_that_ends_in_mid_frame_is_an_error(kept: int) -> None:
    done = run(frame({"name.py": b"x = 1"})[:kept])
    assert done.returncode != 0
    assert b"mid-frame" in done.stderr


def test_a_child_that_dies_is_named() -> None:
    # The answer has nowhere to go.
    argv = [sys.executable, *bytecode.FLAGS, compile_server.__file__]
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as server:
        assert server.stdin
        assert server.stdout
        assert server.stderr
        server.stdout.close()
        server.stdin.write(frame({"name.py": b"x = 1\n" * 10_000}))
        server.stdin.close()
        assert b"the child that compiles ended" in server.stderr.read()
    assert server.returncode == 1
