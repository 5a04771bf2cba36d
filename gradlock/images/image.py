"""Images: layers and a configuration, assembled without an engine.

An image's ID is the hash of its configuration, which lists the hash of every layer: a
function of the locks, the channel and gradlock's own files, and of nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gradlock import store
from gradlock.artifacts import fetcher
from gradlock.artifacts.artifacts import Pin
from gradlock.artifacts.sources import pins_of
from gradlock.command import Program
from gradlock.errors import InputError
from gradlock.inputs import wanted
from gradlock.inputs.variants import Table, Variant
from gradlock.layers import Layer, base, cache, conda, files, interpreter, tar, wheels
from gradlock.layers import bindings as embedded
from gradlock.locks import freshness, lockfile, rules
from gradlock.locks.freshness import Locks
from gradlock.locks.lockfile import DebPin, LockText, WheelPin
from gradlock.locks.resolve import conda as conda_forge
from gradlock.progress import Stopwatch

#: Where conda packages come from: conda-forge itself, or packages bound to Debian's.
CHANNELS = ("debian", "conda-forge")
CONDA_RECIPE = cache.recipe("layers/conda.py", "layers/bindings.py", "layers/packages.py")


@dataclass(frozen=True)
class Image:
    """An image in the store: its layers, bottom first, and its configuration's bytes."""

    variant: str
    channel: str
    locks: str
    config: bytes
    layers: tuple[Layer, ...]

    @property
    def id(self) -> str:
        """The image's ID, as engines show it."""
        return f"sha256:{store.digest(self.config)}"

    @property
    def reference(self) -> str:
        """The tag that the image gets in an engine."""
        return f"gradlock:{self.variant}"

    @property
    def size(self) -> int:
        """The bytes of all layers."""
        return sum(layer.size for layer in self.layers)


def build(variant: Variant, table: Table, channel: str, watch: Stopwatch) -> Image:
    """Build a variant's image from its locks; what the store has is not built again."""
    locks, cpu = _checked(variant, table)
    with store.exclusive("build"):
        cache.sweep()
        with watch.stage("fetch"):
            found = fetcher.fetch(pins_of(locks, channel))
        with watch.stage("layers"):
            layers = _layers(locks, cpu, table, channel, found)
    return _image(variant.name, locks, table, channel, layers)


def build_base(variant: Variant, table: Table, channel: str, watch: Stopwatch) -> Image:
    """Build `gradlock:base`, a variant's image without its wheels; docker/Dockerfile adds them."""
    locks, cpu = _checked(variant, table)
    with store.exclusive("build"):
        cache.sweep()
        with watch.stage("fetch"):
            pins = [pin for pin in pins_of(locks, channel) if not isinstance(pin, WheelPin)]
            found = fetcher.fetch(pins)
        with watch.stage("layers"):
            root = base_layer(locks.debs, table.debian, found)
            prefix = _conda_layers(locks, cpu, channel, found)
            layers = (root, *prefix, _own_layer(locks, channel))
    return _image("base", locks, table, channel, layers)


def _checked(variant: Variant, table: Table) -> tuple[Locks, Locks]:
    """Return a variant's locks and the CPU's, current and within the rules."""
    locks, cpu = freshness.current(variant, table), freshness.current(table.cpu, table)
    rules.check(locks, cpu)
    return locks, cpu


def _image(name: str, locks: Locks, table: Table, channel: str, layers: tuple[Layer, ...]) -> Image:
    config = _config(locks, table, channel, layers)
    return Image(name, channel, f"sha256:{locks.digest}", config, layers)


@contextmanager
def python(table: Table, variant: Variant, apt: LockText) -> Iterator[Program]:
    """Run the Python of a variant's image, from the base layer of an apt lock."""
    debs = lockfile.parse_debs(apt)
    with store.exclusive("build"):
        root = base_layer(debs, table.debian, fetcher.fetch(debs))
    with interpreter.unpacked([root], variant.python) as program:
        yield program


