"""A workshop that builds images of made-up artifacts, without Debian and the image's Python."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from gradlock import store
from gradlock.artifacts import artifacts
from gradlock.images import build, stack
from gradlock.images import recipe as recipes
from gradlock.images.build import Means
from gradlock.images.image import Image
from gradlock.images.recipe import Recipe
from gradlock.inputs import variants
from gradlock.inputs.platforms import Platform
from gradlock.inputs.variants import Table, Variant
from gradlock.layers import base, tar
from gradlock.layers.tar import LayerWriter
from gradlock.locks import freshness, lockfile
from gradlock.locks.freshness import Locks
from gradlock.locks.lockfile import LockText
from gradlock.locks.pins import CondaPin, DebPin, WheelPin

MakeWheel = Callable[..., Path]

TABLE = variants.load()
CPU, CU125 = TABLE.cpu, TABLE.named("cu125")
CU126 = dataclasses.replace(CU125, name="cu126", cuda="12.6.3")
TABLE = dataclasses.replace(TABLE, variants=(*TABLE.variants, CU126))
#: The bytes of a wheel's payload by its name; what has some gets a layer of its own.
SHARED = {"keras": 0, "numpy": 9000, "pytz": 0, "scipy": 7000, "six": 0}
OWN = {
    "cpu": {"tensorflow-cpu": 8000},
    "cu125": {
        **{"tensorflow": 8000, "nvidia-cudnn-cu12": 9500, "nvidia-cuda-nvcc-cu12": 9900},
        "nvidia-nccl-cu12": 0,
    },
}
OWN["cu126"] = OWN["cu125"]
VERSIONS = {
    "tensorflow": "2.21.0",
    "tensorflow-cpu": "2.21.0",
    "nvidia-cudnn-cu12": str(CU125.cudnn),
    "nvidia-cuda-nvcc-cu12": "12.5.82",
}


def with_row(row: Variant) -> Table:
    """Return the table with one more row."""
    return dataclasses.replace(TABLE, variants=(*TABLE.variants, row))


def lock_text(name: str, body: str) -> LockText:
    return LockText(store.ROOT / "requirements" / name, "0" * 64, body)


@dataclasses.dataclass
class Workshop:
    """Made-up artifacts, in the store, and the locks that name them."""

    make_wheel: MakeWheel
    locks: dict[str, Locks] = dataclasses.field(default_factory=dict)
    bumped: frozenset[str] = frozenset()

    def stock(self, *bumped: str) -> None:
        """Put every artifact into the store and lock it; the named wheels hold something new."""
        self.bumped = frozenset(bumped)
        parts = store.ROOT / "requirements"
        shutil.copy(parts / "cuda-12.5.1.txt", parts / f"cuda-{CU126.cuda}.txt")
        for variant in (CPU, CU125, CU126):
            name = "conda-lock.yml" if variant is CPU else "cu125.conda-lock.yml"
            path = store.ROOT / (name if variant is CPU else f"requirements/{name}")
            body = lockfile.read(path).body.replace("'12.5'", f"'{variant.cuda_minor}'")
            pins = [self.wheel(*row) for row in {**SHARED, **OWN[variant.name]}.items()]
            debs = [self.deb(name) for name in ("git", "graphviz", "python3.13", "tini")]
            self.locks[variant.name] = Locks(
                variant,
                lock_text("apt.lock", lockfile.format_debs(debs)),
                lock_text(name, body),
                lock_text(f"{variant.name}.txt", lockfile.format_wheels(pins)),
            )

    def extend(self, row: Variant, name: str, own: Mapping[str, int]) -> Variant:
        """Return a row that extends another by wheels of its own, made, stored and locked."""
        file = f"requirements/{name}.in"
        (store.ROOT / file).write_text("".join(f"{package}\n" for package in own))
        made = dataclasses.replace(row, name=name, extends=row.name, packages=(*row.packages, file))
        theirs = self.locks[row.name]
        pins = [*theirs.wheels, *(self.wheel(*one) for one in own.items())]
        pip = lock_text(f"{name}.txt", lockfile.format_wheels(pins))
        self.locks[name] = dataclasses.replace(theirs, variant=made, pip=pip)
        return made

    def port(self, row: Variant, name: str, machine: Platform) -> Variant:
        """Return a row as another for another platform: .debs, TensorFlow and locks of its own."""
        made = dataclasses.replace(row, name=name, platform=machine.name)
        theirs = self.locks[row.name]
        debs = [self.deb(pin.name, machine.debian) for pin in theirs.debs]
        pins = [pin for pin in theirs.wheels if pin.name != "tensorflow-cpu"]
        pip = lockfile.format_wheels([*pins, self.wheel("tensorflow", 8000)])
        self.locks[name] = Locks(
            made,
            lock_text(f"apt-{machine.architecture}.lock", lockfile.format_debs(debs)),
            lock_text(f"{name}.conda-lock.yml", theirs.conda.body),
            lock_text(f"{name}.txt", pip),
        )
        return made

    def wheel(self, name: str, payload: int) -> WheelPin:
        """Make a wheel with a payload of some bytes; lock and store it."""
        module = name.replace("-", "_")
        files: dict[str, str | bytes] = {f"{module}/__init__.py": f"NAME = {name!r}\n"}
        if payload:
            files[f"{module}/payload.bin"] = bytes(payload)
        if name in self.bumped:
            files[f"{module}/news.txt"] = "moved\n"
        version = VERSIONS.get(name, "1.0")
        path = self.make_wheel(module, files, version=version)
        pin = WheelPin(name, version, store.file_digest(path))
        artifacts.keep(path, pin, path.name)
        return pin

    def deb(self, name: str, machine: str = "amd64") -> DebPin:
        """Make what stands for a .deb; lock and store it."""
        data = f"{name}, as a .deb for {machine}".encode()
        version = "3.13.5-2" if name.startswith("python") else "1.0-1"
        filename = f"{name}_{version}_{machine}.deb"
        path = store.folder("tmp") / filename
        path.write_bytes(data)
        pin = DebPin(name, version, machine, len(data), store.digest(data), "debian", filename)
        artifacts.keep(path, pin, filename)
        return pin

    def forged(self, variant: Variant, *packages: Path) -> Recipe:
        """Return the recipe of an image whose conda packages are these files, which are stored."""
        rows = []
        for path in packages:
            name, version, _ = path.stem.rsplit("-", 2)
            url = f"https://conda.anaconda.org/conda-forge/linux-64/{path.name}"
            pin = CondaPin(name, version, url, store.file_digest(path))
            artifacts.keep(path, pin, path.name)
            row = {"name": name, "version": version, "url": url, "dependencies": {}}
            rows.append({**row, "hash": {"sha256": pin.sha256}})
        conda = lock_text("conda-lock.yml", yaml.safe_dump({"package": rows}))
        locks = dataclasses.replace(self.locks[variant.name], conda=conda)
        own = self.recipe(variant)
        return dataclasses.replace(own, channel="conda-forge", locks=locks, cpu=locks)

    def recipe(self, variant: Variant, *, table: Table = TABLE, whole: bool = True) -> Recipe:
        """Return the recipe of a variant's image."""
        return recipes.read(variant, table, "debian", whole=whole)

    def build(self, variant: Variant, *, machine: str = "x86_64", **given: Any) -> Image:
        """Build one image on a machine, and load it nowhere."""
        means = Means(Bench(machine), held=False)
        ((built,), _) = build.build([self.recipe(variant, **given)], means)
        return built.image


