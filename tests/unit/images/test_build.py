"""Images from made-up artifacts: the same inputs give the same ID, and what a bump rewrites."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gradlock import store
from gradlock.artifacts import artifacts
from gradlock.artifacts.artifacts import Fetcher, Pin
from gradlock.errors import InputError, LockError, PinError
from gradlock.images import build, parts, pins
from gradlock.images import recipe as recipes
from gradlock.images.build import Means
from gradlock.images.image import Image
from gradlock.images.recipe import Recipe
from gradlock.inputs import variants
from gradlock.inputs.variants import Table, Variant
from gradlock.layers import Layer, base, files, tar
from gradlock.layers.tar import LayerWriter
from gradlock.locks import freshness, lockfile
from gradlock.locks.freshness import Locks
from gradlock.locks.lockfile import DebPin, LockText, WheelPin

pytestmark = pytest.mark.usefixtures("project")

MakeWheel = Callable[..., Path]

TABLE = variants.load()
CPU, CU125 = TABLE.cpu, TABLE.named("cu125")
CU126 = dataclasses.replace(CU125, name="cu126", cuda="12.6.3")
TABLE = dataclasses.replace(TABLE, variants=(*TABLE.variants, CU126))
#: The bytes of a wheel's payload by its name; what has some gets a layer of its own.
SHARED = {"keras": 0, "numpy": 9000, "scipy": 7000, "six": 0}
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

    def deb(self, name: str) -> DebPin:
        """Make what stands for a .deb; lock and store it."""
        data = f"{name}, as a .deb".encode()
        filename = f"{name}_1.0-1_amd64.deb"
        path = store.folder("tmp") / filename
        path.write_bytes(data)
        pin = DebPin(name, "1.0-1", "amd64", len(data), store.digest(data), "debian", filename)
        artifacts.keep(path, pin, filename)
        return pin

    def recipe(self, variant: Variant, *, table: Table = TABLE, whole: bool = True) -> Recipe:
        """Return the recipe of a variant's image."""
        return recipes.read(variant, table, "debian", whole=whole)

    def build(self, variant: Variant, **given: Any) -> Image:
        """Build one image, and load it nowhere."""
        ((built,), _) = build.build([self.recipe(variant, **given)], Means(Bench(), held=False))
        return built.image


