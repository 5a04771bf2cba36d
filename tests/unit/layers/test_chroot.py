"""The room without an engine: what runs in it sees its root alone, and ends with this process."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gradlock import store
from gradlock.errors import CommandError
from gradlock.layers import chroot
from gradlock.layers.chroot import Chroot, OpenChroot

PROGRAMS = ("bin/sh", "bin/cat", "bin/sleep", "bin/ln", "usr/bin/env")
pytestmark = [
    pytest.mark.usefixtures("own_store"),
    pytest.mark.skipif(not chroot.usable(), reason="only root can change root"),
]


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a root of a few of this machine's programs, and what they are linked with."""
    files = {f"/{name}" for name in PROGRAMS}
    for name in sorted(files):
        listed = subprocess.run(["ldd", name], capture_output=True, text=True, check=True).stdout
        files |= {word for word in listed.split() if word.startswith("/")}
    path = tmp_path_factory.mktemp("root") / "root.tar"
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as archive:
        parents = {str(parent) for name in files for parent in Path(name).parents}
        for folder in sorted({*parents, "/dev", "/etc"}):
            made = tarfile.TarInfo(f".{folder}")
            made.type, made.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(made)
        for name in sorted(files):
            archive.add(os.path.realpath(name), f".{name}")
        odd = tarfile.TarInfo("./etc/F\u0151tan\u00fas\u00edtv\u00e1ny")
        odd.uid, odd.gid, odd.uname, odd.mode, odd.size = 7, 8, "nobody", 0o4750, 2
        archive.addfile(odd, io.BytesIO(b"x\n"))
    return path


@pytest.fixture
def opened(root: Path) -> Iterator[OpenChroot]:
    """Open the room."""
    with Chroot().open(root) as found:
        yield found


def members(path: Path) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(path, encoding="utf-8") as source:
        return {member.name: member for member in source}


def test_a_script_changes_the_root_which_comes_back_as_a_tar(
    opened: OpenChroot, tmp_path: Path
) -> None:
    script = 'umask >/etc/seen; echo "$A $#" >>/etc/seen; ln /etc/seen /etc/same; : >/dev/null'
    opened.configure(script, {"A": "a", "PATH": "/bin"}, tmp_path / "out.tar")
    found = members(tmp_path / "out.tar")
    with tarfile.open(tmp_path / "out.tar") as source:
        text = source.extractfile("./etc/seen" if found["./etc/seen"].isreg() else "./etc/same")
        assert text
        assert text.read() == b"0022\na 0\n"
    assert {found["./etc/seen"].islnk(), found["./etc/same"].islnk()} == {True, False}


def test_names_owners_and_modes_stay_as_they_were(opened: OpenChroot, tmp_path: Path) -> None:
    opened.configure("true", {}, tmp_path / "out.tar")
    odd = members(tmp_path / "out.tar")["./etc/F\u0151tan\u00fas\u00edtv\u00e1ny"]
    assert (odd.uid, odd.gid, odd.uname, odd.mode) == (7, 8, "", 0o4750)


def test_the_locale_and_the_umask_of_the_caller_change_nothing(
    root: Path, opened: OpenChroot, tmp_path: Path
) -> None:
    opened.configure("umask >/etc/seen", {}, tmp_path / "one.tar")
    code = f"""
import os, sys
from pathlib import Path
assert sys.getfilesystemencoding() == "ascii", sys.getfilesystemencoding()
os.umask(0o077)
from gradlock.layers.chroot import Chroot
with Chroot().open(Path({str(root)!r})) as room:
    room.configure("umask >/etc/seen", {{}}, Path({str(tmp_path / "two.tar")!r}))
"""
    # The one encoding that needs no locale to be installed, and cannot tell the name in the root.
    env = {
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONPATH": str(store.ROOT),
        "GRADLOCK_STORE": str(tmp_path / "store"),
    }
    subprocess.run([sys.executable, "-c", code], env=env, cwd="/", check=True)
    first, second = members(tmp_path / "one.tar"), members(tmp_path / "two.tar")
    assert first.keys() == second.keys()
    for name, member in first.items():
        assert member.mode == second[name].mode, name


