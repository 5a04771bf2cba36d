"""The jobs that make an image's layers; what several images have in common is made once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from gradlock.graph import Graph, Job, ready
from gradlock.images import compiling, stack
from gradlock.images.fetching import Fetching
from gradlock.images.recipe import Recipe
from gradlock.images.rooms import Rooms
from gradlock.images.stack import Part, Parts, rank
from gradlock.inputs import wanted
from gradlock.layers import (
    PREFIX,
    Layer,
    base,
    cache,
    conda,
    conda_bytecode,
    files,
    prefix,
    tar,
    wheels,
)
from gradlock.layers.bytecode import Compiler
from gradlock.layers.room import OpenRoom
from gradlock.locks.freshness import Locks
from gradlock.locks.pins import CondaPin, WheelPin

T = TypeVar("T")
Write = Callable[[tar.LayerWriter], None]
Compiled = dict[str, bytes]


class Shop:
    """Adds the jobs of images' layers to a graph."""

    def __init__(
        self,
        graph: Graph,
        fetching: Fetching,
        rooms: Rooms,
        work: Path,
        layers: Path | None,
        verify: bool,
    ) -> None:
        """Add jobs to `graph`; `work` is a folder for as long as the build lasts.

        `layers` is where layers are looked for and kept (None: in the store). With `verify`, those
        that are there are hashed again.
        """
        self.graph = graph
        self.fetching = fetching
        self.rooms = rooms
        self.work = work
        self._find = partial(cache.find, verify=verify, folder=layers)
        self._build = partial(cache.build, folder=layers)

    def parts(self, recipe: Recipe) -> Parts:
        """Return the jobs of an image's layers."""
        self.fetching.jobs(recipe.locks.debs)  # first: all bytecode waits for them
        tiers = [
            tuple(
                self._wheel(recipe, pin)
                for pin in sorted(pins, key=lambda pin: (rank(pin), pin.name))
                if recipe.whole
            )
            for pins in recipe.tiers
        ]
        names = [locks.variant.name for locks in (*recipe.below, recipe.locks)]
        return Parts(
            tiers[0],
            self._base(recipe),
            self._prefix(recipe),
            self._own(recipe),
            self._merged,
            tuple(zip(names[1:], tiers[1:], strict=True)),
        )

    def _layer(self, name: str, key: str, make: Callable[[], Job[Layer]]) -> Job[Layer]:
        """Return the job of a layer; none is left to do where the store has it."""

        def job() -> Job[Layer]:
            found = self._find(name, key)
            return ready(name, found) if found else make()

        return self.graph.once(key, job)

    def _written(self, name: str, key: str, write: Write, *after: Job[object]) -> Job[Layer]:
        """Return the job of a layer that is written once others are done."""

        def job() -> Job[Layer]:
            return self.graph.add(
                f"write {name}",
                "write",
                lambda *_: self._build(name, key, write),
                *after,
                weight=_between,
            )

        return self._layer(name, key, job)

    def _base(self, recipe: Recipe) -> Job[Layer]:
        """Configure the unpacked root, and write it as a layer."""
        key, machine = _base_key(recipe), recipe.variant.machine

        def configure(room: OpenRoom) -> Path:
            target = self.work / f"configured-{machine.architecture}.tar"
            room.configure(base.CONFIGURE, base.ENV, target)
            return target

        def write(root: Path) -> Layer:
            return self._build("base", key, lambda writer: base.write(writer, root))

        def make() -> Job[Layer]:
            root = self.rooms.unpacked(recipe.locks.debs, machine)
            room = self.rooms.opened(root, machine)
            configured = self.graph.add("configure", "room", configure, room)
            return self.graph.add("write base", "write", write, configured, weight=_between)

        return self._layer("base", key, make)

    def _python(self, recipe: Recipe) -> Job[Compiler]:
        """Start an image's Python: as soon as the .debs are unpacked, or from the base layer."""
        known, machine = self._find("base", _base_key(recipe)), recipe.variant.machine
        root = (
            ready("base", known.path) if known else self.rooms.unpacked(recipe.locks.debs, machine)
        )
        root = self.graph.once(f"root {recipe.suite} {machine.architecture}", lambda: root)
        if recipe.channel == "debian":
            return self.rooms.compiler(root, machine, "/usr", recipe.variant.python)
        laid = self.rooms.laid(root, self._shared(recipe), recipe.interpreter)
        return self.rooms.compiler(laid, machine, f"/{PREFIX}", recipe.variant.python)

    def _prefix(self, recipe: Recipe) -> tuple[Job[Layer], ...]:
        """Return the prefix that variants share, what a GPU variant adds to it, and bytecode.

        A GPU variant adds `cuda-version`, and no Python; one without asks for nothing more, as
        `lockstep` holds it to.
        """
        own = recipe.variant.gpu and recipe.variant.shares_condas(recipe.cpu.variant)
        return (
            self._shared(recipe),
            *([self._condas("conda-cuda", recipe, recipe.locks, recipe.cpu)] if own else []),
            *([self._bytecode(recipe)] if recipe.channel == "conda-forge" else []),
        )

    def _shared(self, recipe: Recipe) -> Job[Layer]:
        """Return the prefix that variants share, or that of one that cannot."""
        return self._condas("conda", recipe, _sharing(recipe), None)

    def _condas(self, name: str, recipe: Recipe, locks: Locks, without: Locks | None) -> Job[Layer]:
        """Make a layer of the conda packages of locks, but for those of others."""
        make = self._from_conda_forge if recipe.channel == "conda-forge" else self._from_debian
        return make(name, locks, without)

    def _bytecode(self, recipe: Recipe) -> Job[Layer]:
        """Compile the bytecode of that prefix, and write it as a layer."""
        name, shared = "conda-bytecode", self._shared(recipe)
        key = cache.key_of(conda_bytecode.RECIPE, _conda_key(_sharing(recipe).condas))

        def read(layer: Layer) -> Compiled:
            return conda_bytecode.sources(layer.path)

        def write(*shares: Mapping[str, bytes]) -> Layer:
            return cache.build(name, key, partial(conda_bytecode.write, shares=shares))

        def make() -> Job[Layer]:
            compiled = self.rooms.compiled(name, read, shared, self._python(recipe), _between)
            return self.graph.add(f"write {name}", "write", write, *compiled, weight=_between)

        return self._layer(name, key, make)

    def _from_debian(self, name: str, locks: Locks, without: Locks | None) -> Job[Layer]:
        """Make a layer of the packages that bind conda's names to the base layer's programs."""
        packages, machine = prefix.packages(locks, without), locks.variant.machine
        key = cache.key_of(prefix.RECIPE, name, prefix.inputs(packages, machine))
        write = partial(prefix.write, packages=packages, machine=machine)
        return self._written(name, key, write)

    def _from_conda_forge(self, name: str, locks: Locks, without: Locks | None) -> Job[Layer]:
        """Make a layer of the locked conda packages, but for those of other locks."""
        other = {pin.sha256 for pin in without.condas} if without else set()
        own = [pin for pin in locks.condas if pin.sha256 not in other]
        key, machine = _conda_key(own), locks.variant.machine

        def build(*paths: Path) -> Layer:
            return self._build(
                name, key, lambda writer: conda.write(writer, sorted(paths), machine)
            )

        def write(*paths: Path) -> Layer:
            return self.fetching.mended(own, build, *paths)

        def make() -> Job[Layer]:
            return self.graph.add(f"write {name}", "write", write, *self.fetching.jobs(own))

        return self._layer(name, key, make)

    def _wheel(self, recipe: Recipe, pin: WheelPin) -> Part:
        """Compile a wheel's bytecode, and write both as a layer."""
        python = recipe.variant.python
        by = compiling.of(recipe, self.rooms.processor)
        key = cache.key_of(wheels.RECIPE, pin.sha256, by.interpreter)
        path = self.fetching.job(pin)

        def weight() -> float:
            return stack.weight(pin, self.fetching.sizes[pin.sha256])

        def read(wheel: Path) -> Compiled:
            return self.fetching.mended([pin], partial(wheels.sources, python=python), wheel)

        def write(compiled: Sequence[Job[Compiled]], wheel: Path) -> Layer:
            def late() -> Compiled:
                return compiling.whole((job.future.result() for job in compiled), recipe, by)

            def one(path: Path) -> Layer:
                return self._build(
                    pin.name, key, lambda writer: wheels.write(writer, path, python, late)
                )

            return self.fetching.mended([pin], one, wheel)

        def make() -> Job[Layer]:
            compiler = self._python(by)
            compiled = self.rooms.compiled(pin.name, read, path, compiler, weight)
            add = partial(self.graph.add, weight=weight)
            if rank(pin) == 0:  # the longest: it waits for bytecode when the rest is written
                return add(f"write {pin.name}", "first", partial(write, compiled), path)
            late = partial(write, compiled)
            return add(f"write {pin.name}", "write", lambda wheel, *_: late(wheel), path, *compiled)

        return Part(pin, path, self._layer(pin.name, key, make), self.fetching.sizes)

    def _merged(self, name: str, small: Sequence[Job[Layer]]) -> Job[Layer]:
        """Merge the layers of small wheels into one."""

        def find(*layers: Layer) -> Layer | None:
            return self._find(name, _merged_key(layers))

        def merge(*layers: Layer) -> Layer:
            paths = [layer.path for layer in layers]
            return find(*layers) or self._build(
                name, _merged_key(layers), lambda writer: tar.merge(writer, paths)
            )

        def make() -> Job[Layer]:
            there = all(job.future.done() for job in small)
            found = find(*(job.result for job in small)) if there else None
            if found:
                return ready(name, found)
            return self.graph.add(f"merge {name}", "write", merge, *small)

        return self.graph.once(f"merged {[id(job) for job in small]}", make)

    def _own(self, recipe: Recipe) -> Job[Layer]:
        """Write gradlock's own files."""
        return self._written("files", *own(recipe))


