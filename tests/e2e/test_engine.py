"""A private engine of its own store: loading, and what can go wrong with it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from docker.errors import ImageNotFound

from gradlock import command, store
from gradlock.engine import containers, dockerd, load, removal, tunnel
from gradlock.engine import engine as engines
from gradlock.engine.engine import Engine
from gradlock.engine.load import Loader
from gradlock.errors import EngineError
from gradlock.images.archive import BrokenLayerError
from gradlock.images.image import Image
from gradlock.progress import Meter

Handmade = Callable[..., Image]

pytestmark = [
    pytest.mark.skipif(os.getuid() != 0, reason="only root can start a private engine"),
    pytest.mark.skipif(
        shutil.which("dockerd", path=f"{os.environ['PATH']}:/usr/sbin") is None,
        reason="dockerd is not installed: ./inv setup",
    ),
]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Start an engine that is this module's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADLOCK_STORE", str(tmp_path_factory.mktemp("store")))
        yield engines.start_private()
        engines.stop_private()


@pytest.fixture
def empty(engine: Engine) -> Engine:
    """Return the engine, started again if need be, without any image."""
    engine = engines.start_private()
    # The last first: a committed image keeps what it was made of.
    for row in sorted(engine.client.api.images(all=True), key=lambda row: -row["Created"]):
        with suppress(ImageNotFound):  # it went with another
            engine.client.api.remove_image(row["Id"], force=True)
    return engine


@dataclass(frozen=True)
class Interrupting(Meter):
    """Does something when the first bytes of a layer are sent."""

    act: Callable[[], None] = lambda: None

    def advance(self, amount: int) -> None:
        """Act, once there are bytes."""
        if amount:
            self.act()


def loaded(engine: Engine, image: Image) -> int:
    """Load an image and hold the engine to it: its ID, its layers, its tag."""
    sent = load.load(engine, image, Meter())
    found = engine.client.api.inspect_image(image.reference)
    assert found["RootFS"]["Layers"] == [f"sha256:{layer.digest}" for layer in image.layers]
    assert found["Id"] == image.id
    return sent


def pid() -> int:
    """Return the process of the private engine."""
    return int((dockerd.folder() / "pid").read_text())


def test_a_second_load_sends_nothing(handmade: Handmade, empty: Engine) -> None:
    image = handmade("bottom", "top")
    assert loaded(empty, image) == image.size
    assert loaded(empty, image) == 0


def test_only_the_layer_that_changed_is_sent(handmade: Handmade, empty: Engine) -> None:
    loaded(empty, handmade("bottom", "old"))
    image = handmade("bottom", "new")
    assert loaded(empty, image) == image.layers[1].size


def test_two_variants_share_their_lowest_layers(handmade: Handmade, empty: Engine) -> None:
    loaded(empty, handmade("bottom", "cpu", variant="cpu"))
    image = handmade("bottom", "gpu", variant="gpu")
    assert loaded(empty, image) == image.layers[1].size


def test_a_layer_over_a_changed_one_is_sent_too(handmade: Handmade, empty: Engine) -> None:
    loaded(empty, handmade("old", "top"))
    image = handmade("new", "top")
    assert loaded(empty, image) == image.size


def test_a_layer_that_is_gone_in_between_is_sent_after_all(
    handmade: Handmade, empty: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = handmade("bottom", "top")
    believed = [f"sha256:{image.layers[0].digest}"]
    monkeypatch.setattr(load, "_chains", lambda _: iter([believed]))
    assert loaded(empty, image) == image.size


def test_an_engine_killed_in_mid_load(handmade: Handmade, empty: Engine) -> None:
    image = handmade("bottom", os.urandom(32 << 20))
    kill = Interrupting(act=lambda: os.kill(pid(), signal.SIGKILL))
    with pytest.raises(EngineError, match=r"loading gradlock:handmade: .* stopped answering"):
        load.load(empty, image, kill)
    assert loaded(engines.start_private(), image) == image.size


def test_ctrl_c_in_mid_load(handmade: Handmade, empty: Engine) -> None:
    image = handmade("bottom", os.urandom(32 << 20))
    interrupt = Interrupting(act=lambda: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        load.load(empty, image, interrupt)
    assert empty.client.images.list(all=True) == []
    assert loaded(empty, image) == image.size


def test_an_image_comes_in_waves_and_leaves_nothing_else(handmade: Handmade, empty: Engine) -> None:
    image = handmade("one", "two", "three", "four")
    with Loader(empty, Meter()) as loader:
        loader.wave(image.layers[:1])
        loader.wave(image.layers[:3])
        assert loader.finish(image) == image.size
    assert [row["Id"] for row in empty.client.api.images(all=True)] == [image.id]
    assert loaded(empty, image) == 0


def test_ctrl_c_in_a_wave_leaves_no_image(handmade: Handmade, empty: Engine) -> None:
    image = handmade("bottom", os.urandom(32 << 20))
    interrupt = Interrupting(act=lambda: signal.raise_signal(signal.SIGINT))
    with Loader(empty, interrupt) as loader, pytest.raises(KeyboardInterrupt):
        loader.wave(image.layers)
    assert empty.client.api.images(all=True) == []


@pytest.mark.parametrize("place", [600, 100_000, -1100])
@pytest.mark.parametrize("in_waves", [False, True])
def test_a_flipped_bit_in_a_layer_is_found_and_the_layer_named(
    handmade: Handmade, empty: Engine, place: int, in_waves: bool
) -> None:
    image = handmade("bottom", os.urandom(1 << 20), "top")
    layer = image.layers[1]
    data = bytearray(layer.path.read_bytes())
    before = layer.path.stat()
    data[place] ^= 1
    layer.path.write_bytes(data)
    os.utime(layer.path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with Loader(empty, Meter()) as loader, pytest.raises(BrokenLayerError) as caught:
        loader.wave(image.layers[:2]) if in_waves else loader.finish(image)
    assert caught.value.layer == layer
    data[place] ^= 1
    layer.path.write_bytes(data)
    assert loaded(empty, image) == image.size


#: Makes a container and a wave, says so, and waits until it is ended.
LEAVING = """
import sys, time
from pathlib import Path
from gradlock import interrupts
from gradlock.engine import containers, engine
from gradlock.engine.load import Loader
from gradlock.layers import Layer
from gradlock.progress import Meter
reference, name, path, digest, size = sys.argv[1:]
docker = engine.start_private()
try:
    with interrupts.raised(), Loader(docker, Meter()) as loader:
        loader.wave([Layer(name, Path(path), digest, int(size))])
        with containers.container(docker, reference, ["x"], kind="tests"):
            print("there", flush=True)
            time.sleep(600)
