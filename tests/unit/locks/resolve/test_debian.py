"""Debian packages: what apt prints becomes pins that any mirror serves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from gradlock import command
from gradlock.errors import CommandError, LockError
from gradlock.locks.pins import DebPin
from gradlock.locks.resolve import debian, mirrors

pytestmark = pytest.mark.usefixtures("own_store")

SHA256 = "0123456789abcdef" * 4
ARCHIVES = {
    "debian": "http://mirror.example/debian",
    "debian-security": "http://mirror.example/debian-security",
}
#: As apt-get prints it, in no order, epochs escaped.
PRINTED = f"""Reading package lists...
The following NEW packages will be installed:
'http://mirror.example/debian/pool/main/t/tini/tini_0.19.0-3%2bb8_amd64.deb' tini_0.19.0-3+b8_amd64.deb 252000 SHA256:{SHA256}
'http://mirror.example/debian-security/pool/updates/main/g/git/git_2.47.3-0%2bdeb13u1_amd64.deb' git_1%3a2.47.3-0+deb13u1_amd64.deb 8000000 SHA256:{SHA256}
"""  # noqa: E501 - as apt prints it


def test_what_apt_prints_becomes_pins_without_a_host() -> None:
    assert debian.parse_uris(PRINTED, ARCHIVES) == (
        DebPin(
            *("git", "1:2.47.3-0+deb13u1", "amd64", 8000000, SHA256, "debian-security"),
            "pool/updates/main/g/git/git_2.47.3-0+deb13u1_amd64.deb",
        ),
        DebPin(
            *("tini", "0.19.0-3+b8", "amd64", 252000, SHA256, "debian"),
            "pool/main/t/tini/tini_0.19.0-3+b8_amd64.deb",
        ),
    )


def test_one_archive_below_the_other_is_told_apart() -> None:
    below = {**ARCHIVES, "debian-security": "http://mirror.example/debian/security"}
    printed = PRINTED.replace("/debian-security/", "/debian/security/")
    assert [pin.archive for pin in debian.parse_uris(printed, below)] == [
        "debian-security",
        "debian",
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f"SHA256:{SHA256}", f"SHA512:{SHA256 * 2}"),
        (f" SHA256:{SHA256}", ""),
        ("http://mirror.example/debian/", "http://elsewhere.example/"),
    ],
    ids=["another-hash", "no-hash", "another-archive"],
)
def test_a_file_that_cannot_be_locked_is_named(old: str, new: str) -> None:
    with pytest.raises(LockError, match=r"tini_0\.19\.0"):
        debian.parse_uris(PRINTED.replace(old, new, 1), ARCHIVES)


class Apt:
    """An apt that prints what it is told to, and keeps what it was given."""

    def __init__(self, printed: str = PRINTED, refusals: Sequence[str] = ()) -> None:
        self.printed = printed
        self.refusals = list(refusals)
        self.files: dict[str, str] = {}
        self.ran: list[list[str]] = []

    def run(self, argv: Sequence[str], *, env: dict[str, str] | None = None, **_: Any) -> str:
        """Take the place of `command.run`."""
        self.ran.append(list(argv))
        if argv[0] == "apt-config":
            return 'Acquire::http::Proxy "http://proxy.example";\n'
        etc = Path((env or {})["APT_CONFIG"]).parent
        self.files = {path.name: path.read_text() for path in etc.iterdir() if path.is_file()}
        if argv[1] == "install" and self.refusals:
            raise CommandError("apt-get failed", mend=self.refusals.pop(0))
        return self.printed if argv[1] == "install" else ""


def machine(monkeypatch: pytest.MonkeyPatch, apt: Apt) -> Apt:
    monkeypatch.setattr(mirrors, "found", lambda: ARCHIVES)
    monkeypatch.setattr(command, "run", apt.run)
    return apt


def test_resolving_asks_apt_in_a_state_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    apt = machine(monkeypatch, Apt())
    kept = debian.parse_uris(PRINTED, ARCHIVES)[1]
    pins = debian.resolve(["git", "tini"], "trixie", "amd64", debian.own, keep=[kept])
    assert pins == debian.parse_uris(PRINTED, ARCHIVES)
    assert apt.ran[-1][-3:] == ["?essential", "git", "tini"]
    sources = re.findall(r"(?m)^deb \[signed-by=\S+\] (\S+) (\S+) main$", apt.files["sources.list"])
    assert sources == [
        ("http://mirror.example/debian", "trixie"),
        ("http://mirror.example/debian", "trixie-updates"),
        ("http://mirror.example/debian-security", "trixie-security"),
    ]
    assert "Package: tini\nPin: version 0.19.0-3+b8\n" in apt.files["preferences"]
    assert "http://proxy.example" in apt.files["apt.conf"]


def test_an_apt_that_finds_nothing_is_no_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, Apt("Reading package lists...\n"))
    with pytest.raises(LockError, match="no package at all"):
        debian.resolve(["git"], "trixie", "amd64", debian.own)


def pin(name: str, source: str, version: str = "1") -> DebPin:
    path = f"pool/main/{source[0]}/{source}/{name}_{version}_amd64.deb"
    return DebPin(name, version, "amd64", 1, SHA256, "debian", path)


KRB5 = tuple(pin(name, "krb5") for name in ("libgssapi-krb5-2", "libkrb5-3"))
PINS = (*KRB5, pin("libxcb1", "libxcb"), pin("tini", "tini"))


def test_what_is_built_from_one_source_moves_together() -> None:
    assert debian.together(PINS, ["libkrb5-3"]) == KRB5
    assert debian.together(PINS, ["tini", "numpy"]) == PINS[-1:]
    assert debian.together(PINS, []) == ()


#: What apt 2.6 and apt 3.0 say where a pin is in the way.
REFUSALS = {
    "2.6": """The following packages have unmet dependencies:
 tini : Depends: libkrb5-3 (>= 2) but 1 is to be installed
E: Unable to correct problems, you have held broken packages.""",
    "3.0": """Unsatisfied dependencies:
 tini : Depends: libkrb5-3 (>= 2) but 1 is to be installed
Error: Unable to correct problems, you have held broken packages.""",
}


@pytest.mark.parametrize("release", REFUSALS)
def test_a_pin_that_is_in_the_way_moves_with_its_source_and_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], release: str
) -> None:
    apt = machine(monkeypatch, Apt(refusals=[REFUSALS[release]]))
    debian.resolve(["git", "tini"], "trixie", "amd64", debian.own, keep=PINS[:3])
    assert re.findall("Package: (.*)", apt.files["preferences"]) == ["libxcb1"]
    assert "moving too" in (said := capsys.readouterr().err)
    assert "libgssapi-krb5-2, libkrb5-3 (krb5)" in said


def test_a_conflict_that_no_pin_makes_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, Apt(refusals=[REFUSALS["3.0"]]))
    with pytest.raises(CommandError):
        debian.resolve(
            ["git", "tini"], "trixie", "amd64", debian.own, keep=[pin("libxcb1", "libxcb")]
        )
    machine(monkeypatch, Apt(refusals=["E: Unable to locate package no-libkrb5-3"]))
    with pytest.raises(CommandError) as caught:
        debian.resolve(["git", "tini"], "trixie", "amd64", debian.own, keep=PINS)
    assert caught.value.where == "requirements/apt.in"


def test_a_lock_is_for_one_architecture(monkeypatch: pytest.MonkeyPatch) -> None:
    apt = machine(monkeypatch, Apt())
    debian.resolve(["git"], "trixie", "arm64", debian.own)
    assert 'APT::Architectures "arm64";' in apt.files["apt.conf"]