def base_layer(debs: Sequence[DebPin], suite: str, found: Mapping[str, Path]) -> Layer:
    """Return the Debian layer."""
    key = cache.key_of(base.RECIPE, suite, sorted(pin.sha256 for pin in debs))
    return cache.get("base", key, lambda writer: base.write(writer, debs, found, suite))


def _layers(
    locks: Locks, cpu: Locks, table: Table, channel: str, found: Mapping[str, Path]
) -> tuple[Layer, ...]:
    """Return an image's layers: the heaviest and least often changed at the bottom.

    An engine shares a layer only together with all those below it. So TensorFlow and CUDA
    come first: whatever else moves, they are neither sent nor stored again. No layer hides a
    file of another, so their order changes nothing else.
    """
    root = base_layer(locks.debs, table.debian, found)
    prefix = _conda_layers(locks, cpu, channel, found)
    big, small = _wheel_layers(locks, channel, found, [root, *prefix])
    return (*big, root, *prefix, small, _own_layer(locks, channel))


def _own_layer(locks: Locks, channel: str) -> Layer:
    """Return the layer of gradlock's own files."""
    texts = files.facts(locks.variant, channel, wanted.wheels(locks.variant), locks.pip)
    links = files.links(locks.variant)
    return cache.get(
        "files",
        cache.key_of(files.RECIPE, files.inputs(texts, links)),
        lambda writer: files.write(writer, texts, links),
    )


def _conda_layers(
    locks: Locks, cpu: Locks, channel: str, found: Mapping[str, Path]
) -> tuple[Layer, ...]:
    """Return the prefix that all variants share, and what a GPU variant adds to it."""
    make = _from_conda_forge if channel == "conda-forge" else _from_debian
    if not locks.variant.shares_condas(cpu.variant):
        return (make("conda", locks, None, found),)
    return (make("conda", cpu, None, found), make("conda-cuda", locks, cpu, found))


def _from_conda_forge(
    name: str, locks: Locks, without: Locks | None, found: Mapping[str, Path]
) -> Layer:
    """Return a layer of the locked conda packages, but for those of other locks."""
    other = {pin.sha256 for pin in without.condas} if without else set()
    hashes = sorted({pin.sha256 for pin in locks.condas} - other)

    def write(writer: tar.LayerWriter) -> None:
        _stage(writer, [found[sha256] for sha256 in hashes], conda_forge.CONDA_FORGE)

    return cache.get(name, cache.key_of(CONDA_RECIPE, hashes), write)


def _from_debian(
    name: str, locks: Locks, without: Locks | None, _found: Mapping[str, Path]
) -> Layer:
    """Return a layer of the packages that bind conda's names to the base layer's programs."""
    variant = locks.variant
    bound = embedded.bound(variant, locks.debs)
    specs = wanted.condas(variant)
    key = cache.key_of(CONDA_RECIPE, name, variant.python, variant.cuda_minor, bound, specs)

    def write(writer: tar.LayerWriter) -> None:
        with store.scratch("channel") as work:
            packages = embedded.packages_for(variant, locks.debs, work / "own")
            other = without and embedded.packages_for(without.variant, locks.debs, work / "other")
            names = {path.name for path in other or ()}
            _stage(writer, [p for p in packages if p.name not in names], embedded.CHANNEL)

    return cache.get(name, key, write)


def _stage(writer: tar.LayerWriter, packages: Sequence[Path], channel: str) -> None:
    """Write the prefix that conda packages make as a layer."""
    with store.scratch("prefix") as stage:
        conda.stage_prefix(packages, stage, channel=channel)
        tar.add_tree(writer, stage)


def _wheel_layers(
    locks: Locks, channel: str, found: Mapping[str, Path], roots: Sequence[Layer]
) -> tuple[tuple[Layer, ...], Layer]:
    """Return the layers of large wheels, in the order that an image wants, and the rest."""
    variant = locks.variant
    planned = wheels.plan(locks.wheels, found, _interpreter_key(locks, channel))
    known = {wheel: cache.find(wheel.pin.name, wheel.key) for wheel in planned}
    lacking = [wheel for wheel, layer in known.items() if layer is None]
    if lacking:
        with interpreter.unpacked(roots, variant.python) as python:
            wheels.build(lacking, python, variant.python)
        known.update((wheel, cache.find(wheel.pin.name, wheel.key)) for wheel in lacking)
    layers = {wheel: layer for wheel, layer in known.items() if layer}
    big = sorted((wheel for wheel in planned if wheel.large), key=_weight)
    small = [layers[wheel] for wheel in planned if not wheel.large]
    return tuple(layers[wheel] for wheel in big), wheels.merged("wheels", small)