except interrupts.Interrupted as interrupt:
    sys.exit(interrupt.status)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_what_is_ended_leaves_nothing_or_is_swept(
    handmade: Handmade, empty: Engine, how: signal.Signals
) -> None:
    image, other = handmade("bottom"), handmade("other")
    loaded(empty, image)
    (layer,) = other.layers
    given = [image.reference, layer.name, str(layer.path), layer.digest, str(layer.size)]
    argv = [sys.executable, "-c", LEAVING, *given]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, cwd=store.ROOT) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"there\n"
        assert removal.sweep(empty) == 0
        assert len(empty.client.api.containers(all=True)) == 1
        process.send_signal(how)
    status = -how if how == signal.SIGKILL else 128 + how
    assert process.returncode == status
    assert removal.sweep(empty) == (2 if how == signal.SIGKILL else 0)
    assert empty.client.api.containers(all=True) == []
    assert [row["Id"] for row in empty.client.api.images(all=True)] == [image.id]


def labelled(image: Image) -> Image:
    """Return an image as gradlock writes it: with its label, and a history of its layers."""
    config = json.loads(image.config)
    config["config"]["Labels"] = {removal.VARIANT: "handmade"}
    config["history"] = [{"created_by": f"{removal.WRITTEN}{row.name}"} for row in image.layers]
    return replace(image, config=json.dumps(config).encode())


