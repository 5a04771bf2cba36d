"""No engine: the reason, and the nearest way to one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gradlock.doctor import unreachable
from gradlock.doctor.addresses import Address
from gradlock.doctor.engines import Attempt, Sought
from gradlock.doctor.findings import Finding, Severity

PRIVATE = Path("/run/gradlock-0/docker.sock")
USUAL = "unix:///var/run/docker.sock"


def told(*attempts: Attempt) -> list[Finding]:
    return list(unreachable.explained(Sought(None, {}, {}, attempts, PRIVATE)))


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch: pytest.MonkeyPatch, own_store: Path) -> Path:
    monkeypatch.setattr(unreachable.shutil, "which", lambda *_, **__: None)
    monkeypatch.setattr(unreachable.os, "getuid", lambda: 1000)
    monkeypatch.setattr(unreachable, "SYSTEMD", own_store.parent)
    return own_store


@pytest.mark.parametrize(
    ("how", "words", "mend"),
    [
        ("denied", "may not talk to", "usermod -aG"),
        ("refused", "no engine listens", "systemctl start docker"),
        ("silent", "does not answer", "systemctl restart docker"),
        ("foreign", "no engine that works", "journalctl -u docker"),
        ("failed", "no engine listens", "systemctl start docker"),
    ],
)
def test_a_socket_that_is_there_in_vain(how: str, words: str, mend: str) -> None:
    absent = Attempt(Address("unix:///home/.docker/run/docker.sock"), "absent", "none")
    (found,) = told(Attempt(Address(USUAL), how, "said"), absent)
    assert found.severity is Severity.BROKEN
    assert words in found.seen
    assert mend in found.mend


@pytest.mark.parametrize("how", ["absent", "denied", "refused", "silent", "tls", "foreign"])
@pytest.mark.parametrize("url", ["unix:///gone.sock", "tcp://far:2376", "ssh://me@far"])
def test_an_engine_that_is_named_is_named_with_what_names_it(how: str, url: str) -> None:
    (found,) = told(Attempt(Address(url, "DOCKER_HOST"), how, "certificate required"))
    assert found.severity is Severity.BROKEN
    assert "DOCKER_HOST names" in found.seen
    assert url in found.seen
    assert found.mend
    assert ("DOCKER_CERT_PATH" in found.mend) == (
        how in ("tls", "foreign", "absent", "refused", "silent") and not url.startswith("ssh")
    )


def test_none_at_all_names_where_was_looked_and_how_to_get_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    absent = Attempt(Address(USUAL), "absent", "none")
    assert "/var/run/docker.sock" in told(absent)[0].seen
    assert "apt-get install docker.io" in told(absent)[0].mend
    monkeypatch.setattr(unreachable.os, "getuid", lambda: 0)
    monkeypatch.setattr(
        unreachable.shutil, "which", lambda name, **_: "/usr/bin/apt-get" if "apt" in name else None
    )
    assert "./inv setup installs" in told(absent)[0].mend
    monkeypatch.setattr(unreachable.shutil, "which", lambda name, **_: f"/usr/sbin/{name}")
    assert "./inv setup starts a private one" in told(absent)[0].mend


def test_a_private_engine_that_died_shows_its_last_lines(nothing_installed: Path) -> None:
    log = nothing_installed / "engine/dockerd.log"
    log.parent.mkdir(parents=True)
    log.write_text("starting\nfailed to start daemon: no space left on device\n")
    (found,) = told(Attempt(Address(f"unix://{PRIVATE}"), "refused", "refused"))
    assert "  failed to start daemon: no space left on device" in found.seen.splitlines()


def test_a_context_that_is_lost_is_told_by_the_engines_check() -> None:
    lost = replace(Sought(None, {}, {}, (), PRIVATE), lost="far")
    assert list(unreachable.explained(lost)) == []


def test_a_machine_without_systemd_starts_it_by_its_service(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert unreachable.service("start") == "sudo systemctl start docker"
    monkeypatch.setattr(unreachable, "SYSTEMD", tmp_path / "none")
    assert unreachable.service("restart") == "sudo service docker restart"


def test_a_folder_in_the_sockets_place_is_told(tmp_path: Path) -> None:
    (found,) = told(Attempt(Address(f"unix://{tmp_path}"), "refused", "Connection refused"))
    assert "is a folder, no socket" in found.seen


def test_podman_is_named_where_it_listens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "podman").mkdir()
    (tmp_path / "podman/podman.sock").touch()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    (found,) = told(Attempt(Address(USUAL), "absent", "none"))
    assert f"export DOCKER_HOST=unix://{tmp_path}/podman/podman.sock" in found.mend
