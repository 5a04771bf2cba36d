"""The base layer: what is kept of a root file system, added to it and left behind."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from gradlock import command, store
from gradlock.errors import CommandError
from gradlock.layers import base, tar
from gradlock.locks.lockfile import DebPin

pytestmark = pytest.mark.usefixtures("own_store")

PLAIN: dict[str, bytes] = {
    "etc/passwd": b"root:x:0:0:root:/root:/bin/bash\n",
    "etc/group": b"root:x:0:\n",
    "etc/shadow": b"root:*:20000:0:99999:7:::\n",
    "etc/gshadow": b"root:*::\n",
    "usr/bin/perl": b"perl",
    "var/log/dpkg.log": b"at 12:00",
    "var/cache/apt/pkgcache.bin": b"cache",
    "var/cache/debconf/config.dat-old": b"old",
    "var/lib/apt/lists/list": b"list",
    "var/lib/dpkg/status": b"Package: perl\n",
    "var/lib/dpkg/status-old": b"old",
    "etc/machine-id": b"0123",
    "etc/hostname": b"host",
    "etc/resolv.conf": b"nameserver",
    "etc/passwd-old": b"old",
    "tmp/left": b"x",
    "run/left": b"x",
    "usr/share/doc/perl/copyright": b"terms",
    "usr/share/tmp/kept": b"x",
}
KEPT = {
    "etc/passwd",
    "etc/group",
    "etc/shadow",
    "etc/gshadow",
    "usr/bin/perl",
    "usr/bin/a-link-to-perl",
    "var/lib/dpkg/status",
    "usr/share/doc/perl/copyright",
    "usr/share/tmp/kept",
}
FOLDERS = {"tmp": 0o1777, "run": 0o755, "var/log": 0o755, "dev": 0o755, "root": 0o700}


def root_tar(path: Path, names: Sequence[str]) -> None:
    """Write a root file system, its members in an order."""
    with tarfile.open(path, "w") as target:
        for name in names:
            member = tarfile.TarInfo(f"./{name}")
            member.mtime = 10**9
            if name in FOLDERS:
                member.type, member.mode = tarfile.DIRTYPE, FOLDERS[name]
                target.addfile(member)
            elif name == "usr/bin/a-link-to-perl":
                member.type, member.linkname = tarfile.LNKTYPE, "./usr/bin/perl"
                target.addfile(member)
            elif name == "dev/null":
                member.type = tarfile.CHRTYPE
                target.addfile(member)
            else:
                member.size = len(PLAIN[name])
                member.mode = 0o640 if name == "etc/shadow" else 0o755
                member.gid = 42 if name == "etc/shadow" else 0
                target.addfile(member, io.BytesIO(PLAIN[name]))


#: As mmdebstrap writes it: a hard link stands after the file that it names.
ORDER = [*FOLDERS, "dev/null", *PLAIN, "usr/bin/a-link-to-perl"]


class Machine:
    """A machine whose mmdebstrap makes one root file system."""

    def __init__(self, order: Sequence[str]) -> None:
        self.order = order
        self.ran: list[list[str]] = []
        self.repository: dict[str, bytes] = {}

    def run(self, argv: Sequence[str | Path], **options: Any) -> str:
        """Take the place of `command.run`."""
        line = [str(part) for part in argv]
        self.ran.append(line)
        if line[0] == "dpkg-scanpackages":
            options["output"].write_text("index")
        else:
            work = Path(line[-2]).parent
            folder = work / "repository"
            self.repository = {path.name: path.read_bytes() for path in folder.iterdir()}
            root_tar(Path(line[-2]), self.order)
        return ""


def pins(tmp_path: Path) -> tuple[list[DebPin], dict[str, Path]]:
    found, files = [], {}
    store.folder("artifacts")
    for name in ("perl", "bash"):
        path = store.folder("artifacts") / name
        path.write_bytes(name.encode())
        sha256 = store.file_digest(path)
        found.append(DebPin(name, "1", "amd64", 4, sha256, "debian", f"pool/{name}_1_amd64.deb"))
        files[sha256] = path
    files["0" * 64] = tmp_path / "not-locked.deb"
    return found, files


def layer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, order: Sequence[str] = ORDER
) -> tuple[Path, Machine]:
    machine = Machine(order)
    monkeypatch.setattr(command, "run", machine.run)
    path = tmp_path / "layer.tar"
    with tar.writing(path) as (writer, _):
        base.write(writer, *pins(tmp_path), "trixie")
    return path, machine


def members(path: Path) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(path) as source:
        return {member.name: member for member in source}


def test_left_overs_stay_behind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = members(layer(monkeypatch, tmp_path)[0])
    assert {name for name, member in found.items() if not member.isdir()} == KEPT
    assert FOLDERS.keys() <= found.keys()
    assert found["tmp"].mode == 0o1777
    assert found["root"].mode == 0o700


def test_one_user_is_added_and_owns_its_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path, _ = layer(monkeypatch, tmp_path)
    with tarfile.open(path) as source:
        texts = {name: (source.extractfile(name) or io.BytesIO()).read() for name in base.ACCOUNTS}
    for name, text in texts.items():
        assert text.startswith(PLAIN[name])
        (added,) = text.removeprefix(PLAIN[name]).decode().splitlines()
        assert added.startswith("gradlock:")
    assert b":/home/gradlock:" in texts["etc/passwd"]
    assert b"gradlock:!:" in texts["etc/shadow"]  # nobody can log in with a password
    found = members(path)
    assert (found["etc/shadow"].mode, found["etc/shadow"].gid) == (0o640, 42)
    assert found["home"].uid == 0
    for folder in ("home/gradlock", "home/gradlock/work"):
        assert (found[folder].uid, found[folder].gid) == (base.UID, base.UID)


def test_the_order_in_the_root_file_system_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = layer(monkeypatch, tmp_path)[0].read_bytes()
    link = ORDER[-1]
    second = layer(monkeypatch, tmp_path, [*reversed(ORDER[:-1]), link])[0].read_bytes()
    assert first == second


def test_a_hard_link_stands_after_its_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    names = list(members(layer(monkeypatch, tmp_path)[0]))
    assert names.index("usr/bin/a-link-to-perl") > names.index("usr/bin/perl")


def test_it_is_built_from_exactly_the_locked_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _, machine = layer(monkeypatch, tmp_path)
    assert machine.repository == {
        "perl_1_amd64.deb": b"perl",
        "bash_1_amd64.deb": b"bash",
        "Packages": b"index",
    }
    _, bootstrap = machine.ran
    assert "--include=perl,bash" in bootstrap
    assert bootstrap[-3] == "trixie"
    assert [part for part in bootstrap if part.startswith("deb ")] == bootstrap[-1:]
    assert "copy:" in bootstrap[-1]


def test_nothing_is_left_in_the_store_when_it_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(*_: object, **__: object) -> str:
        raise CommandError("mmdebstrap failed")

    monkeypatch.setattr(command, "run", fail)
    with tar.writing(tmp_path / "layer.tar") as (writer, _), pytest.raises(CommandError):
        base.write(writer, *pins(tmp_path), "trixie")
    assert not list(store.folder("tmp").iterdir())
