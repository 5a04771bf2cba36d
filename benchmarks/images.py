"""`./inv image` beside `docker build`: nothing cached, artifacts cached, one package bumped."""

from __future__ import annotations

import json
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import plain
from benchmarks.place import Place, with_engine
from benchmarks.report import Cost, Row
from gradlock import store
from gradlock.artifacts import artifacts
from gradlock.engine.engine import Engine
from gradlock.errors import EngineError
from gradlock.inputs import variants
from gradlock.inputs.variants import Variant
from gradlock.locks import lockfile, paths
from gradlock.locks.pins import WheelPin
from gradlock.locks.pylock import Wheel
from gradlock.locks.resolve import pip

#: What the bump moves: a small wheel that much depends on, to a release that is older.
BUMP = WheelPin("idna", "3.10", "")
UV = "docker build, uv --compile-bytecode"
#: Bytes that one build may have in memory, the engine's not counted.
MEMORY = 1.5e9
#: Bytes that all variants take at a time: artifacts, layers, and twice in an engine: unpacked, and
#: what it keeps of them while it unpacks.
ROOM = 40e9


@dataclass(frozen=True)
class Bench:
    """Where it is measured, and the engine that both ways load into."""

    here: Place
    docker: Engine
    work: Path

    def image(self, *flags: str) -> Cost:
        """Build and load images."""
        return self.here.inv("image", "--no-smoke", *flags)

    def forget(self, *variants_: str) -> None:
        """Remove images and layers; the artifacts stay."""
        for name in variants_:
            plain.remove(self.docker, f"gradlock:{name}")
        self.here.inv("clean")


def cpu(work: Path) -> Iterator[Row]:
    """Measure building and loading the CPU image; yield the rows when they are measured.

    Raises:
        EngineError: the engine refused.

    """
    with with_engine(work) as (here, docker):
        yield from _cpu(Bench(here, docker, work))


def gpu(work: Path) -> Iterator[Row]:
    """Measure building and loading GPU images, and all of them; yield each row when it is there.

    Raises:
        EngineError: the disk has too little room, or the engine refused.

    """
    free = shutil.disk_usage(work).free
    if free < ROOM:
        raise EngineError(
            f"measuring all images needs {ROOM / 1e9:.0f} GB of disk, {free / 1e9:.0f} are free",
            where=str(work),
            mend="make room, or set TMPDIR to a folder on another disk",
        )
    with with_engine(work) as (here, docker):
        yield from _gpu(Bench(here, docker, work))


def _cpu(bench: Bench) -> list[Row]:
    """Measure the CPU image."""
    table, here, docker = variants.load(), bench.here, bench.docker
    path = here.checkout / paths.pip(table.cpu).relative_to(store.ROOT)
    lock = lockfile.read(path)
    pins = lockfile.parse_wheels(lock)
    urls: dict[str, str | Path] = {
        wheel.filename: wheel.url for wheel in pip.locate(pins, table.cpu, table.as_of)
    }

    cold = bench.image("--trace", str(bench.work / "cold.json"))
    again = bench.image()
    sizes = _sizes(bench)
    here.inv("base")
    plain.with_uv(docker, bench.work)
    name = table.cpu.name
    pip_cold = plain.by_pip(docker, here.checkout, name, urls)
    uv_cold = plain.by_uv(docker, here.checkout, name, urls, bytecode=True)
    files = _files(pins)
    uv_bare = plain.by_uv(docker, here.checkout, name, files, bytecode=False)
    uv_cached = plain.by_uv(docker, here.checkout, name, files, bytecode=True)
    bench.forget(name)
    cached = bench.image("--trace", str(bench.work / "cached.json"))

    bumped = bump(here.checkout)
    moved = bench.image()
    here.inv("base")
    uv_bump = plain.by_uv(
        docker, here.checkout, name, {**files, bumped.filename: bumped.url}, bytecode=True
    )
    store.write_text(path, lockfile.with_header(lock.body, lock.inputs))
    return [
        _row("image, nothing cached, base and all", cold, 0.75, f"{UV}, from the index", uv_cold),
        _row("the same", cold, 0.7, "docker build, pip, from the index", pip_cold),
        _row("image, artifacts cached", cached, 0.6, UV, uv_cached),
        _row("the same", cached, None, "docker build, uv without bytecode", uv_bare),
        _row("image, one package bumped", moved, 0.15, UV, uv_bump),
        _row("image, nothing to do", again, 2.0),
        Row("memory of a build, nothing cached", cold.memory / 1e9, MEMORY / 1e9, unit="GB"),
        *sizes,
        *_trace("nothing cached", bench.work / "cold.json"),
        *_trace("artifacts cached", bench.work / "cached.json"),
    ]


