"""Images from locks: the same bits whatever happens on the way, and no more work than needed."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gradlock import store
from gradlock.engine.engine import Engine
from gradlock.images import pins
from gradlock.inputs import variants
from tests.e2e.conftest import Invoke, copy

CPU = variants.load().cpu


def test_built_again_changes_nothing(invoke: Invoke, cpu_image: str) -> None:
    layers = store.folder("layers")
    before = {path: path.stat().st_mtime_ns for path in layers.iterdir()}
    again = invoke("image", "--no-smoke", "--channel", "debian")
    out, err = again.communicate()
    assert again.returncode == 0, err
    assert cpu_image in out
    assert ", 0 MB sent" in out
    assert {path: path.stat().st_mtime_ns for path in layers.iterdir()} == before


def test_killed_then_built_twice_at_once_elsewhere_is_the_same_image(
    invoke: Invoke, cpu_image: str, empty_store: Path, tmp_path: Path
) -> None:
    """Everything that must not matter is different: the store, HOME, TMPDIR, time zone, umask."""
    (tmp_path / "tmp").mkdir()
    elsewhere = {
        "GRADLOCK_STORE": str(empty_store),
        "HOME": str(tmp_path),
        "TMPDIR": str(tmp_path / "tmp"),
        "TZ": "Pacific/Apia",
        "PYTHONHASHSEED": "1234",
    }
    before = os.umask(0o077)
    try:
        killed = invoke("image", "--no-smoke", "--channel", "debian", **elsewhere)
        _wait_for_a_wheel_layer(empty_store)
        os.killpg(killed.pid, signal.SIGKILL)
        killed.communicate()
        both = [invoke("image", "--no-smoke", "--channel", "debian", **elsewhere) for _ in range(2)]
    finally:
        os.umask(before)
    ends = [run.communicate() for run in both]
    assert [run.returncode for run in both] == [0, 0], ends
    assert all(cpu_image in out for out, _ in ends)
    assert sum("another run holds 'build'" in err for _, err in ends) == 1
    assert list((empty_store / "layers").glob(".*")) == []
    assert list((empty_store / "tmp").iterdir()) == []


def _wait_for_a_wheel_layer(home: Path) -> None:
    """Wait until a build is in the middle of its wheels: base, conda and one more are there."""
    deadline = time.monotonic() + 300
    while len(list((home / "layers").glob("[0-9a-f]*.json"))) < 4:
        assert time.monotonic() < deadline, "the build wrote no layer"
        time.sleep(0.1)


@pytest.fixture
def checkout(tmp_path: Path, docker_engine: Engine, cpu_image: str) -> Iterator[Path]:
    """Return a copy of the project to change; the image's tag is put back at the end."""
    root = tmp_path / "checkout"
    copy(root)
    yield root
    docker_engine.client.api.tag(cpu_image, "gradlock", CPU.name, force=True)
    docker_engine.client.images.prune()


def test_one_bumped_package_rewrites_one_layer(
    invoke: Invoke, checkout: Path, cpu_image: str
) -> None:
    locked = (checkout / f"requirements/{CPU.name}.txt").read_text()
    (version,) = re.findall(r"(?m)^wcwidth==(\S+)", locked)
    with (checkout / "requirements/base.in").open("a") as requested:
        requested.write(f"wcwidth<{version}\n")

    stale = invoke("image", "--no-smoke", root=checkout)
    assert f"requirements/{CPU.name}.txt" in stale.communicate()[1]
    assert stale.returncode == 1

    relocked = invoke("lock", root=checkout)
    errors = relocked.communicate()[1]
    assert relocked.returncode == 0, errors
    moved = set((checkout / f"requirements/{CPU.name}.txt").read_text().splitlines())
    moved -= set(locked.splitlines())
    assert [line.split("==")[0] for line in moved if line[0] not in " #"] == ["wcwidth"]

    other = invoke("image", "--no-smoke", "--channel", "debian", root=checkout)
    assert "layers that differ: wheels-N-Z, files" in other.communicate()[1]
    assert other.returncode == 1

    pinned = invoke("image", "--no-smoke", "--channel", "debian", "--pin", root=checkout)
    out, err = pinned.communicate()
    assert pinned.returncode == 0, err
    (size, sent) = (float(found) for found in re.findall(r"([\d.]+) [GM]B", out))
    assert 0 < sent < 0.05 * size * 1000
    pin = pins.find("debian", CPU.name, checkout / "images.lock")
    assert pin is not None
    assert pin.id != cpu_image
