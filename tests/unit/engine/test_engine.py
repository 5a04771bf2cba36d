"""Finding an engine, starting a private one, and what is sent to it."""

from __future__ import annotations

import io
import json
import os
import socket
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import requests
from docker.errors import APIError, ImageNotFound

from gradlock.engine import dockerd
from gradlock.engine import engine as engines
from gradlock.engine.engine import Engine
from gradlock.errors import EngineError
from gradlock.images.image import Image
from gradlock.progress import Meter

Handmade = Callable[..., Image]


@pytest.fixture(autouse=True)
def no_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no engine answer on this machine."""
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setenv("GRADLOCK_STORE", str(tmp_path / "store"))
    monkeypatch.setattr(engines, "usual_sockets", lambda: (tmp_path / "docker.sock",))
    monkeypatch.setattr(dockerd, "folder", lambda: tmp_path / "run")


# Which layers are shared


@pytest.mark.parametrize(
    ("chains", "shared"),
    [
        ([], 0),
        ([[]], 0),
        ([["a"]], 1),
        ([["a", "b", "c", "d"]], 3),
        ([["a", "x", "c"]], 1),
        ([["b", "c"]], 0),
        ([["c", "b", "a"]], 0),
        ([["a"], ["a", "b"], ["x"]], 2),
    ],
    ids=[
        "no-image",
        "image-without-layers",
        "the-lowest",
        "all-of-them",
        "same-layer-over-another",
        "same-layers-without-the-lowest",
        "same-layers-in-another-order",
        "the-longest-of-several",
    ],
)
def test_a_layer_is_shared_only_with_all_below_it(chains: list[list[str]], shared: int) -> None:
    assert engines.shared_length(["a", "b", "c"], chains) == shared


# Loading, against an engine's store in memory


class Api:
    """As much of an engine as loading needs: images by ID, each with its layers' digests."""

    def __init__(self) -> None:
        self.chains: dict[str, list[str]] = {}
        self.present: set[str] = set()
        self.tags: dict[str, str] = {}
        self.loads: list[list[str]] = []
        self.refusal = ""

    def images(self, **_: Any) -> list[dict[str, str]]:
        """List the images."""
        return [{"Id": identity} for identity in self.chains]

    def inspect_image(self, identity: str) -> dict[str, Any]:
        """Tell an image's layers."""
        return {"RootFS": {"Type": "layers", "Layers": self.chains[identity]}}

    def create_container(self, identity: str, *_: Any, **__: Any) -> dict[str, str]:
        """Make a container, for which all layers must be there."""
        if not self.present.issuperset(self.chains.get(identity, [identity])):
            raise ImageNotFound("no such image")
        return {"Id": "made"}

    def remove_container(self, identity: str) -> None:
        """Remove the container."""
        assert identity == "made"

    def load_image(self, data: Iterator[bytes], **_: Any) -> Iterator[dict[str, str]]:
        """Take an image whose layers are sent, or there; else refuse it as an engine does."""
        with tarfile.open(fileobj=io.BytesIO(b"".join(data))) as tar:
            names = tar.getnames()
            entry = tar.extractfile("manifest.json")
            assert entry
            (manifest,) = json.load(entry)
        sent = [name for name in names if name in manifest["Layers"]]
        self.loads.append(sent)
        self.present |= {f"sha256:{name.rpartition('/')[2]}" for name in sent}
        layers = [f"sha256:{name.rpartition('/')[2]}" for name in manifest["Layers"]]
        if self.refusal:
            yield {"error": self.refusal}
        elif not self.present.issuperset(layers):
            yield {"error": "open blobs/sha256/x: no such file or directory"}
        else:
            self.chains["sha256:" + manifest["Config"].rpartition("/")[2]] = layers
            yield {"stream": "Loaded image ID"}

    def tag(self, identity: str, repository: str, tag: str, **_: Any) -> None:
        """Name an image."""
        self.tags[f"{repository}:{tag}"] = identity


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def engine(api: Api) -> Engine:
    return Engine(mock.Mock(api=api), "unix:///there", private=False)


def test_a_second_load_sends_nothing_but_sees_to_the_tag(
    handmade: Handmade, engine: Engine, api: Api
) -> None:
    image = handmade("bottom", "top")
    assert engines.load(engine, image, Meter()) == image.size
    api.tags.clear()
    assert engines.load(engine, image, Meter()) == 0
    assert len(api.loads) == 1
    assert api.tags == {"gradlock:handmade": image.id}


def test_only_what_changed_is_sent(handmade: Handmade, engine: Engine, api: Api) -> None:
    engines.load(engine, handmade("bottom", "old"), Meter())
    image = handmade("bottom", "new")
    assert engines.load(engine, image, Meter()) == image.layers[1].size
    assert api.loads[1] == [f"blobs/sha256/{image.layers[1].digest}"]


def test_a_layer_that_vanished_since_is_sent_after_all(
    handmade: Handmade, engine: Engine, api: Api
) -> None:
    old, image = handmade("bottom", "old"), handmade("bottom", "new")
    engines.load(engine, old, Meter())
    api.present.clear()
    assert engines.load(engine, image, Meter()) == image.size
    assert engines.held(engine, image) == image.id


