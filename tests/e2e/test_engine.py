"""A private engine of its own store: loading, and what can go wrong with it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gradlock import store
from gradlock.engine import dockerd
from gradlock.engine import engine as engines
from gradlock.engine.engine import Engine
from gradlock.errors import EngineError
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
    for image in engine.client.images.list(all=True):
        engine.client.images.remove(image.id, force=True)
    return engine


@dataclass(frozen=True)
class Interrupting(Meter):
    """Does something when the first bytes of a layer are sent."""

    act: Callable[[], None] = lambda: None

    def advance(self, amount: int) -> None:
        """Act, once there are bytes."""
        if amount:
            self.act()


def load(engine: Engine, image: Image) -> int:
    """Load an image and hold the engine to it: its ID, its layers, its tag."""
    sent = engines.load(engine, image, Meter())
    found = engine.client.api.inspect_image(image.reference)
    assert found["RootFS"]["Layers"] == [f"sha256:{layer.digest}" for layer in image.layers]
    assert found["Id"] == image.id
    return sent


def pid() -> int:
    """Return the process of the private engine."""
    return int((dockerd.folder() / "pid").read_text())


def test_a_second_load_sends_nothing(handmade: Handmade, empty: Engine) -> None:
    image = handmade("bottom", "top")
    assert load(empty, image) == image.size
    assert load(empty, image) == 0


def test_only_the_layer_that_changed_is_sent(handmade: Handmade, empty: Engine) -> None:
    load(empty, handmade("bottom", "old"))
    image = handmade("bottom", "new")
    assert load(empty, image) == image.layers[1].size


def test_two_variants_share_their_lowest_layers(handmade: Handmade, empty: Engine) -> None:
    load(empty, handmade("bottom", "cpu", variant="cpu"))
    image = handmade("bottom", "gpu", variant="gpu")
    assert load(empty, image) == image.layers[1].size


def test_a_layer_over_a_changed_one_is_sent_too(handmade: Handmade, empty: Engine) -> None:
    load(empty, handmade("old", "top"))
    image = handmade("new", "top")
    assert load(empty, image) == image.size


def test_a_layer_that_is_gone_in_between_is_sent_after_all(
    handmade: Handmade, empty: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = handmade("bottom", "top")
    believed = [f"sha256:{image.layers[0].digest}"]
    monkeypatch.setattr(engines, "_chains", lambda _: [believed])
    assert load(empty, image) == image.size


def test_an_engine_killed_in_mid_load(handmade: Handmade, empty: Engine) -> None:
    image = handmade("bottom", os.urandom(32 << 20))
    kill = Interrupting(act=lambda: os.kill(pid(), signal.SIGKILL))
    with pytest.raises(EngineError, match=r"loading gradlock:handmade: .* stopped answering"):
        engines.load(empty, image, kill)
    assert load(engines.start_private(), image) == image.size


def test_ctrl_c_in_mid_load(handmade: Handmade, empty: Engine) -> None:
    image = handmade("bottom", os.urandom(32 << 20))
    interrupt = Interrupting(act=lambda: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        engines.load(empty, image, interrupt)
    assert empty.client.images.list(all=True) == []
    assert load(empty, image) == image.size


def test_two_runs_at_once_start_one_engine(empty: Engine) -> None:
    engines.stop_private()
    code = "from gradlock import engine; print(engine.start_private().client.info()['ID'])"
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
        load(small, image)
        with pytest.raises(EngineError, match="disk is full") as caught:
            engines.load(small, handmade("bottom", os.urandom(80 << 20)), Meter())
        assert "free some space" in caught.value.mend
        assert small.client.api.inspect_image(image.reference)["Id"] == image.id
    finally:
        engines.stop_private()
        subprocess.run(["umount", str(store.folder("engine"))], check=True)


def test_what_a_stopped_engine_held_can_be_removed(empty: Engine) -> None:
    assert engines.stop_private() is True
    assert not dockerd.folder().exists()
    shutil.rmtree(store.folder("engine"))
