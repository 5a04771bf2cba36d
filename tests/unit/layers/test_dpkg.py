"""dpkg's database: what it says of packages that were unpacked without dpkg."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradlock.errors import LockError
from gradlock.layers import deb, dpkg
from gradlock.layers.deb import Deb
from tests.unit.layers import debs


def package(tmp_path: Path, name: str = "one", fields: str = "", **control: bytes) -> Deb:
    path = tmp_path / f"{name}.deb"
    path.write_bytes(debs.deb(name, fields=fields, **control))
    return deb.read(path)


def files(*packages: Deb) -> dict[str, tuple[bytes, int]]:
    database = dpkg.Database()
    for one in packages:
        database.add(one, ["", "usr", "usr/f\u0151"])
    return {
        name.removeprefix("var/lib/dpkg/"): (data, mode) for name, data, mode in database.files()
    }


def test_a_package_is_unpacked_and_its_configuration_new(tmp_path: Path) -> None:
    conffiles = b"/etc/one\n/etc/two.conf\nremove-on-upgrade /etc/gone\n"
    text, _ = files(package(tmp_path, conffiles=conffiles))["status"]
    assert text.decode() == (
        "Package: one\nStatus: install ok unpacked\nVersion: 1\nArchitecture: amd64\n"
        "Description: a test\n"
        "Conffiles:\n /etc/one newconffile\n /etc/two.conf newconffile\n"
    )


def test_stanzas_are_told_apart(tmp_path: Path) -> None:
    text, _ = files(package(tmp_path), package(tmp_path, "two"))["status"]
    first, second = text.decode().split("\n\n")
    assert first.startswith("Package: one\n")
    assert second.startswith("Package: two\n")


def test_control_files_are_kept_by_the_packages_key_and_scripts_can_run(tmp_path: Path) -> None:
    same = package(
        tmp_path, fields="Multi-Arch: same\n", postinst=b"#!/bin/sh\n", md5sums=b"x  y\n"
    )
    found = files(same)
    assert found["info/one:amd64.postinst"] == (b"#!/bin/sh\n", 0o755)
    assert found["info/one:amd64.md5sums"] == (b"x  y\n", 0o644)
    assert found["info/one:amd64.list"] == ("/.\n/usr\n/usr/f\u0151\n".encode(), 0o644)
    assert found["info/format"] == (b"1\n", 0o644)
    assert not [name for name in found if name.endswith(".control")]


def test_who_waits_for_triggers_is_noted_as_dpkg_notes_it(tmp_path: Path) -> None:
    one = package(
        tmp_path,
        triggers=b"# a comment\ninterest ldconfig\ninterest-noawait /usr/share/fonts\n"
        b"activate-noawait other # ours is to activate it\n",
    )
    two = package(
        tmp_path, "two", fields="Multi-Arch: same\n", triggers=b"interest-await ldconfig\n"
    )
    found = files(one, two)
    assert found["triggers/ldconfig"][0] == b"one\ntwo:amd64\n"
    assert found["triggers/File"][0] == b"/usr/share/fonts one/noawait\n"
    assert "triggers/other" not in found


def test_installed_packages_pass_and_each_other_one_is_named() -> None:
    good = "Package: a\nStatus: install ok installed\nVersion: 1\n"
    dpkg.check(good + "\n" + good)
    bad = "Package: libc6\nStatus: install ok half-configured\n"
    worse = "Package: dash\nStatus: install ok triggers-pending\n"
    with pytest.raises(LockError) as caught:
        dpkg.check(f"{good}\n{bad}\n{worse}")
    assert "libc6 is 'install ok half-configured'" in caught.value.what
    assert "dash is 'install ok triggers-pending'" in caught.value.what


def test_a_root_without_packages_does_not_pass() -> None:
    with pytest.raises(LockError, match="none"):
        dpkg.check("")