def test_what_counts_as_progress_adds_up(handmade: Handmade, engine: Engine) -> None:
    engines.load(engine, handmade("bottom", "old"), Meter())
    image, watch = handmade("bottom", "new"), mock.Mock(spec=Meter)
    engines.load(engine, image, watch)
    assert sum(call.args[0] for call in watch.advance.call_args_list) == image.size


def test_a_refusal_leaves_the_tag_where_it_was(
    handmade: Handmade, engine: Engine, api: Api
) -> None:
    old = handmade("bottom", "old")
    engines.load(engine, old, Meter())
    api.refusal = "write /x: no space left on device"
    with pytest.raises(EngineError, match="disk is full"):
        engines.load(engine, handmade("bottom", "new"), Meter())
    assert api.tags == {"gradlock:handmade": old.id}


def test_an_engine_that_holds_something_else_is_not_believed(
    handmade: Handmade, engine: Engine, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "load_image", lambda *_, **__: iter([{"stream": "Loaded"}]))
    with pytest.raises(EngineError, match="does not hold sha256:"):
        engines.load(engine, handmade("one"), Meter())
    assert not api.tags


# Errors


@pytest.mark.parametrize(
    "fault",
    [requests.ConnectionError("reset"), requests.Timeout("slow"), ConnectionResetError()],
)
def test_an_engine_that_dies_is_named_with_what_was_done(engine: Engine, fault: Exception) -> None:
    with pytest.raises(EngineError) as caught, engines.working(engine, "loading gradlock:cpu"):
        raise fault
    assert "loading gradlock:cpu: the Docker Engine stopped answering" in caught.value.what
    assert caught.value.where == engine.where
    assert "run the command again" in caught.value.mend


@pytest.mark.parametrize(
    ("refusal", "what", "mend"),
    [
        ("write /data/x: no space left on device", "disk is full", "free some space"),
        ("No such image: gradlock:cpu", "refused: No such image", "./inv image"),
        ('could not select device driver "" with [[gpu]]', "NVIDIA GPU", "Container Toolkit"),
        ("conflict", "refused: conflict", ""),
    ],
)
def test_a_refusal_says_how_to_mend_it(engine: Engine, refusal: str, what: str, mend: str) -> None:
    with pytest.raises(EngineError, match=what) as caught, engines.working(engine, "testing"):
        raise APIError("500 Server Error", explanation=refusal)
    assert mend in caught.value.mend


# GPUs


@pytest.mark.parametrize(
    ("info", "required", "driver", "asked"),
    [
        ({"Runtimes": {"runc": {}}}, False, None, 0),
        ({"Runtimes": {"runc": {}}}, True, "", 1),
        ({"Runtimes": {"nvidia": {}, "runc": {}}}, False, "", 1),
        ({"Runtimes": {}, "DiscoveredDevices": [{"ID": "nvidia.com/gpu=0"}]}, False, "cdi", 1),
        ({"Runtimes": {}, "DiscoveredDevices": [{"ID": "other.com/nic=0"}]}, False, None, 0),
        ({"Runtimes": {}, "DiscoveredDevices": None}, False, None, 0),
    ],
)
def test_gpus_are_asked_for_where_they_are_or_must_be(
    info: dict[str, Any], required: bool, driver: str | None, asked: int
) -> None:
    client = mock.Mock()
    client.info.return_value = info
    requests = engines.gpus(Engine(client, "", private=False), required=required)
    assert [request["Driver"] for request in requests] == [driver] * asked


# Finding


def test_no_engine_is_found_where_there_is_none() -> None:
    assert engines.find() is None


def test_a_socket_that_nobody_listens_on_is_passed_over(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(tmp_path / "docker.sock"))
    assert engines.find() is None


def test_docker_host_is_the_only_one_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")
    with pytest.raises(EngineError, match="DOCKER_HOST") as caught:
        engines.find()
    assert caught.value.where == "tcp://127.0.0.1:9"


def test_a_socket_that_is_not_permitted_is_named(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.socket(socket.AF_UNIX) as server, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "docker.sock"
        monkeypatch.setattr(engines, "usual_sockets", lambda: (path,))
        server.bind(str(path))
        server.listen()
        path.chmod(0)
        Path(folder).chmod(0o755)
        status = _as_nobody(engines.find)
    printed = capfd.readouterr().out
    assert status == 1
    assert "this user may not talk to it" in printed
    assert str(path) in printed
    assert "usermod" in printed


def _as_nobody(call: Callable[[], object]) -> int:
    """Call a function without root's rights, print its error, return 1 if it had one."""
    child = os.fork()
    if child == 0:
        try:
            if os.getuid() == 0:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            call()
        except EngineError as error:
            os.write(1, str(error).encode())
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_the_usual_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/7")
    monkeypatch.setenv("HOME", "/home/somebody")
    assert [str(path) for path in engines.usual_sockets()] == [
        "/var/run/docker.sock",
        "/run/user/7/docker.sock",
        "/home/somebody/.docker/run/docker.sock",
        "/home/somebody/.docker/desktop/docker.sock",
    ]
