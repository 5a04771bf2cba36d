"""What goes wrong in the middle of a build: kills, a full disk, two runs, broken files."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from docker.errors import ImageNotFound

from gradlock import store
from gradlock.engine.engine import Engine
from gradlock.images import pins
from gradlock.inputs import variants
from tests.e2e import mutated
from tests.e2e.conftest import Invoke

CPU = variants.load().cpu.name
#: The longest that a build runs before it is killed, in seconds: a whole one takes some more.
LONGEST = 30.0
#: Seconds in which what a killed run started has to be gone.
GRACE = 10.0


def of_store(home: Path) -> list[psutil.Process]:
    """Return the processes that work for a store: its name is in their environment or arguments."""
    found = []
    for process in psutil.process_iter():
        try:
            words = (*process.environ().values(), *process.cmdline())
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        if any(str(home) in word for word in words) and process.pid != os.getpid():
            found.append(process)
    return found


def gone(home: Path) -> list[psutil.Process]:
    """Return what still works for a store after a moment."""
    deadline = time.monotonic() + GRACE
    while (left := of_store(home)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


def containers(engine: Engine) -> list[str]:
    """Return the containers that gradlock made, running or not."""
    listed = engine.client.containers.list(all=True, filters={"label": "gradlock"})
    return [container.name for container in listed]


def finished(run: subprocess.Popen[str]) -> str:
    """Return what a run printed, which must have succeeded."""
    out, err = run.communicate()
    assert run.returncode == 0, err
    return out


def forget(engine: Engine, image: str) -> None:
    """Have the engine load the image anew: nothing that it holds may stand on its layers."""
    left = (tag for made in engine.client.images.list(mutated.REPOSITORY) for tag in made.tags)
    for reference in ("gradlock:cpu", *left):
        with suppress(ImageNotFound):
            engine.client.images.remove(reference, force=True)
    engine.client.images.prune()


def test_a_killed_build_leaves_nothing_and_the_next_gives_the_pinned_id(
    invoke: Invoke,
    docker_engine: Engine,
    cpu_image: str,
    empty_store: Path,
    pytestconfig: pytest.Config,
) -> None:
    """Each moment is drawn from a seed that a failure shows."""
    first = random.SystemRandom().randrange(10**6)
    for seed in range(first, first + pytestconfig.getoption("kills")):
        chance = random.Random(seed)
        if chance.random() < 0.4:  # so that later kills, too, meet a build in its middle
            shutil.rmtree(empty_store / "layers", ignore_errors=True)
        if chance.random() < 0.4:
            forget(docker_engine, cpu_image)
        end = chance.choice((signal.SIGKILL, signal.SIGTERM))
        run = invoke("image", "--no-smoke", GRADLOCK_STORE=str(empty_store))
        moment = chance.uniform(0.2, LONGEST)
        told = f"seed {seed}: {end.name} after {moment:.1f} s"
        try:
            _, err = run.communicate(timeout=moment)
        except subprocess.TimeoutExpired:
            run.send_signal(end)
            _, err = run.communicate(timeout=60)
        assert "Traceback" not in err, f"{told}\n{err}"
        assert not gone(empty_store), told
        if end == signal.SIGTERM:
            assert not containers(docker_engine), told
    shutil.rmtree(empty_store / "layers", ignore_errors=True)
    forget(docker_engine, cpu_image)
    assert cpu_image in finished(invoke("image", "--no-smoke", GRADLOCK_STORE=str(empty_store)))
    assert not containers(docker_engine)
    assert list((empty_store / "tmp").iterdir()) == []
    assert list((empty_store / "layers").glob(".*")) == []


def lend(home: Path, names: Iterable[str], copy: Callable[[Path, Path], object]) -> None:
    """Give a store layers of this run's, by their names: what is built there is the others."""
    pin, lent, layers = pins.find("debian", CPU), store.folder("layers"), home / "layers"
    assert pin is not None
    digests = {pin.layers[name].removeprefix("sha256:") for name in names}
    layers.mkdir(parents=True)
    for entry in lent.glob("*.json"):
        if (digest := json.loads(entry.read_text(encoding="utf-8")).get("digest")) in digests:
            copy(entry, layers / entry.name)
            for name in (f"{digest}.tar", f"{digest}.listing.json"):
                if not (layers / name).exists():  # code of another time gave it another key
                    copy(lent / name, layers / name)


