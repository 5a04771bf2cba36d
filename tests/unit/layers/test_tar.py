"""Layers as tars: bytes that depend on what the files are, and on nothing else."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from gradlock import store
from gradlock.errors import LockError
from gradlock.layers import tar
from gradlock.layers.tar import LayerWriter

Write = Callable[[LayerWriter], None]

LONG = "a" * 120 + "/" + "b" * 120 + "/" + "c" * 120
FILES = {"etc/b": "1", "etc/a": "2", "etc-more/a": "3", "usr/bin/tool": "#!/bin/sh\n", LONG: "4"}
#: The layer of FILES; `python -m pytest tests/unit/layers/test_tar.py` shows another one.
GOLDEN = "9f4d4e0f5b148b7fc6b2c7fa4cc4d0346d397137a1e6addbd000ce7e22700839"

#: Locales that every C library has: one of UTF-8, one that Python decodes as ASCII or Latin-1.
LOCALES = {
    "utf-8": {"LC_ALL": "C.UTF-8"},
    "posix": {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0"},
}


def layer(path: Path, write: Write) -> Path:
    """Write a layer; what its stream counted and hashed is what is in the file."""
    with tar.writing(path) as (writer, stream):
        write(writer)
    assert stream.hash.hexdigest() == store.file_digest(path)
    assert stream.size == path.stat().st_size
    return path


def members(path: Path) -> list[tarfile.TarInfo]:
    with tarfile.open(path) as source:
        return list(source)


def names(path: Path) -> list[str]:
    return [member.name for member in members(path)]


def tree(root: Path, order: list[str], *, umask: int = 0o022, time: int = 0) -> Path:
    """Make the same tree in some order, under some umask, at some time."""
    before = os.umask(umask)
    try:
        for name in order:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(FILES[name])
        (root / "usr/bin/tool").chmod(0o777 & ~umask)
        (root / "usr/bin/link").symlink_to("tool")
        (root / "empty").mkdir()
    finally:
        os.umask(before)
    for path in root.rglob("*"):
        os.utime(path, (time, time), follow_symlinks=False)
    return root


def layer_of(root: Path, path: Path) -> Path:
    return layer(path, lambda writer: tar.add_tree(writer, root))


def test_the_same_tree_gives_the_same_bytes(tmp_path: Path) -> None:
    first = tree(tmp_path / "first", list(FILES))
    second = tree(tmp_path / "second", list(reversed(FILES)), umask=0o077, time=10**9)
    layers = [layer_of(root, tmp_path / f"{root.name}.tar") for root in (first, second)]
    assert layers[0].read_bytes() == layers[1].read_bytes()
    assert store.file_digest(layers[0]) == GOLDEN


def test_a_tree_holds_no_trace_of_who_made_it(tmp_path: Path) -> None:
    root = tree(tmp_path / "tree", list(FILES))
    found = members(layer_of(root, tmp_path / "layer.tar"))
    assert {(member.uid, member.gid, member.uname, member.gname) for member in found} == {
        (0, 0, "", "")
    }
    assert {member.mtime for member in found} == {tar.MTIME}
    modes = {member.name: member.mode for member in found}
    assert modes["etc"] == modes["usr/bin/tool"] == 0o755
    assert modes["etc/a"] == 0o644


def test_a_tree_is_written_whole_and_in_order(tmp_path: Path) -> None:
    root = tree(tmp_path / "tree", list(FILES))
    path = layer_of(root, tmp_path / "layer.tar")
    found = [name.split("/") for name in names(path)]
    assert found == sorted(found)
    with tarfile.open(path) as source:
        source.extraction_filter = lambda member, _: member  # Debian 12's knows no argument
        source.extractall(tmp_path / "copy")  # noqa: S202 - what this test has just written
    for name, text in FILES.items():
        assert (tmp_path / "copy" / name).read_text() == text
    assert (tmp_path / "copy/usr/bin/link").readlink() == Path("tool")
    assert (tmp_path / "copy/empty").is_dir()


#: Writes a layer whose names are no ASCII: of a tree, of a copied tar, and given as text.
FOREIGN_NAMES = """
import sys, tarfile
from pathlib import Path
from gradlock.layers import tar
source, target = map(Path, sys.argv[1:])
with tar.writing(target) as (writer, stream):
    tar.add_tree(writer, source)
    writer.file("etc/F\\u0151tan\\u00fas\\u00edtv\\u00e1ny.crt", b"text")