def test_a_script_that_fails_shows_what_it_said(opened: OpenChroot, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="status 7") as caught:
        opened.configure("echo one; echo two >&2; exit 7", {}, tmp_path / "out.tar")
    assert caught.value.mend.endswith("one\n    two")
    assert not (tmp_path / "out.tar").exists()


def test_there_is_no_network(opened: OpenChroot) -> None:
    argv = ["/bin/sh", "-c", "while read -r line; do echo $line; done </proc/net/dev"]
    with pytest.raises(CommandError), opened.start(argv, {}, {}) as pipes:
        assert pipes.stdout.read(1) == b""  # not even /proc


def test_programs_talk_side_by_side_and_leave_nothing_in_the_root(
    opened: OpenChroot, tmp_path: Path
) -> None:
    files = {"/gradlock/in/greeting": b"hello\n"}
    argv = ["/bin/sh", "-c", "cat /gradlock/in/greeting -; echo bye >&2"]
    with opened.start(argv, {}, files) as one, opened.start(argv, {}, files) as two:
        for number, pipes in enumerate((one, two)):
            pipes.stdin.write(b"%d\n" % number)
            pipes.stdin.close()
            assert pipes.stdout.read(99) == b"hello\n%d\n" % number
        opened.configure("cat /gradlock/in/greeting", {}, tmp_path / "out.tar")
        wait_until(lambda: one.said() == two.said() == "bye")
    assert not [name for name in members(tmp_path / "out.tar") if "gradlock" in name]


def test_a_program_that_dies_says_why_and_what_it_broke_is_the_cause(opened: OpenChroot) -> None:
    argv = ["/bin/sh", "-c", "echo no memory >&2; exit 3"]
    with (
        pytest.raises(CommandError, match="status 3") as caught,
        opened.start(argv, {}, {}) as pipes,
    ):
        raise EOFError(pipes.stdout.read(1))
    assert caught.value.mend.endswith("no memory")
    assert isinstance(caught.value.__cause__, EOFError)


def test_an_error_of_the_block_stays_what_it_is(opened: OpenChroot) -> None:
    with pytest.raises(KeyError), opened.start(["/bin/cat"], {}, {}):
        raise KeyError("mine")


def running(word: str) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            argv = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if argv[:1] in ([b"/bin/sleep"], [b"sleep"]) and word.encode() in argv:
            found.append(path.parent.name)
    return found


def test_what_runs_in_it_ends_with_a_killed_process_and_leaves_no_mount(
    root: Path, own_store: Path, tmp_path: Path
) -> None:
    seconds = str(80_000 + os.getpid() % 9_000)
    code = f"""
from pathlib import Path
from gradlock.layers.chroot import Chroot
with Chroot().open(Path({str(root)!r})) as room:
    argv = ["/bin/sh", "-c", "sleep {seconds} & echo; sleep {seconds}"]
    with room.start(argv, {{"PATH": "/bin"}}, {{}}) as pipes:
        print(pipes.stdout.read(1).decode(), flush=True)
        room.configure("sleep {seconds} & sleep {seconds}", {{"PATH": "/bin"}}, Path("/never"))
"""
    env = {"PYTHONPATH": str(store.ROOT), "GRADLOCK_STORE": str(own_store)}
    process = subprocess.Popen(
        [sys.executable, "-c", code], env=env, cwd=tmp_path, stdout=subprocess.PIPE
    )
    assert process.stdout
    process.stdout.readline()
    wait_until(lambda: len(running(seconds)) == 4)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    wait_until(lambda: not running(seconds))
    assert str(own_store) not in Path("/proc/mounts").read_text()


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)