class Bench:
    """A room that is no root file system: its Python is the one that runs the tests."""

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
        """Start the compile server."""
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder) / "server.py"
            (data,) = files.values()
            program.write_bytes(data)
            with subprocess.Popen(
                [sys.executable, "-S", "-B", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            ) as server:
                yield server


@pytest.fixture
def workshop(monkeypatch: pytest.MonkeyPatch, make_wheel: MakeWheel) -> Workshop:
    """Build without Debian and the image's Python: small stand-ins for each."""
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
    monkeypatch.setattr(parts, "LARGE", 5000)
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


def test_the_same_locks_give_the_same_image_on_another_machine(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = workshop.build(CU125)
    monkeypatch.setenv("GRADLOCK_STORE", str(tmp_path / "other machine"))
    workshop.stock()
    second = workshop.build(CU125)
    assert first.id == second.id
    assert [layer.digest for layer in first.layers] == [layer.digest for layer in second.layers]
    assert str(tmp_path) not in first.config.decode()


def test_what_the_store_has_is_not_built_again(workshop: Workshop) -> None:
    first, before = workshop.build(CU125), tars()
    assert workshop.build(CU125) == first
    assert tars() == before


def test_the_id_is_the_hash_of_a_config_that_lists_the_layers(workshop: Workshop) -> None:
    built = workshop.build(CPU)
    assert built.id == f"sha256:{store.digest(built.config)}"
    assert config(built)["rootfs"] == {
        "type": "layers",
        "diff_ids": [f"sha256:{store.file_digest(layer.path)}" for layer in built.layers],
    }
    assert len(config(built)["history"]) == len(built.layers)
    assert built.size == sum(layer.path.stat().st_size for layer in built.layers)
    assert built.reference == "gradlock:cpu"


def test_the_heaviest_and_steadiest_layers_are_at_the_bottom(workshop: Workshop) -> None:
    assert names(workshop.build(CPU)) == [
        *("tensorflow-cpu", "numpy", "scipy"),
        *("base", "conda", "wheels", "files"),
    ]
    assert names(workshop.build(CU125)) == [
        *("tensorflow", "nvidia-cuda-nvcc-cu12", "nvidia-cudnn-cu12", "nvidia-nccl-cu12"),
        *("numpy", "scipy"),
        *("base", "conda", "conda-cuda", "wheels", "files"),
    ]


def test_an_image_is_not_run_as_root_and_reaps_its_children(workshop: Workshop) -> None:
    runs = config(workshop.build(CPU))["config"]
    assert runs["User"] == "1000:1000"
    assert runs["Entrypoint"][0] == "/opt/conda/bin/tini"
    assert runs["Cmd"] == ["jupyter", "lab"]
    assert runs["ExposedPorts"] == {"8888/tcp": {}}
    assert runs["WorkingDir"].startswith("/home/gradlock")


def test_what_an_image_starts_is_among_its_files(workshop: Workshop) -> None:
    runs = config(workshop.build(CPU))["config"]
    program = runs["Healthcheck"]["Test"]
    assert program[0] == "CMD"
    for path in (runs["Entrypoint"][-1], program[-1]):
        assert (files.ROOTFS / path.lstrip("/")).is_file()
    assert all(runs["Healthcheck"][key] > 10**9 for key in ("Interval", "Timeout", "StartPeriod"))


@pytest.mark.parametrize("variant", [CPU, CU125, CU126], ids=lambda row: row.name)
def test_labels_say_what_an_image_is(workshop: Workshop, variant: Variant) -> None:
    built = workshop.build(variant)
    labels = config(built)["config"]["Labels"]
    assert labels["io.gradlock.variant"] == variant.name
    assert labels["io.gradlock.tensorflow"] == variant.tensorflow
    assert labels["io.gradlock.cuda"] == (variant.cuda or "")
    assert labels["io.gradlock.channel"] == built.channel == "debian"
    assert labels["io.gradlock.locks"] == built.locks
    assert built.locks == f"sha256:{workshop.locks[variant.name].digest}"
    assert labels["org.opencontainers.image.created"] == TABLE.as_of.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert config(built)["created"] == labels["org.opencontainers.image.created"]


def test_only_gpu_images_ask_for_a_gpu(workshop: Workshop) -> None:
    gpu = environment(workshop.build(CU125))
    assert gpu["NVIDIA_VISIBLE_DEVICES"] == "all"
    assert set(gpu["NVIDIA_DRIVER_CAPABILITIES"].split(",")) >= {"compute", "utility"}
    assert gpu["NVIDIA_REQUIRE_CUDA"] == f"driver>={CU125.driver}"
    assert "LD_LIBRARY_PATH" not in gpu
    assert not [name for name in environment(workshop.build(CPU)) if name.startswith("NVIDIA")]


def test_the_prefix_goes_first_in_path(workshop: Workshop) -> None:
    assert environment(workshop.build(CPU))["PATH"].startswith("/opt/conda/bin:")


@pytest.mark.parametrize(
    ("bumped", "moved"),
    [
        ("numpy", {"numpy", "files"}),  # `files` holds the lock
        ("six", {"wheels", "files"}),
        ("nvidia-cudnn-cu12", {"nvidia-cudnn-cu12", "files"}),
    ],
)
def test_a_bump_rewrites_its_layer_alone(workshop: Workshop, bumped: str, moved: set[str]) -> None:
    before = {layer.name: layer.digest for layer in workshop.build(CU125).layers}
    stored = tars()
    workshop.stock(bumped)
    after = {layer.name: layer.digest for layer in workshop.build(CU125).layers}
    assert {name for name in after if after[name] != before[name]} == moved
    written = {digest for digest, number in tars().items() if stored.get(digest) != number}
    assert len(written) == len(moved | {bumped})
    assert {after[name] for name in moved} <= written


def test_variants_share_all_but_what_makes_them_differ(workshop: Workshop) -> None:
    cpu, gpu, other = (
        {layer.name: layer.digest for layer in workshop.build(row).layers}
        for row in (CPU, CU125, CU126)
    )
    assert {name for name in cpu if gpu.get(name) == cpu[name]} == {
        *("numpy", "scipy", "base", "conda", "wheels")
    }
    assert {name for name in gpu if other[name] != gpu[name]} == {"conda-cuda", "files"}


def test_another_date_moves_the_id_and_no_layer(workshop: Workshop) -> None:
    later = dataclasses.replace(TABLE, as_of=TABLE.as_of.replace(year=2030))
    before, after = workshop.build(CPU), workshop.build(CPU, table=later)
    assert before.id != after.id
    assert before.layers == after.layers


def test_a_flipped_byte_in_the_store_changes_no_image(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    first = workshop.build(CPU)
    path = first.layers[1].path
    path.write_bytes(path.read_bytes().replace(b"NAME", b"EMAN"))
    assert workshop.build(CPU).id == first.id
    assert store.file_digest(path) == first.layers[1].digest
    assert "refused the layer numpy" in capsys.readouterr().err


def test_locks_that_break_a_rule_build_nothing(workshop: Workshop) -> None:
    locks = workshop.locks["cu125"]
    body = locks.pip.body.replace("nvidia-cuda-nvcc-cu12==12.5.82", "nvidia-cuda-nvcc-cu12==12.9")
    workshop.locks["cu125"] = dataclasses.replace(locks, pip=lock_text("cu125.txt", body))
    with pytest.raises(LockError, match=r"nvidia-cuda-nvcc-cu12 is 12\.9"):
        workshop.build(CU125)
    assert tars() == {}


def test_a_python_that_the_channel_lacks_is_named(workshop: Workshop) -> None:
    locks = workshop.locks["cpu"]
    debs = [pin for pin in locks.debs if pin.name != "python3.13"]
    debs.append(dataclasses.replace(locks.debs[0], name="python3.12"))
    text = lock_text("apt.lock", lockfile.format_debs(debs))
    workshop.locks["cpu"] = dataclasses.replace(locks, apt=text)
    with pytest.raises((InputError, LockError), match=r"[Pp]ython\s?3\.13") as caught:
        workshop.build(CPU)
    assert caught.value.where == "requirements/apt.lock"


def test_the_base_image_is_one_without_wheels(workshop: Workshop) -> None:
    built = workshop.build(CPU, whole=False)
    assert names(built) == ["base", "conda", "files"]
    assert built.reference == "gradlock:base"


def test_images_that_share_layers_are_built_in_one_graph(workshop: Workshop) -> None:
    rows = [workshop.recipe(row) for row in (CPU, CU125, CU126)]
    built, graph = build.build(rows, Means(Bench(), held=False))
    names = [job.name for job in graph.jobs if job.lane in ("fetch", "compile")]
    assert len(names) == len(set(names))
    alone = [workshop.build(row).id for row in (CPU, CU125, CU126)]
    assert [one.image.id for one in built] == alone


@dataclasses.dataclass
class Shelf:
    """A loader that keeps what it is sent."""

    waves: list[list[str]] = dataclasses.field(default_factory=list)
    images: list[Image] = dataclasses.field(default_factory=list)

    def wave(self, layers: Sequence[Layer]) -> None:
        """Note a wave."""
        self.waves.append([layer.name for layer in layers])

    def finish(self, image: Image) -> int:
        """Note an image."""
        self.images.append(image)
        return image.size


def test_the_lowest_layers_are_sent_before_the_image_is_whole(workshop: Workshop) -> None:
    shelf = Shelf()
    build.build([workshop.recipe(CU125)], Means(Bench(), shelf, held=False))
    (image,) = shelf.images
    assert [names(image)[: len(wave)] for wave in shelf.waves] == shelf.waves
    assert [len(wave) for wave in shelf.waves] == [1, 4, 9]


def test_what_is_built_already_is_sent_at_once(workshop: Workshop) -> None:
    first, second = Shelf(), Shelf()
    for shelf in (first, second):
        build.build([workshop.recipe(CPU)], Means(Bench(), shelf, held=False))
    assert second.images == first.images
    assert second.waves == []


def test_another_id_than_the_pinned_one_is_not_loaded(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin = pins.ImagePin("sha256:0", "sha256:0", {})
    monkeypatch.setattr(pins, "find", lambda *_: pin)
    shelf = Shelf()
    with pytest.raises(PinError):
        build.build([workshop.recipe(CPU)], Means(Bench(), shelf))
    assert not shelf.images


def test_a_wheel_with_a_flipped_byte_is_fetched_again_at_once(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = workshop.build(CPU)
    shutil.rmtree(store.folder("layers"))
    pin = next(pin for pin in workshop.locks["cpu"].wheels if pin.name == "numpy")
    path = artifacts.path_of(pin)
    assert path is not None
    whole, kept = path.read_bytes(), path.stat()
    path.write_bytes(whole[:-30] + bytes(30))
    os.utime(path, ns=(kept.st_atime_ns, kept.st_mtime_ns))
    get = Fetcher.get

    def refetch(self: Fetcher, wanted: Pin) -> Path:
        if wanted == pin and artifacts.path_of(pin) is None:
            fresh = store.folder("tmp") / path.name
            fresh.write_bytes(whole)
            return artifacts.keep(fresh, pin, path.name)
        return get(self, wanted)

    monkeypatch.setattr(Fetcher, "get", refetch)
    assert workshop.build(CPU).id == first.id
