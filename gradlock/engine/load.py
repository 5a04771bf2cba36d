"""Images sent to an engine: only the layers that it lacks, the lowest while others are made."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from types import TracebackType

import requests
import urllib3
from docker.errors import APIError, DockerException, NotFound

from gradlock import progress, store
from gradlock.engine import containers
from gradlock.engine.engine import Engine, refused, working
from gradlock.errors import EngineError
from gradlock.images import archive
from gradlock.images.archive import BrokenLayerError
from gradlock.images.image import Image
from gradlock.layers import Layer
from gradlock.progress import Meter

#: The label of an image that only brings its layers, and is removed when the whole is there.
WAVE = "gradlock.wave"


def load(engine: Engine, image: Image, watch: Meter) -> int:
    """Load an image at once, as `Loader.finish` does."""
    with Loader(engine, watch) as loader:
        return loader.finish(image)


class Loader:
    """Loads one image into an engine in waves: what is made is sent, while the rest is made.

    An engine unpacks a layer only over those below it, so a wave is the lowest layers so far,
    as an image without a name that is thrown away when the whole is there. Where a wave fails,
    a line says so and the whole is sent at once. `watch` counts to the size of all layers;
    those that are there already count at once. For one thread, but for `stop`; as a context,
    since what is thrown away must go whatever happens.
    """

    def __init__(self, engine: Engine, watch: Meter) -> None:
        self._engine = engine
        self._watch = watch
        self._counted = 0
        self._chains: list[Sequence[str]] | None = None
        self._thrown_away: list[str] = []
        self._at_once = False
        self._stopping = threading.Event()
        #: The bytes of the layers sent so far, and held.
        self.sent = 0

    def __enter__(self) -> Loader:
        """Begin; nothing is sent yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Remove the images of waves; an engine that died leaves them to `removal.sweep`."""
        with suppress(DockerException, requests.RequestException, urllib3.exceptions.HTTPError):
            self._throw_away()

    def wave(self, layers: Sequence[Layer]) -> None:
        """Send the lowest layers of an image, bottom first, as many as there are by now.

        Raises:
            BrokenLayerError: a layer's file is not what it should be.

        """
        shared = self._shared(layers)
        if self._at_once or shared == len(layers):
            return
        purpose = f"loading {len(layers)} layers ahead"
        config = _throwaway(layers)
        try:
            with working(self._engine, purpose):
                identity = self._send(config, layers, shared, purpose)
                if identity is None:
                    raise EngineError(f"{purpose}: the Docker Engine does not hold them after it")
        except EngineError as error:
            progress.say(f"{error.what}; the image will be loaded at once")
            self._at_once = True
            return
        self._thrown_away.append(identity)
        self._known().append(_digests(layers))

    def stop(self) -> None:
        """Have what is sent, or unpacked, in another thread end there with `CancelledError`."""
        self._stopping.set()

    def finish(self, image: Image) -> int:
        """Send what the engine lacks yet of the whole image, and tag it.

        Returns the bytes of the layers sent, those of the waves included.

        Raises:
            EngineError: the engine refused or died, or holds something else than was sent.
            BrokenLayerError: a layer's file is not what it should be.

        """
        purpose = f"loading {image.reference}"
        with working(self._engine, purpose):
            identity = held(self._engine, image.config, image.layers)
            if identity is None:
                shared = self._shared(image.layers)
                identity = self._send(image.config, image.layers, shared, purpose)
            if identity is None:
                raise EngineError(
                    f"{purpose}: the engine took it, but does not hold {image.id}",
                    where=self._engine.where,
                )
            self._count(_size(image.layers))
            repository, tag = image.reference.split(":")
            self._engine.client.api.tag(identity, repository, tag, force=True)
            self._throw_away()
        return self.sent

    def _send(
        self, config: bytes, layers: Sequence[Layer], shared: int, purpose: str
    ) -> str | None:
        """Send an image without its lowest `shared` layers; with them if it lacks them after all.

        Returns the engine's ID for it, None where it does not hold it.
        """
        identity = self._try(config, layers, shared, purpose)
        if identity is None and shared:
            # A layer that was there may have been removed since, so send them all, once.
            progress.say(f"{purpose}: the engine lacks a layer that it had; sending all of them")
            identity = self._try(config, layers, 0, purpose)
        return identity

    def _try(self, config: bytes, layers: Sequence[Layer], shared: int, purpose: str) -> str | None:
        """Send an image without its lowest `shared` layers; return the engine's ID for it.

        None if it cannot do without the others.

        Raises:
            EngineError: the engine refused for another reason.
            BrokenLayerError: it refused, and a layer's file is not what it should be.

        """
        lacking = layers[shared:]
        refusal = ""
        advance = self._advancing(_size(layers[:shared]))
        data = archive.stream(config, layers, lacking, advance)
        try:
            # Not quietly: while it tells how it gets on, it can be left.
            for event in self._engine.client.api.load_image(data, quiet=False):
                self._go_on()
                refusal = refusal or event.get("error", "")
        except (DockerException, requests.RequestException, urllib3.exceptions.HTTPError, OSError):
            # An engine may also hang up on what it cannot read.
            _check(lacking)
            raise
        if refusal and not (shared and "no such file" in refusal):
            if "no space left" not in refusal:
                _check(lacking)
            raise refused(self._engine, purpose, refusal)
        identity = held(self._engine, config, layers)
        self.sent += _size(lacking) if identity else 0
        return identity

    def _shared(self, layers: Sequence[Layer]) -> int:
        """Return how many of the lowest layers the engine has, by the images it holds."""
        with working(self._engine, "asking for the layers that are there"):
            shared = shared_length(_digests(layers), self._known())
        self._count(_size(layers[:shared]))
        return shared

    def _known(self) -> list[Sequence[str]]:
        """Return the layers of each image that the engine holds, bottom first."""
        if self._chains is None:
            self._chains = list(_chains(self._engine))
        return self._chains

    def _advancing(self, position: int) -> Callable[[int], None]:
        """Return what counts the bytes sent from a position on."""

        def advance(amount: int) -> None:
            nonlocal position
            self._go_on()
            position += amount
            self._count(position)

        return advance

    def _go_on(self) -> None:
        if self._stopping.is_set():
            raise CancelledError("loading was stopped")

    def _count(self, position: int) -> None:
        """Advance to a position, once: what is sent again counts no more."""
        if position > self._counted:
            self._watch.advance(position - self._counted)
            self._counted = position

    def _throw_away(self) -> None:
        """Remove the images of waves; what the whole image shares with them stays."""
        while self._thrown_away:
            with suppress(APIError):  # a person was sooner
                self._engine.client.api.remove_image(self._thrown_away[-1])
            self._thrown_away.pop()


def held(engine: Engine, config: bytes, layers: Sequence[Layer]) -> str | None:
    """Return the engine's own ID for an image that it can make a container of, else None.

    The classic store calls an image by the digest of its config (what `images.lock` holds),
    containerd's store by the digest of its manifest; both follow from the same bytes. To list
    an image is not to hold it: containerd's store takes one without its layers.
    """
    labels = {containers.LABEL: "probe", **containers.owned()}
    for data in (config, archive.manifest(config, map(archive.descriptor, layers))):
        identity = f"sha256:{store.digest(data)}"
        with suppress(APIError):
            made = engine.client.api.create_container(identity, ["true"], labels=labels)
            engine.client.api.remove_container(made["Id"])
            return identity
    return None


def shared_length(wanted: Sequence[str], chains: Iterable[Sequence[str]]) -> int:
    """Return how many of the lowest `wanted` layers any of the `chains` starts with.

    An engine keys a layer by all that lies below it too (OCI's chain ID), so the same bytes
    over another layer are another layer.
    """
    longest = 0
    for chain in chains:
        for length, (ours, theirs) in enumerate(zip(wanted, chain, strict=False), 1):
            if ours != theirs:
                break
            longest = max(longest, length)
    return longest


def _throwaway(layers: Sequence[Layer]) -> bytes:
    """Return the configuration of an image of layers alone, which tells whose it is."""
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Labels": {WAVE: "to be removed", **containers.owned()}},
        "rootfs": {"type": "layers", "diff_ids": list(_digests(layers))},
    }
    return json.dumps(config, sort_keys=True, separators=(",", ":")).encode()


def _chains(engine: Engine) -> Iterator[Sequence[str]]:
    """Yield the diff IDs, bottom first, of each image that the engine holds."""
    for row in engine.client.api.images(all=True):
        with suppress(NotFound):  # removed since it was listed
            yield engine.client.api.inspect_image(row["Id"])["RootFS"].get("Layers") or ()


def _digests(layers: Iterable[Layer]) -> tuple[str, ...]:
    """Return layers' diff IDs as engines write them."""
    return tuple(f"sha256:{layer.digest}" for layer in layers)


def _size(layers: Iterable[Layer]) -> int:
    return sum(layer.size for layer in layers)


def _check(layers: Iterable[Layer]) -> None:
    """Hash what an engine refused: only then is a layer's file known to be at fault."""
    for layer in layers:
        try:
            whole = store.file_digest(layer.path) == layer.digest
        except OSError:
            whole = False
        if not whole:
            raise BrokenLayerError(layer)
