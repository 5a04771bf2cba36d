"""Every kind of engine takes the image, gives it its ID, and computes in it what is pinned."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from gradlock import store
from gradlock.artifacts import fetcher
from gradlock.engine import engine as engines
from gradlock.engine.room import THROWN_AWAY, InContainers
from gradlock.images import pins
from gradlock.inputs import variants
from gradlock.layers import base, tar
from gradlock.locks import lockfile, paths
from tests.engines import conftest as kinds

CPU = variants.load().cpu
KINDS = {
    "docker, classic store": partial(kinds.docker, containerd=False),
    "docker, containerd's store": partial(kinds.docker, containerd=True),
    "podman": kinds.podman,
}


@pytest.fixture(params=["private", *KINDS])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the address of an engine of each kind."""
    if request.param != "private":
        root: Path = request.getfixturevalue("debian")
        with kinds.running(root, KINDS[request.param](root)) as address:
            yield address
        return
    if os.getuid() != 0 or not shutil.which("dockerd", path=kinds.place.PATH):
        pytest.skip("a private engine needs root, and Debian's docker.io: ./inv setup")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADLOCK_STORE", str(tmp_path / "store"))
        try:
            yield engines.start_private().where
        finally:
            engines.stop_private()


def inv(where: str, *words: str) -> str:
    """Run a verb with an engine, and return what it printed."""
    done = subprocess.run(
        [sys.executable, store.ROOT / "tasks.py", *words],
        env={**os.environ, "DOCKER_HOST": where},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_its_containers_make_the_pinned_base_layer(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin = pins.find("debian", CPU.name)
    assert pin
    debs = lockfile.parse_debs(lockfile.read(paths.APT))
    base.unpack(debs, fetcher.fetch(debs), tmp_path / "root.tar")
    monkeypatch.setenv("DOCKER_HOST", where)
    engine = engines.find()
    assert engine
    with InContainers(engine).open(tmp_path / "root.tar") as room:
        room.configure(base.CONFIGURE, base.ENV, tmp_path / "configured.tar")
        with room.start(["/bin/cat"], {}, {}) as pipes:
            pipes.stdin.write(b"and its programs talk")
            pipes.stdin.close()
            assert pipes.stdout.read() == b"and its programs talk"
    with tar.writing(tmp_path / "layer.tar") as (writer, _):
        base.write(writer, tmp_path / "configured.tar")
    assert store.file_digest(tmp_path / "layer.tar") == pin.layers["base"]
    assert not engine.client.api.containers(all=True)
    assert not engine.client.api.images(filters={"label": THROWN_AWAY})


def test_it_loads_the_pinned_image_and_computes_in_it_what_is_pinned(where: str) -> None:
    pin = pins.find("debian", CPU.name)
    assert pin
    loaded = inv(where, "image", "--pinned", "--no-smoke", "--channel", "debian")
    assert pin.id in loaded
    assert ", 0 MB sent" not in loaded
    assert ", 0 MB sent" in inv(where, "image", "--pinned", "--no-smoke", "--channel", "debian")
    assert " passed" in inv(where, "suite", "smoke")
    assert "bit-identical" in inv(where, "fingerprint", "--check")