def bump(checkout: Path) -> Wheel:
    """Have a checkout's lock of the CPU variant name another release of a wheel; return it."""
    table = variants.load()
    (wheel,) = pip.locate([BUMP], table.cpu, table.as_of)
    path = checkout / paths.pip(table.cpu).relative_to(store.ROOT)
    lock = lockfile.read(path)
    pins = [wheel.pin if pin.name == wheel.pin.name else pin for pin in lockfile.parse_wheels(lock)]
    store.write_text(path, lockfile.with_header(lockfile.format_wheels(pins), lock.inputs))
    return wheel


def _gpu(bench: Bench) -> Iterator[Row]:
    """Measure GPU variants, and how cost grows from one variant to all."""
    table, here = variants.load(), bench.here
    here.inv("fetch", "--all")
    here.inv("base")
    plain.with_uv(bench.docker, bench.work)
    bench.forget()  # of the base, layers that the builds would find
    rows = [row for row in table if row.gpu]
    costs = [bench.image("--variant", row.name) for row in rows]
    # One way's images go before the other's come: both of two variants are more than `ROOM`.
    bench.forget(*(row.name for row in rows))
    yield Row("memory of a GPU build", costs[0].memory / 1e9, MEMORY / 1e9, unit="GB")
    what = f"image {rows[0].name}, artifacts cached"
    for row, cost, budget in zip(rows, costs, [0.5, *[0.3] * len(rows)], strict=False):
        yield _row(what, cost, budget, UV, _uv(bench, row))
        what = f"the next GPU variant, after {rows[0].name}"
    alone = bench.image()
    bench.forget(table.cpu.name)
    every = bench.image("--all")
    yield _row("all images, artifacts cached", every, None, "the CPU image alone", alone)


def _uv(bench: Bench, variant: Variant) -> Cost:
    """Have uv install a variant's wheels, with bytecode, on a base that is there."""
    pins = lockfile.parse_wheels(lockfile.read(paths.pip(variant)))
    checkout = bench.here.checkout
    return plain.by_uv(bench.docker, checkout, variant.name, _files(pins), bytecode=True)


def _files(pins: tuple[WheelPin, ...]) -> dict[str, str | Path]:
    """Return the wheels in the store by their names."""
    return {file.name: file for pin in pins if (file := artifacts.path_of(pin))}


def _row(
    what: str, cost: Cost, budget: float | None, beside: str = "", there: Cost | None = None
) -> Row:
    other = there.seconds if there else 0.0
    return Row(what, cost.seconds, budget, beside, other, core_seconds=cost.core_seconds)


def _sizes(bench: Bench) -> list[Row]:
    """Return the bytes of the CPU image, and of the bytecode in it."""
    layers = store.folder("layers")
    image = bench.docker.client.images.get("gradlock:cpu").attrs["RootFS"]["Layers"]
    whole = bytecode = 0
    for digest in image:
        path = layers / f"{digest.removeprefix('sha256:')}.tar"
        whole += path.stat().st_size
        with tarfile.open(path, "r:") as tar:
            bytecode += sum(member.size for member in tar if member.name.endswith(".pyc"))
    return [
        Row("bytes of the CPU image", whole / 1e9, unit="GB"),
        Row("bytecode in it", bytecode / 1e6, unit="MB"),
    ]


def _trace(what: str, path: Path) -> list[Row]:
    """Return where a build's time went: by kind of work, and the chain that the end waited for."""
    trace = json.loads(path.read_text())
    kinds: dict[str, float] = {}
    for job in trace["jobs"]:
        kinds[job["lane"]] = kinds.get(job["lane"], 0.0) + job["end"] - job["start"]
    rows = [Row(f"{what}: {lane}, all jobs together", spent) for lane, spent in kinds.items()]
    path_ = [f"{job['name']} {job['end'] - job['start']:.1f}" for job in trace["critical"]]
    length = trace["critical"][-1]["end"] if trace["critical"] else 0.0
    return [*rows, Row(f"{what}: critical path: {' > '.join(path_)}", length)]
