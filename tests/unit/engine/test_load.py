"""What is sent to an engine, in waves and at once, against an engine's store in memory."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from typing import Any
from unittest import mock

import pytest
import requests
from docker.errors import APIError, ImageNotFound

from gradlock.engine import load, owner
from gradlock.engine.engine import Engine
from gradlock.engine.load import Loader
from gradlock.errors import EngineError
from gradlock.images.archive import BrokenLayerError
from gradlock.images.image import Image
from gradlock.progress import Meter

Handmade = Callable[..., Image]


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
    assert load.shared_length(["a", "b", "c"], chains) == shared


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
            broken = [
                name
                for name in names
                if name.startswith("blobs/")
                and hashlib.sha256(tar.extractfile(name).read()).hexdigest()  # type: ignore[union-attr]
                != name.rpartition("/")[2]
            ]
        sent = [name for name in names if name in manifest["Layers"]]
        self.loads.append(sent)
        self.present |= {f"sha256:{name.rpartition('/')[2]}" for name in sent}
        layers = [f"sha256:{name.rpartition('/')[2]}" for name in manifest["Layers"]]
        if self.refusal:
            yield {"error": self.refusal}
        elif broken:
            self.present -= {f"sha256:{name.rpartition('/')[2]}" for name in broken}
            yield {"error": "invalid diffID for layer 0"}
        elif not self.present.issuperset(layers):
            yield {"error": "open blobs/sha256/x: no such file or directory"}
        else:
            self.chains["sha256:" + manifest["Config"].rpartition("/")[2]] = layers
            yield {"stream": "Loaded image ID"}

    def remove_image(self, identity: str) -> None:
        """Remove an image, and the layers that no other has."""
        gone = set(self.chains.pop(identity))
        self.present -= gone.difference(*self.chains.values())

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
    assert load.load(engine, image, Meter()) == image.size
    api.tags.clear()
    assert load.load(engine, image, Meter()) == 0
    assert len(api.loads) == 1
    assert api.tags == {"gradlock:handmade": image.id}


def test_only_what_changed_is_sent(handmade: Handmade, engine: Engine, api: Api) -> None:
    load.load(engine, handmade("bottom", "old"), Meter())
    image = handmade("bottom", "new")
    assert load.load(engine, image, Meter()) == image.layers[1].size
    assert api.loads[1] == [f"blobs/sha256/{image.layers[1].digest}"]


def test_a_layer_that_vanished_since_is_sent_after_all(
    handmade: Handmade, engine: Engine, api: Api
) -> None:
    old, image = handmade("bottom", "old"), handmade("bottom", "new")
    load.load(engine, old, Meter())
    api.present.clear()
    assert load.load(engine, image, Meter()) == image.size
    assert load.held(engine, image.config, image.layers) == image.id


def test_what_counts_as_progress_adds_up(handmade: Handmade, engine: Engine) -> None:
    load.load(engine, handmade("bottom", "old"), Meter())
    image, watch = handmade("bottom", "new"), mock.Mock(spec=Meter)
    load.load(engine, image, watch)
    assert sum(call.args[0] for call in watch.advance.call_args_list) == image.size


def test_a_refusal_leaves_the_tag_where_it_was(
    handmade: Handmade, engine: Engine, api: Api
) -> None:
    old = handmade("bottom", "old")
    load.load(engine, old, Meter())
    api.refusal = "write /x: no space left on device"
    with pytest.raises(EngineError, match="disk is full"):
        load.load(engine, handmade("bottom", "new"), Meter())
    assert api.tags == {"gradlock:handmade": old.id}


def test_an_engine_that_holds_something_else_is_not_believed(
    handmade: Handmade, engine: Engine, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "load_image", lambda *_, **__: iter([{"stream": "Loaded"}]))
    with pytest.raises(EngineError, match="does not hold sha256:"):
        load.load(engine, handmade("one"), Meter())
    assert not api.tags


# Waves


def test_an_image_comes_in_waves_and_nothing_else_is_left(
    handmade: Handmade, engine: Engine, api: Api
) -> None:
    image, watch = handmade("one", "two", "three", "four"), mock.Mock(spec=Meter)
    with Loader(engine, watch) as loader:
        loader.wave(image.layers[:1])
        loader.wave(image.layers[:3])
        sent = loader.finish(image)
    digests = [f"blobs/sha256/{layer.digest}" for layer in image.layers]
    assert api.loads == [digests[:1], digests[1:3], digests[3:]]
    assert sent == image.size
    assert sum(call.args[0] for call in watch.advance.call_args_list) == image.size
    assert list(api.chains) == [image.id]
    assert api.tags == {"gradlock:handmade": image.id}


def test_a_wave_of_what_is_there_sends_nothing(
    handmade: Handmade, engine: Engine, api: Api
) -> None:
    load.load(engine, handmade("one", "two", "old"), Meter())
    image = handmade("one", "two", "new")
    with Loader(engine, Meter()) as loader:
        loader.wave(image.layers[:1])
        loader.wave(image.layers[:2])
        assert loader.finish(image) == image.layers[2].size
    assert len(api.loads) == 2


def test_a_wave_tells_whose_it_is(handmade: Handmade, engine: Engine, api: Api) -> None:
    configs = []
    real = api.load_image

    def seen(data: Iterator[bytes], **_: Any) -> Iterator[dict[str, str]]:
        whole = b"".join(data)
        with tarfile.open(fileobj=io.BytesIO(whole)) as tar:
            blobs = [tar.extractfile(name).read() for name in tar.getnames()]  # type: ignore[union-attr]
        configs.extend(json.loads(blob) for blob in blobs if b"rootfs" in blob)
        return real(iter([whole]))

    with mock.patch.object(api, "load_image", seen), Loader(engine, Meter()) as loader:
        loader.wave(handmade("one").layers)
    (config,) = configs
    labels = config["config"]["Labels"]
    assert load.WAVE in labels
    assert owner.parse(labels["gradlock.owner"]) == owner.me()
    assert not api.chains


def test_where_a_wave_fails_the_whole_is_sent_at_once(
    handmade: Handmade, engine: Engine, api: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    image, watch = handmade("one", "two", "three"), mock.Mock(spec=Meter)
    with Loader(engine, watch) as loader:
        api.refusal = "no waves here"
        loader.wave(image.layers[:1])
        api.refusal = ""
        loader.wave(image.layers[:2])
        assert loader.finish(image) == image.size
    assert len(api.loads) == 2
    assert "no waves here; the image will be loaded at once" in capsys.readouterr().err
    assert sum(call.args[0] for call in watch.advance.call_args_list) == image.size
    assert list(api.chains) == [image.id]


@pytest.mark.parametrize("fault", [KeyboardInterrupt(), EngineError("a layer cannot be made")])
def test_what_ends_between_waves_leaves_nothing(
    handmade: Handmade, engine: Engine, api: Api, fault: BaseException
) -> None:
    def work() -> None:
        with Loader(engine, Meter()) as loader:
            loader.wave(handmade("one").layers)
            raise fault

    with pytest.raises(type(fault)):
        work()
    assert not api.chains


def test_a_wave_that_a_person_removed_is_made_good(
    handmade: Handmade, engine: Engine, api: Api
) -> None:
    image = handmade("one", "two")
    with Loader(engine, Meter()) as loader:
        loader.wave(image.layers[:1])
        api.chains.clear()
        api.present.clear()
        with mock.patch.object(api, "remove_image", side_effect=ImageNotFound("gone")):
            loader.finish(image)
    assert api.tags == {"gradlock:handmade": image.id}


# Layers that are broken


@pytest.mark.parametrize("when", ["in-a-wave", "in-the-end"])
@pytest.mark.parametrize("fault", ["flipped-bit", "cut-short", "empty", "gone", "hangs-up"])
def test_a_broken_layer_is_named_and_not_the_engine(
    handmade: Handmade, engine: Engine, api: Api, fault: str, when: str
) -> None:
    image = handmade("one", "two")
    layer = image.layers[1]
    data = layer.path.read_bytes()
    if fault in ("flipped-bit", "hangs-up"):
        layer.path.write_bytes(data[:600] + bytes([data[600] ^ 1]) + data[601:])
    elif fault == "gone":
        layer.path.unlink()
    else:
        layer.path.write_bytes(data[:-1] if fault == "cut-short" else b"")
    if fault == "hangs-up":
        api.load_image = mock.Mock(side_effect=requests.ConnectionError("broken pipe"))  # type: ignore[method-assign]
    with Loader(engine, Meter()) as loader, pytest.raises(BrokenLayerError) as caught:
        loader.wave(image.layers) if when == "in-a-wave" else loader.finish(image)
    assert caught.value.layer == layer
    assert caught.value.where == str(layer.path)
    assert not api.tags


def test_a_whole_layer_is_not_blamed(handmade: Handmade, engine: Engine, api: Api) -> None:
    api.refusal = "conflict"
    with pytest.raises(EngineError, match="refused: conflict"):
        load.load(engine, handmade("one"), Meter())
    api.load_image = mock.Mock(side_effect=APIError("500", explanation="oops"))  # type: ignore[method-assign]
    with pytest.raises(EngineError, match="refused: oops"):
        load.load(engine, handmade("one"), Meter())


# Stopping


@pytest.mark.parametrize("when", ["sending", "unpacking"])
def test_a_load_is_left_when_it_is_stopped(
    handmade: Handmade, engine: Engine, api: Api, when: str
) -> None:
    image, loader = handmade("one", "two"), Loader(engine, Meter())

    def unpacking(data: Iterator[bytes], **_: Any) -> Iterator[dict[str, str]]:
        b"".join(data)
        loader.stop()
        while True:
            yield {"status": "Loading layer"}

    if when == "unpacking":
        api.load_image = unpacking  # type: ignore[method-assign]
    else:
        loader.stop()
    with loader, pytest.raises(CancelledError):
        loader.finish(image)
    assert not api.tags
