"""The jobs that make an image's layers; what several images have in common is made once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from gradlock.artifacts import artifacts
from gradlock.artifacts.artifacts import Pin
from gradlock.artifacts.fetcher import Fetcher
from gradlock.errors import ArtifactError
from gradlock.graph import Graph, Job, ready
from gradlock.images.recipe import Recipe
from gradlock.inputs import wanted
from gradlock.layers import Layer, base, bytecode, cache, conda, files, prefix, tar, wheels
from gradlock.layers.bytecode import Compiler
from gradlock.layers.room import OpenRoom, Room
from gradlock.locks.freshness import Locks
from gradlock.locks.lockfile import WheelPin

T = TypeVar("T")
Write = Callable[[tar.LayerWriter], None]
Compiled = dict[str, bytes]

#: Wheels of this many bytes and more get a layer of their own; chosen so that the merged
#: layer of small wheels is below 5% of the CPU image, and that a GPU image stays well below
#: the 127 layers that engines take.
LARGE = 1_200_000


def _rank(pin: WheelPin) -> int:
    """Order wheels: TensorFlow, which GPU variants share, CUDA, the rest. It is made first, too."""
    if pin.name in wanted.TENSORFLOWS:
        return 0
    return 1 if pin.name.startswith("nvidia-") else 2


@dataclass(frozen=True)
class Part:
    """A wheel of an image: its pin, the jobs that fetch it and make its layer, and all sizes."""

    pin: WheelPin
    path: Job[Path]
    layer: Job[Layer]
    sizes: Mapping[str, int]

    @property
    def rank(self) -> int:
        """Where it goes in an image, from the bottom."""
        return _rank(self.pin)

    @property
    def size(self) -> int:
        """The wheel's bytes; once it was fetched."""
        return self.sizes[self.pin.sha256]

    @property
    def large(self) -> bool:
        """Whether it has a layer of its own; CUDA's parts do, so that images share the rest."""
        return self.rank < 2 or self.size >= LARGE


@dataclass(frozen=True)
class Parts:
    """The jobs of one image's layers; `merge` makes the one that merges several wheels."""

    wheels: tuple[Part, ...]
    base: Job[Layer]
    prefix: tuple[Job[Layer], ...]
    own: Job[Layer]
    merge: Callable[[Sequence[Job[Layer]]], Job[Layer]]

    def fetched(self) -> list[Job[Path]]:
        """Return the jobs that tell how large the wheels are."""
        return [part.path for part in self.wheels]

    def ordered(self) -> tuple[list[Job[Layer]], list[int]]:
        """Return the jobs of the layers, bottom first, and where waves of loading may end.

        The heaviest and least often changed are at the bottom, since an engine shares a layer
        only together with all those below it: whatever else moves, TensorFlow and CUDA are
        neither sent nor stored again. No layer hides a file of another, so their order changes
        nothing else.
        """
        if not self.wheels:
            return [self.base, *self.prefix, self.own], []
        large = sorted(
            (part for part in self.wheels if part.large),
            key=lambda part: (part.rank, -part.size, part.pin.name),
        )
        small = self.merge([part.layer for part in self.wheels if not part.large])
        lower = [*(part.layer for part in large), self.base, *self.prefix]
        ends = {sum(part.rank <= rank for part in large) for rank in (0, 1)} | {len(lower)}
        return [*lower, small, self.own], sorted(ends)