@pytest.fixture
def small_disk(tmp_path: Path, empty_store: Path) -> Iterator[Path]:
    """Return a store on a disk of its own, which has the base layer, and no room for all others."""
    home = tmp_path / "disk"
    home.mkdir()
    if os.getuid() != 0:
        pytest.skip("only root can mount a small disk")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=900m", "tmpfs", str(home)], check=True)
    try:
        # It costs most, and there is room for it.
        lend(home / "store", ["base"], shutil.copy2)
        yield home
    finally:
        subprocess.run(["umount", "--lazy", str(home)], check=True)


def test_a_full_disk_is_an_error_that_says_so_and_loses_nothing(
    invoke: Invoke, cpu_image: str, empty_store: Path, small_disk: Path
) -> None:
    home = small_disk / "store"
    (home / "artifacts").symlink_to(empty_store / "artifacts")
    full = invoke("image", "--no-smoke", GRADLOCK_STORE=str(home))
    _, err = full.communicate()
    assert full.returncode == 1
    assert "Traceback" not in err
    assert "No space left on device" in err or "is full" in err
    subprocess.run(["mount", "-o", "remount,size=12g", str(small_disk)], check=True)
    assert cpu_image in finished(invoke("image", "--no-smoke", GRADLOCK_STORE=str(home)))


def cut(path: Path) -> None:
    """Leave nothing of a file, and keep its times."""
    rewrite(path, b"")


def flip(path: Path) -> None:
    """Change one byte in the middle of a file, and keep its times and its size."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    rewrite(path, bytes(data))


def rewrite(path: Path, data: bytes) -> None:
    kept = path.stat()
    path.unlink()  # other stores may have a link to it
    path.write_bytes(data)
    os.utime(path, ns=(kept.st_atime_ns, kept.st_mtime_ns))


def test_layers_that_broke_in_the_store_are_built_again_at_once(
    invoke: Invoke, docker_engine: Engine, cpu_image: str
) -> None:
    """One is cut, which its size tells, and one has another byte, which the engine tells."""
    layers = docker_engine.client.images.get("gradlock:cpu").attrs["RootFS"]["Layers"]
    digests = [layer.removeprefix("sha256:") for layer in layers[4:6]]
    for harm, digest in zip((cut, flip), digests, strict=True):
        harm(store.folder("layers") / f"{digest}.tar")
    forget(docker_engine, cpu_image)
    kept = docker_engine.client.images.list()
    above = [one.tags for one in kept if one.attrs["RootFS"].get("Layers", [])[:6] == layers[:6]]
    assert not above, "the engine has the layers of another image, so it reads none of them"
    assert cpu_image in finished(invoke("image", "--no-smoke"))
    for digest in digests:
        assert store.file_digest(store.folder("layers") / f"{digest}.tar") == digest


def test_wheels_that_broke_in_the_store_are_fetched_again_at_once(
    invoke: Invoke, cpu_image: str, empty_store: Path
) -> None:
    """Where their layers are to be built: nothing else reads them."""
    pin, needed = pins.find("debian", CPU), {"keras", "pandas"}
    assert pin is not None
    assert needed < pin.layers.keys()
    lend(empty_store, pin.layers.keys() - needed, os.link)
    (keras,), (pandas,) = (empty_store.glob(f"artifacts/*/{name}-*") for name in sorted(needed))
    cut(keras)
    flip(pandas)
    assert cpu_image in finished(invoke("image", "--no-smoke", GRADLOCK_STORE=str(empty_store)))
    for wheel in (keras, pandas):
        assert store.file_digest(wheel) == wheel.parent.name
