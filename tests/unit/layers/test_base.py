"""The base layer: .debs as one root, and what is kept of a configured one, added and left."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from gradlock.errors import LockError
from gradlock.layers import base, dpkg, tar
from tests.unit.layers import debs

# Unpacking

MERGED = debs.deb(
    "base-files", debs.folder("usr"), debs.folder("usr/bin"), debs.link("bin", "usr/bin")
)


def unpacked(tmp_path: Path, **packages: bytes) -> dict[str, tuple[tarfile.TarInfo, bytes]]:
    target = tmp_path / "root.tar"
    base.unpack(*debs.locked(tmp_path, **packages), target)
    return contents(target)


def contents(path: Path) -> dict[str, tuple[tarfile.TarInfo, bytes]]:
    with tar.reading(path) as source:
        return {
            member.name: (member, (source.extractfile(member) or io.BytesIO()).read())
            if member.isreg()
            else (member, b"")
            for member in source
        }


def test_packages_become_one_root_with_dpkgs_database(tmp_path: Path) -> None:
    one = debs.deb("one", debs.folder("tmp", 0o1777), ("usr/one", b"1"), postinst=b"#!/bin/sh\n")
    found = unpacked(tmp_path, one=one, two=debs.deb("two", ("usr/two", b"2")))
    assert found["usr/one"][1] == b"1"
    assert found["usr/two"][1] == b"2"
    assert found["tmp"][0].mode == 0o1777
    assert found["var/lib/dpkg/info/one.postinst"][0].mode == 0o755
    assert found[dpkg.STATUS][1].count(b"Status: install ok unpacked\n") == 2
    assert found["var/lib/dpkg/info/one.list"][1] == b"/tmp\n/usr/one\n"


def test_the_bytes_depend_on_the_packages_alone(tmp_path: Path) -> None:
    packages = {name: debs.deb(name, (f"usr/{name}", b"x")) for name in ("c", "a", "b")}
    pins, files = debs.locked(tmp_path, base_files=MERGED, **packages)
    first, second = tmp_path / "first.tar", tmp_path / "second.tar"
    base.unpack(pins, files, first)
    base.unpack(pins[::-1], dict(reversed(files.items())), second)
    assert first.read_bytes() == second.read_bytes()
    with tar.reading(first) as source:
        assert {(member.mtime, member.uname) for member in source} == {(tar.MTIME, "")}


def test_a_link_to_a_folder_counts_as_that_folder(tmp_path: Path) -> None:
    other = debs.deb(
        "apt", debs.folder("bin"), ("bin/apt", b"apt"), debs.hard("bin/two", "bin/apt")
    )
    found = unpacked(tmp_path, base_files=MERGED, apt=other)
    assert found["bin"][0].issym()
    assert found["usr/bin/apt"][1] == b"apt"
    assert found["usr/bin/two"][0].linkname == "usr/bin/apt"
    assert "bin/apt" not in found
    assert found["var/lib/dpkg/info/apt.list"][1] == b"/bin\n/bin/apt\n/bin/two\n"


@pytest.mark.parametrize("target", ["../usr/lib", "/usr/lib", "aliased"])
def test_links_on_the_way_are_followed_from_where_they_lie(tmp_path: Path, target: str) -> None:
    links = [debs.link("etc/lib", target), debs.link("etc/aliased", "/usr/lib")]
    found = unpacked(tmp_path, base_files=debs.deb("base-files", *links, ("etc/lib/x", b"x")))
    assert found["usr/lib/x"][1] == b"x"


def test_two_packages_may_not_hold_one_file_by_two_names(tmp_path: Path) -> None:
    packages = {
        name: debs.deb(name, (file, b"")) for name, file in (("a", "bin/x"), ("b", "usr/bin/x"))
    }
    with pytest.raises(LockError, match="two packages"):
        unpacked(tmp_path, base_files=MERGED, **packages)


def test_a_link_may_not_take_the_place_of_a_folder(tmp_path: Path) -> None:
    one = debs.deb("one", debs.folder("srv"), ("srv/file", b""))
    two = debs.deb("two", debs.link("srv", "usr"))
    with pytest.raises(LockError, match="two holds a link"):
        unpacked(tmp_path, one=one, two=two)


def test_configuration_lies_where_dpkg_looks_for_it(tmp_path: Path) -> None:
    one = debs.deb(
        "one", ("etc/one", b"1"), debs.link("etc/two", "one"), conffiles=b"/etc/one\n/etc/two\n"
    )
    found = unpacked(tmp_path, one=one)
    assert found["etc/one.dpkg-new"][1] == b"1"
    assert found["etc/two"][0].issym()  # dpkg keeps links as they are
    assert "etc/one" not in found
    assert found["var/lib/dpkg/info/one.list"][1] == b"/etc/one\n/etc/two\n"


def test_manuals_are_not_even_unpacked(tmp_path: Path) -> None:
    one = debs.deb(
        "one",
        ("usr/share/man/man1/one.1.gz", b"manual"),
        ("usr/share/doc/one/copyright", b"terms"),
        ("usr/share/doc/one/changelog.gz", b"changes"),
        debs.hard("usr/share/one", "usr/share/man/man1/one.1.gz"),
    )
    found = unpacked(tmp_path, one=one)
    assert "usr/share/man/man1/one.1.gz" not in found
    assert "usr/share/doc/one/changelog.gz" not in found
    assert found["usr/share/doc/one/copyright"][1] == b"terms"
    assert found["usr/share/one"][1] == b"manual"  # what named it is the file now


# Configuring


def preinst(tmp_path: Path, *packages: tuple[str, str, str]) -> list[str]:
    """Run the script with a dpkg that knows packages, and writes down what was called."""
    admin = tmp_path / "dpkg"  # the host's own database is nobody's to touch
    info = admin / "info"
    info.mkdir(parents=True)
    log = tmp_path / "log"
    rows = "".join(
        f"{key} {key.split(':')[0]} amd64 {essential}\n" for key, essential, _ in packages
    )
    programs = tmp_path / "bin"
    programs.mkdir()
    (tmp_path / "rows").write_text(rows)
    query = f'case "$*" in *Version*) echo 1.22.0;; *) cat {tmp_path}/rows;; esac'
    for name, text in (("dpkg-query", query), ("dpkg", f'echo "dpkg $*" >>{log}')):
        (programs / name).write_text(f"#!/bin/sh\n{text}\n")
        (programs / name).chmod(0o755)
    for key, _, script in packages:
        if script:
            (info / f"{key}.preinst").write_text(f"#!/bin/sh\n{script}\n")
            (info / f"{key}.preinst").chmod(0o755)
    script = base.CONFIGURE.replace("/var/lib/dpkg", str(admin))
    script = script.replace("/run/dpkg", str(tmp_path / "run"))
    env = {"PATH": f"{programs}:/usr/bin:/bin", "LOG": str(log)}
    done = subprocess.run(
        ["/bin/sh", "-ec", script], env=env, capture_output=True, text=True, check=False
    )
    lines = log.read_text().splitlines() if log.exists() else []
    return lines if done.returncode == 0 else [*lines, f"failed: {done.stderr.strip()}"]


SAYS = 'echo "$DPKG_MAINTSCRIPT_PACKAGE $DPKG_MAINTSCRIPT_ARCH $DPKG_MAINTSCRIPT_NAME $*" >>$LOG'


def test_essential_packages_are_prepared_first_then_all_configured(tmp_path: Path) -> None:
    rows = [("aa", "no", SAYS), ("dash", "yes", SAYS), ("libc6:amd64", "no", SAYS), ("z", "no", "")]
    assert preinst(tmp_path, *rows) == [
        "dash amd64 preinst install",
        "aa amd64 preinst install",
        "libc6 amd64 preinst install",
        "dpkg --abort-after=1 --configure --pending",
    ]


def test_a_package_that_refuses_is_named_and_nothing_goes_on(tmp_path: Path) -> None:
    rows = [("dash", "yes", "echo no room >&2; exit 3"), ("z", "no", SAYS)]
    assert preinst(tmp_path, *rows) == ["failed: no room\nthe preinst script of dash failed"]


def test_scripts_see_one_umask_whatever_the_callers(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        assert preinst(tmp_path, ("dash", "yes", "umask >>$LOG"))[0] == "0022"
    finally:
        os.umask(before)


# The layer

PLAIN: dict[str, bytes] = {
    "etc/passwd": b"root:x:0:0:root:/root:/bin/bash\n",
    "etc/group": b"root:x:0:\n",
    "etc/shadow": b"root:*:20000:0:99999:7:::\n",
    "etc/gshadow": b"root:*::\n",
    "usr/bin/perl": b"perl",
    "var/log/dpkg.log": b"at 12:00",
    "var/cache/apt/pkgcache.bin": b"cache",
    "var/cache/fontconfig/a.cache-9": b"cache",
    "var/cache/debconf/config.dat-old": b"old",
    "var/lib/apt/lists/list": b"list",
    "var/lib/dpkg/status": b"Package: perl\nStatus: install ok installed\n",
    "var/lib/dpkg/status-old": b"old",
    "etc/machine-id": b"0123",
    "etc/hostname": b"host",
    "etc/hosts": b"127.0.0.1 host",
    "etc/resolv.conf": b"nameserver",
    "etc/passwd-old": b"old",
    ".dockerenv": b"",
    "proc/left": b"x",
    "sys/left": b"x",
    "tmp/left": b"x",
    "run/left": b"x",
    "usr/share/doc/perl/copyright": b"terms",
    "usr/share/tmp/kept": b"x",
}
LINKS = ("usr/bin/a-link-to-perl", "usr/bin/z-link-to-perl")
KEPT = {
    "etc/passwd",
    "etc/group",
    "etc/shadow",
    "etc/gshadow",
    "usr/bin/perl",
    *LINKS,
    "var/lib/dpkg/status",
    "usr/share/doc/perl/copyright",
    "usr/share/tmp/kept",
}
FOLDERS = {"tmp": 0o1777, "run": 0o755, "var/log": 0o755, "dev": 0o755, "root": 0o700}
ORDER = [*FOLDERS, "dev/null", "etc/mtab", *PLAIN, *LINKS]


def root_tar(path: Path, names: Sequence[str], file: str, prefix: str, status: bytes) -> None:
    """Write a configured root as a room does, its members in an order."""
    same = {"usr/bin/perl", *LINKS}
    with tarfile.open(path, "w") as target:
        for name in names:
            member = tarfile.TarInfo(prefix + name)
            member.mtime = 10**9
            data = status if name == dpkg.STATUS else PLAIN.get(name, b"")
            if name in FOLDERS:
                member.type, member.mode = tarfile.DIRTYPE, FOLDERS[name] | 0o40000
            elif name in same and name != file:
                member.type, member.linkname = tarfile.LNKTYPE, prefix + file
            elif name == "dev/null":
                member.type = tarfile.CHRTYPE
            elif name == "etc/mtab":
                member.type, member.linkname = tarfile.SYMTYPE, "/proc/mounts"
            else:
                data = PLAIN["usr/bin/perl"] if name in same else data
                member.size = len(data)
                member.mode = 0o640 if name == "etc/shadow" else 0o100755
                member.gid = 42 if name == "etc/shadow" else 0
            target.addfile(member, io.BytesIO(data) if member.isreg() else None)


def layer(
    tmp_path: Path,
    order: Sequence[str] = ORDER,
    *,
    file: str = "usr/bin/perl",
    prefix: str = "./",
    status: bytes = PLAIN[dpkg.STATUS],
) -> Path:
    root_tar(tmp_path / "configured.tar", order, file, prefix, status)
    path = tmp_path / "layer.tar"
    with tar.writing(path) as (writer, _):
        base.write(writer, tmp_path / "configured.tar")
    return path


def test_left_overs_stay_behind(tmp_path: Path) -> None:
    found = contents(layer(tmp_path))
    assert {name for name, (member, _) in found.items() if not member.isdir()} == KEPT
    assert FOLDERS.keys() <= found.keys()
    assert found["tmp"][0].mode == 0o1777
    assert found["root"][0].mode == 0o700


def test_one_user_is_added_and_owns_its_home(tmp_path: Path) -> None:
    found = contents(layer(tmp_path))
    for name in base.ACCOUNTS:
        text = found[name][1]
        assert text.startswith(PLAIN[name])
        (added,) = text.removeprefix(PLAIN[name]).decode().splitlines()
        assert added.startswith("gradlock:")
    assert b":/home/gradlock:" in found["etc/passwd"][1]
    assert b"gradlock:!:" in found["etc/shadow"][1]  # nobody can log in with a password
    assert (found["etc/shadow"][0].mode, found["etc/shadow"][0].gid) == (0o640, 42)
    assert found["home"][0].uid == 0
    for folder in ("home/gradlock", "home/gradlock/work"):
        assert (found[folder][0].uid, found[folder][0].gid) == (base.UID, base.UID)


def test_any_user_can_save_in_the_working_folder_and_in_no_other(tmp_path: Path) -> None:
    found = contents(layer(tmp_path))
    open_to_all = {name for name, (entry, _) in found.items() if entry.isdir() and entry.mode & 2}
    assert open_to_all - {"tmp", "var/tmp"} == {"home/gradlock/work"}
    assert found["home/gradlock/work"][0].mode == 0o1777


@pytest.mark.parametrize("file", ["usr/bin/perl", *LINKS])
@pytest.mark.parametrize("prefix", ["./", "", "/"])
def test_how_a_room_writes_the_root_changes_nothing(tmp_path: Path, file: str, prefix: str) -> None:
    first = layer(tmp_path).read_bytes()
    others = [name for name in ORDER if name != file]
    second = layer(tmp_path, [file, *reversed(others)], file=file, prefix=prefix)
    assert first == second.read_bytes()


def test_the_first_name_of_a_file_stands_before_its_links(tmp_path: Path) -> None:
    found = contents(layer(tmp_path))
    assert found[LINKS[0]][1] == b"perl"
    assert found["usr/bin/perl"][0].linkname == found[LINKS[1]][0].linkname == LINKS[0]
    names = list(found)
    assert names.index(LINKS[0]) < names.index("usr/bin/perl")


def test_a_package_that_is_not_installed_is_named(tmp_path: Path) -> None:
    with pytest.raises(LockError, match="perl is 'install ok unpacked'"):
        layer(tmp_path, status=b"Package: perl\nStatus: install ok unpacked\n")


def test_a_root_without_dpkgs_database_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LockError, match="/var/lib/dpkg/status"):
        layer(tmp_path, [name for name in ORDER if name != dpkg.STATUS])
