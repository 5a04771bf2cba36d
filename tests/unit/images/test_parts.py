"""Which layers an image has, in which order, and what is made anew."""

from __future__ import annotations

import dataclasses
import importlib.util
import os
import shutil
from pathlib import Path

import pytest

from gradlock import store
from gradlock.artifacts import artifacts
from gradlock.artifacts.artifacts import Pin
from gradlock.artifacts.fetcher import Fetcher
from gradlock.images import build
from gradlock.images import recipe as recipes
from gradlock.images.build import Means
from gradlock.inputs.platforms import PLATFORMS
from gradlock.layers import tar
from gradlock.locks import lockfile
from gradlock.locks.freshness import Locks
from tests.unit.images.conftest import (
    CPU,
    CU125,
    CU126,
    TABLE,
    VERSIONS,
    Bench,
    Workshop,
    tars,
    with_row,
)
from tests.unit.layers import condas

pytestmark = pytest.mark.usefixtures("project")


def test_what_the_store_has_is_not_built_again(workshop: Workshop) -> None:
    first, before = workshop.build(CU125), tars()
    assert workshop.build(CU125) == first
    assert tars() == before


@pytest.mark.parametrize(
    ("bumped", "moved"),
    [
        ("numpy", {"numpy", "files"}),  # `files` holds the lock
        ("six", {"wheels-N-Z", "files"}),
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
        *("numpy", "scipy", "base", "conda", "wheels-A-M", "wheels-N-Z")
    }
    assert {name for name in gpu if other[name] != gpu[name]} == {"conda-cuda", "files"}


def test_a_second_cpu_row_has_the_same_prefix(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = dataclasses.replace(CPU, name="cpu220", tensorflow="2.20.0")
    monkeypatch.setitem(VERSIONS, "tensorflow-cpu", "2.20.0")
    own, locks = workshop.wheel("tensorflow-cpu", 8000), workshop.locks[CPU.name]
    pins = [own if pin.name == own.name else pin for pin in locks.wheels]
    body = lockfile.format_wheels(pins)
    workshop.locks[other.name] = Locks(
        other, locks.apt, locks.conda, dataclasses.replace(locks.pip, body=body)
    )
    first, second = (
        {layer.name: layer.digest for layer in workshop.build(row).layers} for row in (CPU, other)
    )
    assert first.keys() == second.keys()
    assert {name for name in first if second[name] != first[name]} == {"tensorflow-cpu", "files"}


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_a_row_for_another_platform_shares_what_is_the_same_for_both(
    workshop: Workshop, machine: str
) -> None:
    """Whichever of the two Pythons compiles its wheels."""
    arm = workshop.port(CPU, "arm", PLATFORMS["linux/arm64"])
    rows = (workshop.build(CPU), workshop.build(arm, table=with_row(arm), machine=machine))
    first, second = ({layer.name: layer.digest for layer in built.layers} for built in rows)
    own = {"tensorflow-cpu", "base", "conda", "files"}
    assert {name for name in first if second.get(name) == first[name]} == {*first} - own
    assert {*second} - {*first} == {"tensorflow"}


def test_images_of_several_platforms_are_built_at_once(workshop: Workshop) -> None:
    """Each has a room of its own, with its own .debs."""
    arm = workshop.port(CPU, "arm", PLATFORMS["linux/arm64"])
    rows = [recipes.read(row, with_row(arm), "debian") for row in (CPU, arm)]
    together, _ = build.build(rows, Means(Bench(), held=False))
    apart = [workshop.build(row, table=with_row(arm)) for row in (CPU, arm)]
    assert [built.image for built in together] == apart


def test_a_row_that_extends_another_stands_on_all_its_layers(
    workshop: Workshop,
) -> None:
    extended = workshop.extend(CU125, "bio", {"biopython": 6000, "tqdm": 0, "click": 0})
    further = workshop.extend(extended, "genes", {"pysam": 7000, "alphafold": 9000})
    rows = (CU125, extended, further)
    table = dataclasses.replace(TABLE, variants=(*TABLE.variants, extended, further))
    lowest, middle, upper = (
        [(layer.name, layer.digest) for layer in workshop.build(row, table=table).layers]
        for row in rows
    )
    assert middle[: len(lowest) - 1] == lowest[:-1]
    assert [name for name, _ in middle[len(lowest) - 1 :]] == ["biopython", "wheels-bio", "files"]
    assert upper[: len(middle) - 1] == middle[:-1]
    assert [name for name, _ in upper[len(middle) - 1 :]] == ["alphafold", "pysam", "files"]
    assert len({layers[-1] for layers in (lowest, middle, upper)}) == 3


def test_a_row_that_extends_the_cpus_has_its_prefix_alone(workshop: Workshop) -> None:
    extended = workshop.extend(CPU, "nlp", {"nltk": 0})
    table = dataclasses.replace(TABLE, variants=(*TABLE.variants, extended))
    cpu = [layer.digest for layer in workshop.build(CPU).layers]
    nlp = [layer.digest for layer in workshop.build(extended, table=table).layers]
    assert nlp[:-2] == cpu[:-1]


def test_conda_packages_get_bytecode_from_the_images_python(
    workshop: Workshop, tmp_path: Path
) -> None:
    """Theirs goes; a package for every Python has none, and gets some, too."""
    library = "opt/conda/lib/python3.13"
    compiled = importlib.util.cache_from_source
    python = condas.package(
        tmp_path,
        "python",
        {"lib/python3.13/os.py": "sep = '/'\n", compiled("lib/python3.13/os.py"): b"theirs"},
        index={"version": "3.13.5"},
    )
    greeter = condas.package(
        tmp_path, "greeter", {"site-packages/greeter.py": "hello = 1\n"}, index={"noarch": "python"}
    )
    recipe = workshop.forged(CPU, python, greeter)
    ((built,), _) = build.build([recipe], Means(Bench(), held=False))
    found = {layer.name: tar.listing(layer.path).files.keys() for layer in built.image.layers}
    modules = {f"{library}/os.py", f"{library}/site-packages/greeter.py"}
    assert modules <= found["conda"]
    assert found["conda-bytecode"] == {compiled(name) for name in modules}
    assert not any("__pycache__" in name for name in found["conda"])


def test_a_flipped_byte_in_the_store_changes_no_image(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    first = workshop.build(CPU)
    path = first.layers[1].path
    path.write_bytes(path.read_bytes().replace(b"NAME", b"EMAN"))
    assert workshop.build(CPU).id == first.id
    assert store.file_digest(path) == first.layers[1].digest
    assert "refused the layer numpy" in capsys.readouterr().err


def test_images_that_share_layers_are_built_in_one_graph(workshop: Workshop) -> None:
    rows = [workshop.recipe(row) for row in (CPU, CU125, CU126)]
    built, graph = build.build(rows, Means(Bench(), held=False))
    names = [job.name for job in graph.jobs if job.lane in ("fetch", "compile")]
    assert len(names) == len(set(names))
    alone = [workshop.build(row).id for row in (CPU, CU125, CU126)]
    assert [one.image.id for one in built] == alone


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
