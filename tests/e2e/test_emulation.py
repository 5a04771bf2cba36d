"""Programs for another processor, in a room of the engine: skipped where nothing runs them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import pytest

from gradlock import store
from gradlock.artifacts import fetcher
from gradlock.engine.engine import Engine
from gradlock.engine.room import InContainers
from gradlock.errors import InputError
from gradlock.inputs import variants, wanted
from gradlock.inputs.platforms import DEFAULT, PLATFORMS
from gradlock.layers import base, bytecode, emulation, wheels
from gradlock.layers.bytecode import Compiler
from gradlock.layers.room import OpenRoom
from gradlock.locks import lockfile, paths
from gradlock.locks.pins import DebPin, WheelPin
from gradlock.locks.resolve import debian

TABLE = variants.load()
ARM = PLATFORMS["linux/arm64"]
#: Wheels of many kinds of code: of numbers, too, since those are computed with as it is compiled.
SAMPLE = ("jinja2", "numpy", "packaging", "pyparsing", "rich", "six")


def unpacked(debs: list[DebPin], target: Path) -> Path:
    base.unpack(debs, fetcher.fetch(debs), target)
    return target


@pytest.fixture(scope="module")
def usual() -> list[DebPin]:
    """Return the locked .debs."""
    return list(lockfile.parse_debs(lockfile.read(paths.APT)))


@pytest.fixture(scope="module")
def other() -> list[DebPin]:
    """Return what a lock for arm64 would hold today."""
    return list(debian.resolve(wanted.debs(), TABLE.debian, ARM.debian, debian.own))


@pytest.fixture(scope="module")
def emulated(
    docker_engine: Engine, other: list[DebPin], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OpenRoom]:
    """Open a room on a root for arm64, in which its programs run."""
    root = unpacked(other, tmp_path_factory.mktemp("arm64") / "root.tar")
    with InContainers(docker_engine).open(root) as opened:
        try:
            emulation.check(opened, ARM, InContainers(docker_engine).processor())
        except InputError as error:
            pytest.skip(str(error))
        yield opened


@contextmanager
def compiler(room: OpenRoom) -> Iterator[Compiler]:
    """Start the Python of a room's root."""
    server = bytecode.server("/usr", TABLE.cpu.python)
    with Compiler(partial(room.start, server.argv, server.env, server.files), 1) as started:
        yield started


def sampled(pins: tuple[WheelPin, ...]) -> dict[str, bytes]:
    """Return the sources of the sample's wheels, as `parts` has them compiled."""
    chosen = [pin for pin in pins if pin.name in SAMPLE]
    files = fetcher.fetch(chosen)
    assert len(chosen) == len(SAMPLE)
    return {
        name: data
        for pin in chosen
        for name, data in wheels.sources(files[pin.sha256], TABLE.cpu.python).items()
    }


def test_a_release_of_python_writes_the_same_bytecode_on_both(
    docker_engine: Engine,
    usual: list[DebPin],
    other: list[DebPin],
    emulated: OpenRoom,
    tmp_path: Path,
) -> None:
    """So that of an image for arm64 may be compiled by the row `cpu`'s, without the emulator."""
    name = f"python{TABLE.cpu.python}"
    releases = {pin.version for pin in (*usual, *other) if pin.name == name}
    if len(releases) > 1:
        pytest.skip(f"Debian has another {name} for arm64 today: {', '.join(sorted(releases))}")
    sources = sampled(lockfile.parse_wheels(lockfile.read(paths.pip(TABLE.cpu))))
    with ExitStack() as stack:
        root = unpacked(usual, tmp_path / "root.tar")
        here = stack.enter_context(InContainers(docker_engine).open(root))
        ours, theirs = (
            stack.enter_context(compiler(room)).compile(sources) for room in (here, emulated)
        )
    assert len(ours) > 300
    assert {
        name for name in ours if store.digest(ours[name]) != store.digest(theirs[name])
    } == set()
    assert theirs.keys() == ours.keys()


def test_what_runs_there_is_of_that_processor(emulated: OpenRoom) -> None:
    with emulated.start(["/usr/bin/uname", "-m"], {}, {}) as pipes:
        assert pipes.stdout.read().decode().strip() == ARM.machine != PLATFORMS[DEFAULT].machine