def test_what_people_built_from_an_image_outlives_it(handmade: Handmade, empty: Engine) -> None:
    old, new = labelled(handmade("bottom", "old")), labelled(handmade("bottom", "new"))
    loaded(empty, old)
    box = empty.client.api.create_container(old.reference, ["x"])
    theirs = {
        empty.client.api.commit(box["Id"], changes=changes)["Id"]
        for changes in ("ENV MINE=1", "CMD x")
    }
    empty.client.api.remove_container(box["Id"])
    loaded(empty, new)
    removal.remove(empty, [])
    left = {row["Id"] for row in empty.client.api.images(all=True)}
    assert theirs < left
    assert new.id in left
    removal.remove(empty, [new.reference])
    assert theirs <= {row["Id"] for row in empty.client.api.images(all=True)}


def test_an_untagged_image_of_gradlocks_goes(handmade: Handmade, empty: Engine) -> None:
    old, new = labelled(handmade("bottom", "old")), labelled(handmade("bottom", "new"))
    loaded(empty, old)
    loaded(empty, new)
    removal.remove(empty, [])
    assert [row["Id"] for row in empty.client.api.images(all=True)] == [new.id]


@pytest.mark.skipif(shutil.which("docker") is None, reason="there is no docker command")
def test_an_engine_behind_ssh_takes_an_image(
    handmade: Handmade, empty: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ssh that goes nowhere: it runs here what it is asked to run there."""
    program = tmp_path / "bin/ssh"
    program.parent.mkdir()
    program.write_text(
        f"#!/bin/sh\n[ $1 = -V ] || DOCKER_HOST={empty.where} exec docker system dial-stdio\n"
    )
    program.chmod(0o755)
    monkeypatch.setattr(command, "PATH", f"{program.parent}:{command.PATH}")
    monkeypatch.setenv("DOCKER_HOST", "ssh://me@far")
    found = engines.find()
    assert found is not None
    assert (found.where, found.local) == ("ssh://me@far", False)
    image = handmade("bottom", os.urandom(8 << 20))
    assert loaded(found, image) == image.size
    with containers.container(found, image.reference, ["x"], kind="tests") as made:
        made.put_archive("/", b"\0" * 1024)
        _, stat = made.get_archive(f"/{image.layers[0].name}")
        assert stat["size"] == len("bottom")
    tunnel.opened.cache_clear()


def test_two_runs_at_once_start_one_engine(empty: Engine) -> None:
    engines.stop_private()
    code = "from gradlock.engine import engine; print(engine.start_private().client.info()['ID'])"
    runs = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=store.ROOT)
        for _ in range(2)
    ]
    first, second = (run.communicate()[0] for run in runs)
    assert first == second != b""
    assert engines.start_private().client.info()["ID"] == first.decode().strip()


def test_a_user_who_may_not_is_told_which_socket(
    empty: Engine, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr(engines, "usual_sockets", tuple)
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            engines.find()
        except EngineError as error:
            os.write(1, str(error).encode())
        os._exit(0)
    os.waitpid(child, 0)
    printed = capfd.readouterr().out
    assert "this user may not talk to it" in printed
    assert str(dockerd.listens()) in printed


def test_a_full_disk_is_named_and_the_tag_stays(
    handmade: Handmade, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADLOCK_STORE", str(tmp_path))
    argv = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(store.folder("engine"))]
    if subprocess.run(argv, check=False).returncode:
        pytest.skip("cannot mount a small file system here")
    try:
        small = engines.start_private()
        image = handmade("bottom", "old")
        loaded(small, image)
        with pytest.raises(EngineError, match="disk is full") as caught:
            load.load(small, handmade("bottom", os.urandom(80 << 20)), Meter())
        assert "free some space" in caught.value.mend
        assert small.client.api.inspect_image(image.reference)["Id"] == image.id
    finally:
        engines.stop_private()
        subprocess.run(["umount", str(store.folder("engine"))], check=True)


def test_what_a_stopped_engine_held_can_be_removed(empty: Engine) -> None:
    network = dockerd.folder() / "exec/netns/default"  # as of an engine that had a container
    network.parent.mkdir(parents=True, exist_ok=True)
    network.touch()
    if not network.is_mount():
        subprocess.run(["mount", "--bind", network, network], check=True)
    assert engines.stop_private() is True
    assert not dockerd.folder().exists()
    shutil.rmtree(store.folder("engine"))