class Bench:
    """A room that is no root file system: its Python is the one that runs the tests."""

    def __init__(self, machine: str = "x86_64") -> None:
        self.machine = machine

    def processor(self) -> str:
        """Say what it is told to say."""
        return self.machine

    @contextmanager
    def open(self, root: Path) -> Iterator[Bench]:
        """Enter it."""
        self.root = root
        yield self

    def configure(self, script: str, env: Mapping[str, str], target: Path) -> None:
        """Configure nothing."""
        shutil.copyfile(self.root, target)

    @contextmanager
    def start(
        self, argv: Sequence[str], env: Mapping[str, str], files: Mapping[str, bytes]
    ) -> Iterator[subprocess.Popen[bytes]]:
        """Start the compile server; of a program that needs no file all is well."""
        if not files:
            with subprocess.Popen(["true"]) as program:
                yield program
            return
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder) / "server.py"
            (data,) = files.values()
            program.write_bytes(data)
            with subprocess.Popen(
                [sys.executable, "-S", "-B", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            ) as server:
                yield server


@pytest.fixture
def workshop(project: Path, monkeypatch: pytest.MonkeyPatch, make_wheel: MakeWheel) -> Workshop:
    """Build without Debian and the image's Python: small stand-ins for each."""
    del project  # what it stocks lies there
    made = Workshop(make_wheel)
    made.stock()

    def unpack(pins: Sequence[DebPin], found: Mapping[str, Path], target: Path) -> None:
        with tar.writing(target) as (writer, _):
            for pin in pins:
                writer.file(f"usr/share/{pin.name}", found[pin.sha256].read_bytes())

    def write(writer: LayerWriter, root: Path) -> None:
        tar.merge(writer, [root])

    monkeypatch.setattr(base, "unpack", unpack)
    monkeypatch.setattr(base, "write", write)
    monkeypatch.setattr(stack, "LARGE", 5000)
    monkeypatch.setattr(freshness, "current", lambda variant, _: made.locks[variant.name])
    return made


def config(built: Image) -> dict[str, Any]:
    return json.loads(built.config)  # type: ignore[no-any-return]


def environment(built: Image) -> dict[str, str]:
    return dict(line.split("=", 1) for line in config(built)["config"]["Env"])


def tars() -> dict[str, int]:
    """Return the layers in the store: when a file was written anew, its number is another."""
    return {path.stem: path.stat().st_ino for path in store.folder("layers").glob("*.tar")}


def names(built: Image) -> list[str]:
    return [layer.name for layer in built.layers]
