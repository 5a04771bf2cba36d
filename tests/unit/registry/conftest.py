"""What tests of registries share: one on loopback, and no login of this machine's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gradlock.images import pins
from gradlock.images.image import Image
from gradlock.images.pins import ImagePin
from gradlock.registry.client import Repository
from tests.unit.images.conftest import CPU, Workshop, workshop
from tests.unit.registry.loopback import Registry, basic, serving

__all__ = ["workshop"]  # a fixture, from beside

LogIn = Callable[[str, str], None]


@pytest.fixture
def docker_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    home = tmp_path / "docker"
    home.mkdir()
    monkeypatch.setenv("DOCKER_CONFIG", str(home))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return home


@pytest.fixture
def registry(docker_home: Path) -> Iterator[Registry]:
    with serving() as served:
        yield served


@pytest.fixture
def log_in(docker_home: Path, registry: Registry) -> LogIn:
    """Return what writes a login where `docker login` does."""

    def write(name: str, password: str) -> None:
        auth = basic((name, password)).removeprefix("Basic ")
        told = {"auths": {registry.place.host: {"auth": auth}}}
        (docker_home / "config.json").write_text(json.dumps(told))

    return write


@pytest.fixture
def repository(registry: Registry) -> Iterator[Repository]:
    with Repository(registry.place, waits=(0.0, 0.0), timeout=5) as opened:
        yield opened


@pytest.fixture
def built(own_store: Path, workshop: Workshop) -> Image:
    """Build a small image, as the workshop does."""
    del own_store
    return workshop.build(CPU)


@pytest.fixture
def pin(built: Image, monkeypatch: pytest.MonkeyPatch) -> ImagePin:
    """Pin the small image."""
    made = pins.pin_of(built)
    monkeypatch.setattr(pins, "find", lambda *_: made)
    return made