class Shop:
    """Adds jobs to a graph: artifacts, rooms, layers."""

    def __init__(
        self,
        graph: Graph,
        fetcher: Fetcher,
        room: Room,
        rooms: ExitStack,
        work: Path,
        compilers: int,
        verify: bool,
    ) -> None:
        """Make jobs for `graph`.

        `rooms` takes what is opened and has to be closed, `work` is a folder for what lasts as
        long as the build. With `verify`, layers in the store are hashed again.
        """
        self.graph = graph
        self.fetcher = fetcher
        self.room = room
        self.rooms = rooms
        self.work = work
        self.compilers = compilers
        self.verify = verify
        self._made: dict[str, Job[object]] = {}
        #: The bytes of what was fetched, by sha256: a file found broken is gone for a moment.
        self._sizes: dict[str, int] = {}

    def parts(self, recipe: Recipe) -> Parts:
        """Return the jobs of an image's layers."""
        self._artifacts(recipe.locks.debs)  # first: all bytecode waits for them
        pins = sorted(recipe.locks.wheels, key=lambda pin: (_rank(pin), pin.name))
        return Parts(
            tuple(self._wheel(recipe, pin) for pin in pins if recipe.whole),
            self._base(recipe),
            self._prefix(recipe),
            self._own(recipe),
            self._merged,
        )

    def _once(self, key: str, make: Callable[[], Job[T]]) -> Job[T]:
        """Return the job of a key, made the first time."""
        if key not in self._made:
            self._made[key] = make()  # type: ignore[assignment]
        return self._made[key]  # type: ignore[return-value]

    # Artifacts

    def _artifact(self, pin: Pin) -> Job[Path]:
        """Find where an artifact is, unless the store has it, and fetch it."""

        def find() -> None:
            if not self.fetcher.have(pin):
                self.fetcher.source(pin)

        def fetch(_: None) -> Path:
            path = self.fetcher.get(pin)
            self._sizes[pin.sha256] = path.stat().st_size
            return path

        def make() -> Job[Path]:
            found = self.graph.add(f"find {pin.name}", "find", find)
            return self.graph.add(f"fetch {pin.name}", "fetch", fetch, found)

        return self._once(pin.sha256, make)

    def _artifacts(self, pins: Iterable[Pin]) -> list[Job[Path]]:
        return [self._artifact(pin) for pin in pins]

    def _mended(self, pins: Sequence[Pin], work: Callable[..., T], *paths: Path) -> T:
        """Do work on artifacts; where their bytes turn out to be broken, on some fetched anew."""
        try:
            return work(*paths)
        except ArtifactError:
            broken = [artifacts.refuse(path) for path in paths]
            if not any(broken):
                raise
            return work(*map(self.fetcher.get, pins))

    # The image's own programs, before there is an image

    def _unpacked(self, recipe: Recipe) -> Job[Path]:
        """Unpack the .debs: a tar of a root in which nothing is configured yet."""
        debs = recipe.locks.debs

        def unpack(*paths: Path) -> Path:
            target = self.work / "unpacked.tar"
            found = {pin.sha256: path for pin, path in zip(debs, paths, strict=True)}
            base.unpack(debs, found, target)
            return target

        work = partial(self._mended, debs, unpack)
        return self._once(
            "unpacked", lambda: self.graph.add("unpack", "room", work, *self._artifacts(debs))
        )

    def _root(self, recipe: Recipe) -> Job[Path]:
        """Return a tar of the root that holds the image's Python."""
        known = cache.find("base", _base_key(recipe), verify=self.verify)
        root = ready("base", known.path) if known else self._unpacked(recipe)
        if recipe.channel == "debian":
            return root

        def laid(below: Path, *layers: Layer) -> Path:
            target = self.work / f"root-{recipe.interpreter}.tar"
            with tar.writing(target) as (writer, _):
                tar.merge(writer, [below, *(layer.path for layer in layers)])
            return target

        shared, *_ = self._prefix(recipe)
        key = f"root {recipe.interpreter}"
        return self._once(key, lambda: self.graph.add("root", "room", laid, root, shared))

    def _open(self, root: Job[Path]) -> Job[OpenRoom]:
        def enter(path: Path) -> OpenRoom:
            return self._entered(self.room.open(path))

        return self._once(
            f"room {id(root)}", lambda: self.graph.add("open the room", "room", enter, root)
        )

    def _entered(self, context: AbstractContextManager[T]) -> T:
        """Enter what is left when the rooms close; at once, where they did meanwhile."""
        entered = self.rooms.enter_context(context)
        if self.graph.stopping.is_set():
            self.rooms.close()
        return entered

    def _compiler(self, recipe: Recipe) -> Job[Compiler]:
        """Start the image's Python, to compile bytecode."""
        prefix = "/opt/conda" if recipe.channel == "conda-forge" else "/usr"

        def start(room: OpenRoom) -> Compiler:
            server = bytecode.server(prefix, recipe.variant.python)
            call = partial(room.start, server.argv, server.env, server.files)
            return self._entered(Compiler(call, self.compilers))

        room = self._open(self._root(recipe))
        key = f"compiler {recipe.interpreter}"
        return self._once(key, lambda: self.graph.add("start Python", "room", start, room))

    # Layers

    def _layer(self, name: str, key: str, make: Callable[[], Job[Layer]]) -> Job[Layer]:
        """Return the job of a layer; none is left to do where the store has it."""

        def job() -> Job[Layer]:
            found = cache.find(name, key, verify=self.verify)
            return ready(name, found) if found else make()

        return self._once(key, job)

    def _written(self, name: str, key: str, write: Write, *after: Job[object]) -> Job[Layer]:
        """Return the job of a layer that is written once others are done."""

        def job() -> Job[Layer]:
            return self.graph.add(
                f"write {name}", "write", lambda *_: cache.build(name, key, write), *after
            )

        return self._layer(name, key, job)

    def _base(self, recipe: Recipe) -> Job[Layer]:
        """Configure the unpacked root, and write it as a layer."""
        key = _base_key(recipe)

        def configure(room: OpenRoom) -> Path:
            target = self.work / "configured.tar"
            room.configure(base.CONFIGURE, base.ENV, target)
            return target

        def write(root: Path) -> Layer:
            return cache.build("base", key, lambda writer: base.write(writer, root))

        def make() -> Job[Layer]:
            room = self._open(self._unpacked(recipe))
            configured = self.graph.add("configure", "room", configure, room)
            return self.graph.add("write base", "write", write, configured)

        return self._layer("base", key, make)

    def _prefix(self, recipe: Recipe) -> tuple[Job[Layer], ...]:
        """Return the prefix that all variants share, and what a GPU variant adds to it."""
        make = self._from_conda_forge if recipe.channel == "conda-forge" else self._from_debian
        if not recipe.variant.shares_condas(recipe.cpu.variant):
            return (make("conda", recipe.locks, None),)
        shared = make("conda", recipe.cpu, None)
        return (shared, make("conda-cuda", recipe.locks, recipe.cpu))

    def _from_debian(self, name: str, locks: Locks, without: Locks | None) -> Job[Layer]:
        """Make a layer of the packages that bind conda's names to the base layer's programs."""
        packages = prefix.packages(locks, without)
        key = cache.key_of(prefix.RECIPE, name, prefix.inputs(packages))
        return self._written(name, key, partial(prefix.write, packages=packages))

    def _from_conda_forge(self, name: str, locks: Locks, without: Locks | None) -> Job[Layer]:
        """Make a layer of the locked conda packages, but for those of other locks."""
        other = {pin.sha256 for pin in without.condas} if without else set()
        own = [pin for pin in locks.condas if pin.sha256 not in other]
        key = cache.key_of(conda.RECIPE, sorted(pin.sha256 for pin in own))

        def write(*paths: Path) -> Layer:
            return cache.build(name, key, lambda writer: conda.write(writer, sorted(paths)))

        def make() -> Job[Layer]:
            return self.graph.add(f"write {name}", "write", write, *self._artifacts(own))

        return self._layer(name, key, make)

    def _wheel(self, recipe: Recipe, pin: WheelPin) -> Part:
        """Compile a wheel's bytecode, and write both as a layer."""
        python = recipe.variant.python
        key = cache.key_of(wheels.RECIPE, pin.sha256, recipe.interpreter)
        path = self._artifact(pin)

        def read(wheel: Path, _: Compiler) -> Sequence[Mapping[str, bytes]]:
            sources = self._mended([pin], partial(wheels.sources, python=python), wheel)
            return bytecode.shares(sources)

        def compile_(
            number: int, shares: Sequence[Mapping[str, bytes]], compiler: Compiler
        ) -> Compiled:
            return compiler.compile(shares[number])

        def write(compiled: Sequence[Job[Compiled]], wheel: Path) -> Layer:
            def late() -> Compiled:
                return {
                    name: data for job in compiled for name, data in job.future.result().items()
                }

            def one(path: Path) -> Layer:
                return cache.build(
                    pin.name, key, lambda writer: wheels.write(writer, path, python, late)
                )

            return self._mended([pin], one, wheel)

        def make() -> Job[Layer]:
            compiler = self._compiler(recipe)
            shares = self.graph.add(f"read {pin.name}", "compile", read, path, compiler)
            compiled = [
                self.graph.add(
                    f"compile {pin.name} {number}",
                    "compile",
                    partial(compile_, number),
                    *(shares, compiler),
                )
                for number in range(bytecode.SHARES)
            ]
            if _rank(pin) == 0:  # the longest: it waits for bytecode when the rest is written
                return self.graph.add(f"write {pin.name}", "first", partial(write, compiled), path)
            late = partial(write, compiled)
            return self.graph.add(
                f"write {pin.name}", "write", lambda wheel, *_: late(wheel), path, *compiled
            )

        return Part(pin, path, self._layer(pin.name, key, make), self._sizes)

    def _merged(self, small: Sequence[Job[Layer]]) -> Job[Layer]:
        """Merge the layers of small wheels into one."""

        def find(*layers: Layer) -> Layer | None:
            return cache.find("wheels", _merged_key(layers), verify=self.verify)

        def merge(*layers: Layer) -> Layer:
            paths = [layer.path for layer in layers]
            return find(*layers) or cache.build(
                "wheels", _merged_key(layers), lambda writer: tar.merge(writer, paths)
            )

        def make() -> Job[Layer]:
            there = all(job.future.done() for job in small)
            found = find(*(job.result for job in small)) if there else None
            if found:
                return ready("wheels", found)
            return self.graph.add("merge small wheels", "write", merge, *small)

        return self._once(f"merged {[id(job) for job in small]}", make)

    def _own(self, recipe: Recipe) -> Job[Layer]:
        """Write gradlock's own files."""
        texts = files.facts(
            recipe.variant, recipe.channel, wanted.wheels(recipe.variant), recipe.locks.pip
        )
        links = files.links(recipe.variant)
        key = cache.key_of(files.RECIPE, files.inputs(texts, links))
        return self._written("files", key, lambda writer: files.write(writer, texts, links))


def _base_key(recipe: Recipe) -> str:
    hashes = sorted(pin.sha256 for pin in recipe.locks.debs)
    return cache.key_of(base.RECIPE, recipe.suite, hashes)


def _merged_key(layers: Sequence[Layer]) -> str:
    return cache.key_of(wheels.RECIPE, [layer.digest for layer in layers])