def _weight(wheel: wheels.Wheel) -> tuple[object, ...]:
    """Order large wheels: TensorFlow (all GPU variants share it), CUDA, then by size."""
    name = wheel.pin.name
    rank = 0 if name in wanted.TENSORFLOWS else 1 if name.startswith("nvidia-") else 2
    return (rank, -wheel.path.stat().st_size, name)


def _interpreter_key(locks: Locks, channel: str) -> str:
    """Return what identifies the Python that compiles bytecode: a hash of its packages."""
    name = f"python{locks.variant.python}"
    pins: Iterable[Pin] = (
        (pin for pin in locks.condas if pin.name == "python")
        if channel == "conda-forge"
        else (pin for pin in locks.debs if pin.name.startswith((name, f"lib{name}")))
    )
    hashes = sorted(pin.sha256 for pin in pins)
    if not hashes:
        raise InputError(
            f"the channel {channel} has no Python {locks.variant.python}",
            where="requirements/apt.lock" if channel == "debian" else str(locks.conda.path.name),
            mend="choose the Debian suite's own Python in variants.toml, or --channel conda-forge",
        )
    return store.digest("".join(hashes).encode())


def _config(locks: Locks, table: Table, channel: str, layers: Sequence[Layer]) -> bytes:
    """Return the image's configuration: what it runs, and the digests of its layers."""
    variant = locks.variant
    created = table.as_of.strftime("%Y-%m-%dT%H:%M:%SZ")
    config = {
        "architecture": "amd64",
        "os": "linux",
        "created": created,
        "config": {
            "User": f"{base.UID}:{base.UID}",
            "WorkingDir": f"/{base.HOME}/work",
            "Entrypoint": ["/opt/conda/bin/tini", "-g", "--", "/usr/local/bin/gradlock-entrypoint"],
            "Cmd": ["jupyter", "lab"],
            "ExposedPorts": {"8888/tcp": {}},
            "Env": [f"{name}={value}" for name, value in sorted(_environment(variant).items())],
            "Labels": {
                "io.gradlock.channel": channel,
                "io.gradlock.cuda": variant.cuda or "",
                "io.gradlock.locks": f"sha256:{locks.digest}",
                "io.gradlock.tensorflow": variant.tensorflow,
                "io.gradlock.variant": variant.name,
                "org.opencontainers.image.created": created,
                "org.opencontainers.image.title": f"gradlock {variant.name}",
                "org.opencontainers.image.version": variant.tensorflow,
            },
            "Healthcheck": {
                "Test": ["CMD", "/opt/conda/bin/python", "/usr/local/lib/gradlock/healthcheck.py"],
                "Interval": 30_000_000_000,  # nanoseconds
                "Timeout": 10_000_000_000,
                "StartPeriod": 20_000_000_000,
                "Retries": 3,
            },
        },
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer.digest}" for layer in layers]},
        "history": [
            {"created": created, "created_by": f"gradlock layer {layer.name}"} for layer in layers
        ],
    }
    return json.dumps(config, sort_keys=True, separators=(",", ":")).encode()


def _environment(variant: Variant) -> dict[str, str]:
    """Return the environment of everything that runs in the image."""
    shared = {
        "PATH": "/opt/conda/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "HOME": f"/{base.HOME}",
        "CONDA_PREFIX": "/opt/conda",
        "SHELL": "/bin/bash",
    }
    if not variant.gpu:
        return shared
    return {
        **shared,
        "NVIDIA_VISIBLE_DEVICES": "all",
        "NVIDIA_DRIVER_CAPABILITIES": "compute,utility",
        "NVIDIA_REQUIRE_CUDA": f"driver>={variant.driver}",
    }
