"""Debian's mirrors: those that are named, else those that the machine's apt has."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gradlock import command
from gradlock.errors import InputError
from gradlock.locks.resolve import mirrors

ARCHIVES = {
    "debian": "http://mirror.example/debian",
    "debian-security": "http://mirror.example/debian-security",
}
LISTED = """Debian Backports http://mirror.example/backports/
Debian http://mirror.example/debian/
Debian http://mirror.example/debian/
Debian Backports http://mirror.example/backports/
Debian-Security http://mirror.example/debian-security/
 http://flat.example/

"""


@pytest.fixture(autouse=True)
def apt(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Take apt and its files away; return the folder that stands in for /etc/apt."""
    for variable in mirrors.VARIABLES.values():
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(mirrors, "APT", tmp_path)
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    (tmp_path / "sources.list.d").mkdir()
    return tmp_path


def install(monkeypatch: pytest.MonkeyPatch, listed: str) -> None:
    """Have an apt that prints this."""
    monkeypatch.setattr(shutil, "which", lambda name, **_: f"/usr/bin/{name}")
    monkeypatch.setattr(command, "run", lambda *_, **__: listed)


def test_mirrors_are_those_of_the_machines_apt(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, LISTED)
    assert mirrors.found() == ARCHIVES


def test_a_named_mirror_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, LISTED)
    monkeypatch.setenv("GRADLOCK_DEBIAN_MIRROR", "http://dated.example/20260813/")
    assert mirrors.found() == {**ARCHIVES, "debian": "http://dated.example/20260813"}


def test_where_both_are_named_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> str:
        raise AssertionError("apt was asked")

    monkeypatch.setattr(shutil, "which", lambda name, **_: f"/usr/bin/{name}")
    monkeypatch.setattr(command, "run", never)
    for archive, variable in mirrors.VARIABLES.items():
        monkeypatch.setenv(variable, ARCHIVES[archive])
    assert mirrors.found() == ARCHIVES


ONE_LINE = """# deb http://commented.example/debian trixie main
deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian/ trixie main
deb-src http://sources.example/debian trixie main
deb http://mirror.example/debian-security trixie-security main
"""
DEB822 = """# A comment
Types: deb
URIs: http://mirror.example/debian
Suites: trixie trixie-updates
Signed-By: /k.gpg

Types: deb
URIs:
 http://other.example/ubuntu
 http://mirror.example/debian-security
Suites: trixie-security
"""
OFF = """Types: deb
URIs: http://off.example/debian
Suites: trixie
Enabled: no

"""
DATED = """Types: deb
URIs: http://dated.example/archive/debian/20260813T000000Z/ http://dated.example/archive/debian-security/20260813T000000Z
"""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("sources.list", ONE_LINE),
        ("sources.list.d/debian.list", ONE_LINE),
        ("sources.list.d/debian.sources", DEB822),
        ("sources.list.d/debian.sources", OFF + DEB822),
    ],
)
def test_apts_files_are_read_where_there_is_no_apt(apt: Path, name: str, text: str) -> None:
    (apt / name).write_text(text)
    assert mirrors.found() == ARCHIVES


def test_apts_files_are_read_where_apt_has_read_no_list(
    apt: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, "")
    (apt / "sources.list").write_text(ONE_LINE)
    assert mirrors.found() == ARCHIVES


def test_a_dated_mirror_of_apts_files_is_known_by_its_path(apt: Path) -> None:
    (apt / "sources.list.d/debian.sources").write_text(DATED)
    assert mirrors.found() == {
        name: f"http://dated.example/archive/{name}/20260813T000000Z" for name in ARCHIVES
    }


def test_lists_of_mirrors_are_followed(apt: Path, tmp_path: Path) -> None:
    for archive, url in ARCHIVES.items():
        (tmp_path / f"{archive}.txt").write_text(f"{url}/\tpriority:1\nhttp://second.example/x\n")
    (apt / "sources.list").write_text(
        "".join(f"deb mirror+file:{tmp_path / name}.txt trixie main\n" for name in ARCHIVES)
    )
    assert mirrors.found() == ARCHIVES


@pytest.mark.parametrize(
    ("listed", "missing"),
    [
        ("", "GRADLOCK_DEBIAN_MIRROR and GRADLOCK_DEBIAN_SECURITY_MIRROR"),
        ("Debian http://mirror.example/debian/\n", "GRADLOCK_DEBIAN_SECURITY_MIRROR"),
        (
            "Debian mirror+file:/etc/apt/mirrors.list/\nDebian-Security http://s.example/\n",
            "GRADLOCK_DEBIAN_MIRROR",
        ),
    ],
    ids=["not-debian", "no-security", "list-of-mirrors"],
)
@pytest.mark.parametrize("there", [True, False])
def test_a_machine_without_a_mirror_is_told_how_to_name_one(
    monkeypatch: pytest.MonkeyPatch, apt: Path, listed: str, missing: str, there: bool
) -> None:
    if there:
        install(monkeypatch, listed)
    else:
        missing = "GRADLOCK_DEBIAN_MIRROR and GRADLOCK_DEBIAN_SECURITY_MIRROR"
        (apt / "sources.list").write_text("deb http://mirror.example/ubuntu noble main\n")
    with pytest.raises(InputError, match="no mirror") as caught:
        mirrors.found()
    assert caught.value.where == missing
    assert "export" in caught.value.mend