def own(recipe: Recipe) -> tuple[str, Write]:
    """Return the key of the layer with gradlock's own files, and what writes it."""
    texts = files.facts(
        recipe.variant, recipe.channel, wanted.wheels(recipe.variant), recipe.locks.pip
    )
    links = files.links(recipe.variant)
    key = cache.key_of(files.RECIPE, files.inputs(texts, links))
    return key, lambda writer: files.write(writer, texts, links)


def _between() -> float:
    """Weigh what lies between the large wheels and the small ones."""
    return stack.BETWEEN


def _sharing(recipe: Recipe) -> Locks:
    """Return the locks of the prefix that a variant shares; its own, where it cannot."""
    return recipe.cpu if recipe.variant.shares_condas(recipe.cpu.variant) else recipe.locks


def _conda_key(pins: Iterable[CondaPin]) -> str:
    return cache.key_of(conda.RECIPE, sorted(pin.sha256 for pin in pins))


def _base_key(recipe: Recipe) -> str:
    hashes = sorted(pin.sha256 for pin in recipe.locks.debs)
    return cache.key_of(base.RECIPE, recipe.suite, hashes)


def _merged_key(layers: Sequence[Layer]) -> str:
    return cache.key_of(wheels.RECIPE, [layer.digest for layer in layers])
