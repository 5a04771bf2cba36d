"""The store: atomic files, one run at a time, whatever is killed when."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from gradlock import store
from gradlock.errors import InputError

pytestmark = pytest.mark.usefixtures("own_store")


@contextmanager
def running(code: str) -> Iterator[subprocess.Popen[str]]:
    """Run Python code in a process of its own, which ends with the block at the latest."""
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(store.ROOT)},
        text=True,
    ) as child:
        try:
            yield child
        finally:
            child.kill()


def line(stream: object) -> str:
    """Return the next line of a child's output."""
    return stream.readline().strip()  # type: ignore[attr-defined, no-any-return]


#: Holds the lock until it reads a line.
HOLDER = """
    from gradlock import store
    with store.exclusive("build"):
        print("held", flush=True)
        input()
"""


def test_the_environment_names_the_store(own_store: Path) -> None:
    assert store.store() == own_store
    assert store.folder("layers") == own_store / "layers"
    assert (own_store / "layers").is_dir()


def test_without_a_name_it_lies_in_the_users_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRADLOCK_STORE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert store.store() == Path("/somewhere/gradlock")


def test_a_file_and_its_bytes_have_one_digest(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    # FIPS 180-2, appendix B.1
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert store.digest(b"abc") == store.file_digest(tmp_path / "file") == expected


def test_a_file_takes_its_place_whole_and_readable(tmp_path: Path) -> None:
    target = tmp_path / "new folder" / "file"
    before = os.umask(0o077)
    try:
        store.write_text(target, "text")
    finally:
        os.umask(before)
    assert target.read_text() == "text"
    assert target.stat().st_mode & 0o777 == 0o644
    assert list(target.parent.iterdir()) == [target]


def test_an_error_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_text("old")

    def fail() -> None:
        with store.replacing(target) as part:
            part.write_text("half")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_kill_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_text("old")
    code = f"""
        import os, signal
        from pathlib import Path
        from gradlock import store
        with store.replacing(Path({str(target)!r})) as part:
            part.write_text("half")
            os.kill(os.getpid(), signal.SIGKILL)
    """
    with running(code) as child:
        assert child.wait() == -signal.SIGKILL
    assert target.read_text() == "old"
    # What the kill left is told by its name.
    assert {path.name[0] for path in tmp_path.iterdir() if path != target} <= {"."}


@pytest.mark.parametrize("end", ["ends well", "killed"])
def test_a_second_run_says_that_it_waits_and_waits(end: str) -> None:
    with running(HOLDER) as holder, ExitStack() as stack:
        assert line(holder.stdout) == "held"
        waiter = stack.enter_context(running(HOLDER))
        assert line(waiter.stderr) == "another run holds 'build'; waiting for it"
        assert waiter.poll() is None
        if end == "killed":
            holder.kill()
        else:
            holder.communicate("go on\n")
        assert line(waiter.stdout) == "held"
        waiter.communicate("go on\n")
        assert waiter.returncode == 0


def test_other_locks_do_not_wait(capsys: pytest.CaptureFixture[str]) -> None:
    with running(HOLDER) as first:
        assert line(first.stdout) == "held"
        with store.exclusive("fetch"):
            pass
    assert "waiting" not in capsys.readouterr().err


def test_scratch_is_gone_with_its_block() -> None:
    with store.scratch("test") as first, store.scratch("test") as second:
        assert first != second
        (first / "folder").mkdir()
        (first / "folder" / "file").touch()
    assert not first.exists()

    def fail() -> None:
        with store.scratch("test"):
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert not list(store.folder("tmp").iterdir())


#: Holds scratch with a file in it until it is killed.
SCRATCHER = """
    from gradlock import store
    with store.scratch("other") as path:
        (path / "file").touch()
        print(path, flush=True)
        input()
"""


def test_scratch_of_a_run_that_goes_on_is_not_swept() -> None:
    with running(SCRATCHER) as other:
        path = Path(line(other.stdout))
        store.sweep()
        with store.scratch("mine"):
            assert (path / "file").exists()
        other.kill()
        other.wait()
        store.sweep()
        assert not path.exists()


def test_a_left_over_is_swept_though_its_process_number_is_used_again() -> None:
    left = store.folder("tmp") / f"left-{os.getpid()}-abcdefgh"
    (left / "folder").mkdir(parents=True)
    with store.scratch("mine"):
        assert not left.exists()


def test_any_user_may_enter_scratch_whatever_the_umask() -> None:
    before = os.umask(0o077)
    try:
        with store.scratch("test") as path:
            assert path.stat().st_mode & 0o777 == 0o755
    finally:
        os.umask(before)


def test_many_threads_get_scratch_of_their_own() -> None:
    def work(_: int) -> Path:
        with store.scratch("test") as path:
            (path / "file").touch()
            assert [child.name for child in path.iterdir()] == ["file"]
            return path

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(work, range(40)))) == 40


def test_a_store_of_another_user_is_refused(
    own_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.folder("layers")
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(InputError, match="belongs to another user") as caught:
        store.folder("layers")
    assert caught.value.where == str(own_store)
    assert "GRADLOCK_STORE" in caught.value.mend


def test_a_file_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    flush, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda number: (done.append("flushed"), flush(number)))
    monkeypatch.setattr(
        Path, "replace", lambda self, to: (done.append("named"), replace(self, to))[1]
    )
    store.write_text(tmp_path / "file", "text")
    assert done == ["flushed", "named"]
