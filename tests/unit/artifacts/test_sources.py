"""Where artifacts are: each kind at its own place, looked up when it is first needed."""

from __future__ import annotations

import threading
from collections.abc import Callable

import httpx
import pytest

from gradlock.artifacts import indexes, network, sources
from gradlock.artifacts.index import Source
from gradlock.artifacts.sources import Sources
from gradlock.errors import InputError
from gradlock.inputs import variants
from gradlock.locks import freshness
from gradlock.locks.pins import CondaPin, DebPin, WheelPin
from gradlock.locks.resolve import mirrors
from tests.unit.artifacts.loopback import Index

SHA256 = "a" * 64
DEB = DebPin("git", "1", "amd64", 7, SHA256, "debian-security", "pool/updates/git_1_amd64.deb")
CONDA = CondaPin("git", "1", "https://conda.example/forge/linux-64/git-1-h0.conda", SHA256)
WHEEL = WheelPin("pkg", "1.0", SHA256)
LOCKS = freshness.read(variants.load().newest_gpu)


def never(*_: object) -> object:
    raise AssertionError("nothing had to be looked up")


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Sources:
    """Return sources that may look nothing up."""
    monkeypatch.setattr(mirrors, "found", never)
    monkeypatch.setattr(indexes, "urls", never)
    client: Callable[[], httpx.Client] = never  # type: ignore[assignment]
    return Sources(client, threading.Event())


def test_an_image_needs_what_its_channel_does_not_generate() -> None:
    debian, forge = (set(sources.pins_of(LOCKS, name)) for name in ("debian", "conda-forge"))
    assert debian == {*LOCKS.debs, *LOCKS.wheels}
    assert forge - debian == set(LOCKS.condas)


def test_a_conda_package_is_where_its_lock_says(there: Sources) -> None:
    assert there.of(CONDA) == Source(CONDA.url, "git-1-h0.conda", 0)


def test_a_wheel_by_url_is_where_its_lock_says(there: Sources) -> None:
    pin = WheelPin("pkg", "1.0+ours", SHA256, "https://a.example/x/pkg-1.0%2Bours-py3-none-any.whl")
    assert there.of(pin) == Source(pin.place, "pkg-1.0+ours-py3-none-any.whl", 0)


def test_a_deb_is_on_its_archives_mirror(monkeypatch: pytest.MonkeyPatch, there: Sources) -> None:
    asked: list[int] = []

    def found() -> dict[str, str]:
        asked.append(1)
        return {"debian": "http://m.example/debian", "debian-security": "http://m.example/security"}

    monkeypatch.setattr(mirrors, "found", found)
    fresh = Sources(never, threading.Event())  # type: ignore[arg-type]
    for _ in range(3):
        assert fresh.of(DEB) == Source(
            "http://m.example/security/pool/updates/git_1_amd64.deb", "git_1_amd64.deb", 7
        )
    assert len(asked) == 1


def test_a_machine_without_mirrors_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def found() -> dict[str, str]:
        asked.append(1)
        raise InputError("no mirror")

    monkeypatch.setattr(mirrors, "found", found)
    fresh = Sources(never, threading.Event())  # type: ignore[arg-type]
    for _ in range(3):
        with pytest.raises(InputError, match="no mirror"):
            fresh.of(DEB)
    assert len(asked) == 1


def test_a_wheel_is_in_the_machines_index(monkeypatch: pytest.MonkeyPatch, index: Index) -> None:
    file = "pkg-1.0-py3-none-any.whl"
    index.pages["pkg"] = {
        "files": [{"filename": file, "url": f"../{file}", "hashes": {"sha256": SHA256}}]
    }
    monkeypatch.setattr(indexes, "urls", lambda: (f"{index.url}/simple",))
    with network.client() as client:
        found = Sources(lambda: client, threading.Event()).of(WHEEL)
    assert found == Source(f"{index.url}/simple/{file}", file, 0)