again = target.with_suffix(".again")
with tar.writing(again) as (writer, other):
    tar.merge(writer, [target])
assert stream.hash.digest() == other.hash.digest()
print(stream.hash.hexdigest(), sys.getfilesystemencoding())
"""


def test_names_are_the_same_bytes_in_every_locale(tmp_path: Path) -> None:
    tree = os.fsencode(tmp_path) + b"/tree"
    Path(os.fsdecode(tree)).mkdir()
    for name in ("Főtanúsítvány", "año", "中"):
        Path(os.fsdecode(tree + b"/" + name.encode())).write_text("x")
    Path(os.fsdecode(tree + b"/no-utf8-\xe9")).write_text("x")
    (tmp_path / "tree/link").symlink_to(os.fsdecode("Főtanúsítvány".encode()))
    printed = {
        locale: subprocess.run(
            [sys.executable, "-c", FOREIGN_NAMES, tmp_path / "tree", tmp_path / f"{locale}.tar"],
            env={"PYTHONPATH": str(store.ROOT), "PYTHONUTF8": "0", **variables},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.split()
        for locale, variables in LOCALES.items()
    }
    assert len({encoding for _, encoding in printed.values()}) > 1
    assert len({digest for digest, _ in printed.values()}) == 1
    assert "etc/Főtanúsítvány.crt" in names(tmp_path / "utf-8.tar")


def test_a_link_to_a_folder_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "tree/lib").mkdir(parents=True)
    (tmp_path / "tree/lib/file").touch()
    (tmp_path / "tree/lib64").symlink_to("lib")
    path = layer(tmp_path / "layer.tar", lambda writer: tar.add_tree(writer, tmp_path / "tree"))
    assert names(path) == ["lib", "lib/file", "lib64"]


def test_parents_are_written_once_and_before_their_files(tmp_path: Path) -> None:
    def write(writer: LayerWriter) -> None:
        writer.file("a/b/one", b"")
        writer.symlink("a/b/two", "one")
        writer.folder("a/b")
        writer.file("a/c/three", b"")
        writer.file("top", b"")

    path = layer(tmp_path / "layer.tar", write)
    assert names(path) == ["a", "a/b", "a/b/one", "a/b/two", "a/c", "a/c/three", "top"]


def test_a_folder_keeps_the_owner_and_mode_that_it_was_added_with(tmp_path: Path) -> None:
    def write(writer: LayerWriter) -> None:
        writer.folder("home/user", mode=0o700, uid=1000, gid=1000)
        writer.file("home/user/file", b"", uid=1000, gid=1000)

    found = {member.name: member for member in members(layer(tmp_path / "layer.tar", write))}
    assert (found["home"].mode, found["home"].uid) == (0o755, 0)
    assert (found["home/user"].mode, found["home/user"].uid) == (0o700, 1000)


def test_long_names_and_link_targets_are_kept(tmp_path: Path) -> None:
    def write(writer: LayerWriter) -> None:
        writer.file(f"{LONG}/file", b"data")
        writer.symlink("link", f"/{LONG}/file")

    found = {member.name: member for member in members(layer(tmp_path / "layer.tar", write))}
    assert found[f"{LONG}/file"].size == 4
    assert found["link"].linkname == f"/{LONG}/file"


def test_a_stream_that_is_shorter_than_said_is_no_layer(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="end of data"):
        layer(tmp_path / "layer.tar", lambda w: w.stream("file", io.BytesIO(b"half"), 8))


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """Write a tar as other tools do: `./` before names, hard links, special modes and owners."""
    path = tmp_path / "foreign.tar"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as target:
        for name, kind, mode, link in [
            (".", tarfile.DIRTYPE, 0o755, ""),
            ("./tmp", tarfile.DIRTYPE, 0o1777, ""),
            ("./bin", tarfile.DIRTYPE, 0o755, ""),
            ("./bin/su", tarfile.REGTYPE, 0o4755, ""),
            ("./bin/also-su", tarfile.LNKTYPE, 0o4755, "./bin/su"),
            ("./bin/sh", tarfile.SYMTYPE, 0o777, "./su"),
            ("./pipe", tarfile.FIFOTYPE, 0o600, ""),
        ]:
            member = tarfile.TarInfo(name)
            member.type, member.mode, member.linkname = kind, mode, link
            member.uid, member.gid, member.uname, member.mtime = 7, 8, "someone", 1.5
            member.size = 4 if kind == tarfile.REGTYPE else 0
            target.addfile(member, io.BytesIO(b"data") if member.size else None)
    return path


def copied(path: Path, foreign: Path) -> Path:
    def write(writer: LayerWriter) -> None:
        with tarfile.open(foreign) as source:
            for member in source:
                if member.name != ".":
                    writer.copy(member, source)

    return layer(path, write)


def test_a_copy_keeps_kinds_modes_owners_and_links(tmp_path: Path, foreign: Path) -> None:
    found = {member.name: member for member in members(copied(tmp_path / "layer.tar", foreign))}
    assert found["tmp"].mode == 0o1777
    assert found["bin/su"].mode == 0o4755
    assert (found["bin/su"].uid, found["bin/su"].gid, found["bin/su"].uname) == (7, 8, "")
    assert found["bin/also-su"].islnk()
    assert found["bin/also-su"].linkname == "bin/su"
    assert found["bin/sh"].linkname == "./su"
    assert found["pipe"].isfifo()
    assert {member.mtime for member in found.values()} == {tar.MTIME}


def test_a_merge_holds_what_its_parts_hold(tmp_path: Path, foreign: Path) -> None:
    first = copied(tmp_path / "first.tar", foreign)
    second = layer(tmp_path / "second.tar", lambda writer: writer.file("bin/other", b"x"))
    path = layer(tmp_path / "merged.tar", lambda writer: tar.merge(writer, [first, second]))
    assert names(path) == [*names(first), "bin/other"]
    alone = layer(tmp_path / "alone.tar", lambda writer: tar.merge(writer, [first]))
    assert alone.read_bytes() == first.read_bytes()


def test_a_file_that_two_packages_hold_is_refused(tmp_path: Path) -> None:
    """Each wheel alone is right; merged, one would hide the other."""
    one, other = (
        layer(tmp_path / name, lambda writer: writer.file("usr/lib/common.py", b""))
        for name in ("one", "other")
    )
    with pytest.raises(LockError, match="the same file") as caught:
        layer(tmp_path / "merged", lambda writer: tar.merge(writer, [one, other]))
    assert caught.value.where == "/usr/lib/common.py"


def test_a_listing_tells_what_a_layer_holds_and_where(tmp_path: Path) -> None:
    def write(writer: LayerWriter) -> None:
        writer.folder("home/user", mode=0o700, uid=1000, gid=1000)
        writer.file(f"{LONG}/file", b"data", mode=0o755)
        writer.symlink("link", "target")

    path = tmp_path / "layer.tar"
    with tar.writing(path) as (writer, _):
        write(writer)
    found = tar.listing(path)
    assert found == writer.listing
    assert found.folders["home"] == (0o755, 0, 0)
    assert found.folders["home/user"] == (0o700, 1000, 1000)
    assert set(found.files) == {f"{LONG}/file", "link"}
    member, data = tar.member_at(path, found.files[f"{LONG}/file"])
    assert (member.name, member.mode, data) == (f"{LONG}/file", 0o755, b"data")
    assert tar.member_at(path, found.files["link"])[0].linkname == "target"


def test_a_layer_is_on_the_disk_when_it_is_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    flushed = []
    monkeypatch.setattr(os, "fsync", lambda handle: flushed.append(os.fstat(handle).st_size))
    path = layer(tmp_path / "layer.tar", lambda writer: writer.file("file", b"data"))
    assert flushed == [path.stat().st_size]
