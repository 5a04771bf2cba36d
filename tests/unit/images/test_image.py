"""Images from made-up artifacts: the same inputs give the same ID, and what a bump rewrites."""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gradlock import store
from gradlock.artifacts import artifacts
from gradlock.artifacts.artifacts import Pin, Source
from gradlock.errors import InputError, LockError
from gradlock.images import image
from gradlock.images.image import Image
from gradlock.inputs import variants
from gradlock.inputs.variants import Table, Variant
from gradlock.layers import base, conda, files, interpreter, wheels
from gradlock.layers import bindings as embedded
from gradlock.command import Program
from gradlock.layers.tar import LayerWriter
from gradlock.locks import freshness, lockfile
from gradlock.locks.freshness import Locks
from gradlock.locks.lockfile import CondaPin, DebPin, LockText, WheelPin
from gradlock.locks.resolve import debian, pip
from gradlock.progress import Stopwatch

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

    def build(self, variant: Variant, channel: str = "debian", table: Table = TABLE) -> Image:
        """Build an image."""
        return image.build(variant, table, channel, Stopwatch())


@pytest.fixture
def workshop(monkeypatch: pytest.MonkeyPatch, make_wheel: MakeWheel) -> Workshop:
    """Build without mmdebstrap, rattler and the image's Python: small stand-ins for each."""
    made = Workshop(make_wheel)
    made.stock()

    def write_base(
        writer: LayerWriter, pins: Sequence[DebPin], found: Mapping[str, Path], suite: str
    ) -> None:
        for pin in pins:
            writer.file(f"usr/share/{pin.name}", found[pin.sha256].read_bytes())

    def packages_for(variant: Variant, _: Sequence[DebPin], folder: Path) -> list[Path]:
        names = ["python-1.0.conda", "tini-1.0.conda"]
        return [folder / name for name in names + [f"cuda-{variant.cuda}.conda"] * variant.gpu]

    def stage_prefix(packages: Sequence[Path], stage: Path, *, channel: str) -> None:
        meta = stage / "opt/conda/conda-meta"
        meta.mkdir(parents=True)
        for path in packages:
            (meta / f"{path.name}.json").write_text(channel)

    @contextmanager
    def unpacked(*_: object) -> Iterator[Program]:
        yield Program((sys.executable,), {})

    monkeypatch.setattr(base, "write", write_base)
    monkeypatch.setattr(embedded, "packages_for", packages_for)
    monkeypatch.setattr(conda, "stage_prefix", stage_prefix)
    monkeypatch.setattr(interpreter, "unpacked", unpacked)
    monkeypatch.setattr(wheels, "LARGE", 5000)
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
    built = image.build_base(CPU, TABLE, "debian", Stopwatch())
    assert names(built) == ["base", "conda", "files"]
    assert built.reference == "gradlock:base"


def test_every_file_that_is_missing_is_located(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: dict[str, Source] = {}

    def fetch(pins: Sequence[Pin], locate: artifacts.Locate) -> dict[str, Path]:
        found.update(locate(pins))
        return {}

    def locate(versions: Sequence[tuple[str, str]], *_: object) -> list[pip.Wheel]:
        named = {(pin.name, pin.version): pin for pin in workshop.locks["cpu"].wheels}
        return [
            pip.Wheel(named[row], f"http://index.example/{row[0]}", row[0], 7) for row in versions
        ]

    monkeypatch.setattr(artifacts, "fetch", fetch)
    monkeypatch.setattr(debian, "mirrors", lambda: {"debian": "http://mirror.example/debian"})
    monkeypatch.setattr(pip, "locate", locate)
    locks = workshop.locks["cpu"]
    image.fetch(locks, TABLE, "conda-forge")
    pins = image.pins_of(locks, "conda-forge")
    assert found.keys() == {pin.sha256 for pin in pins}
    kinds = {type(pin): found[pin.sha256].url.split("/")[2] for pin in pins}
    assert kinds == {
        DebPin: "mirror.example",
        CondaPin: "conda.anaconda.org",
        WheelPin: "index.example",
    }
    assert not [pin for pin in image.pins_of(locks, "debian") if isinstance(pin, CondaPin)]
