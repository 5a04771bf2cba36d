"""Wheels: the one that pip, too, would choose; a second resolver that must agree."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Any

import pytest
from packaging import tags as packaging_tags
from packaging.tags import Tag
from packaging.utils import parse_wheel_filename

from gradlock import store
from gradlock.errors import CommandError, InputError, LockError
from gradlock.locks.moves import Move
from gradlock.locks.pins import WheelPin
from gradlock.locks.resolve import pip
from tests.unit.locks.resolve.conftest import AS_OF, CPU, GPU, SHA256, Index, sha256

pytestmark = pytest.mark.usefixtures("own_store")


def chosen(index: Index, *files: str) -> list[str]:
    index.files = files
    return [wheel.filename for wheel in pip.locate([WheelPin("pkg", "1.0", "")], CPU, AS_OF)]


BEST_FIRST = [
    "pkg-1.0-cp313-cp313-manylinux_2_28_x86_64.whl",
    "pkg-1.0-cp313-cp313-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl",
    "pkg-1.0-cp313-cp313-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
    "pkg-1.0-cp313-cp313-manylinux2014_x86_64.whl",
    "pkg-1.0-cp313-cp313-manylinux1_x86_64.whl",
    "pkg-1.0-cp313-cp313-linux_x86_64.whl",
    "pkg-1.0-cp313-abi3-manylinux_2_17_x86_64.whl",
    "pkg-1.0-cp313-none-manylinux_2_17_x86_64.whl",
    "pkg-1.0-cp312-abi3-manylinux_2_17_x86_64.whl",
    "pkg-1.0-cp39-abi3-manylinux_2_17_x86_64.whl",
    "pkg-1.0-py3-none-manylinux_2_17_x86_64.whl",
    "pkg-1.0-py3-none-any.whl",
    "pkg-1.0-py2.py3-none-any.whl",
]
UNFIT = [
    "pkg-1.0-cp313-cp313t-manylinux_2_17_x86_64.whl",  # free-threaded
    "pkg-1.0-cp312-cp312-manylinux_2_17_x86_64.whl",
    "pkg-1.0-cp314-abi3-manylinux_2_17_x86_64.whl",
    "pkg-1.0-cp313-cp313-manylinux_2_34_x86_64.whl",  # a newer glibc than the floor
    "pkg-1.0-cp313-cp313-musllinux_1_2_x86_64.whl",
    "pkg-1.0-cp313-cp313-manylinux_2_17_aarch64.whl",
    "pkg-1.0-cp313-cp313-macosx_11_0_arm64.whl",
    "pkg-1.0-py2-none-any.whl",
    "pkg-1.0.tar.gz",
]


@pytest.mark.parametrize("first", range(len(BEST_FIRST) - 1))
def test_the_best_tag_wins_wherever_it_stands(index: Index, first: int) -> None:
    offered = [*UNFIT, *reversed(BEST_FIRST[first:])]
    (best,) = chosen(index, *offered)
    ranks = {tag: rank for rank, tag in enumerate(pip.platform_tags(CPU))}

    def rank(file: str) -> int:
        tags = parse_wheel_filename(file)[3] if file.endswith("whl") else ()
        return min((ranks.get(tag, 10**6) for tag in tags), default=10**6)

    assert rank(best) == rank(BEST_FIRST[first]) == min(map(rank, offered))


def test_of_the_same_tags_the_highest_build_wins(index: Index) -> None:
    builds = [f"pkg-1.0{build}-py3-none-any.whl" for build in ("-9", "-10a", "", "-10b", "-2")]
    assert chosen(index, *builds) == ["pkg-1.0-10b-py3-none-any.whl"]


def test_a_better_tag_beats_a_higher_build(index: Index) -> None:
    files = ["pkg-1.0-9-py3-none-any.whl", "pkg-1.0-1-cp313-abi3-manylinux2014_x86_64.whl"]
    assert chosen(index, *files) == files[1:]


def test_tags_are_ordered_as_packaging_orders_them_there(monkeypatch: pytest.MonkeyPatch) -> None:
    # What pip asks for in the image: packaging's own list, for its interpreter and glibc.
    from packaging import _manylinux, _musllinux

    def linux(*_: object, **__: object) -> Any:
        return iter(_manylinux.platform_tags(["x86_64"]))

    monkeypatch.setattr(_manylinux, "_get_glibc_version", lambda: (2, pip.GLIBC))
    monkeypatch.setattr(_manylinux, "_have_compatible_abi", lambda *_: True)
    monkeypatch.setattr(_musllinux, "_get_musl_version", lambda _: None)
    platforms = [*linux(), "linux_x86_64"]
    expected: list[Tag] = [
        *packaging_tags.cpython_tags((3, 13), ["cp313"], platforms),
        *packaging_tags.compatible_tags((3, 13), "cp313", platforms),
    ]
    assert list(pip.platform_tags(CPU)) == expected


def test_all_packages_without_a_wheel_are_named(index: Index) -> None:
    index.files = ("good-1.0-py3-none-any.whl", *UNFIT, "other-2.0.tar.gz")
    pins = [WheelPin(*each, "") for each in (("good", "1.0"), ("pkg", "1.0"), ("other", "2.0"))]
    with pytest.raises(LockError, match="2 problems") as caught:
        pip.locate(pins, CPU, AS_OF)
    for name in ("pkg 1.0", "other 2.0"):
        assert f"{name} has no wheel for Python 3.13 on manylinux_2_28_x86_64" in str(caught.value)


def test_a_wheel_is_described_as_the_lock_needs_it(index: Index) -> None:
    index.files = ("Some_Pkg-1.0%2Bcpu-py3-none-any.whl",)
    (wheel,) = pip.locate([WheelPin("some-pkg", "1.0+cpu", "")], CPU, AS_OF)
    assert wheel.pin.name == "some-pkg"
    assert wheel.pin.sha256 == sha256("Some_Pkg-1.0%2Bcpu-py3-none-any.whl")
    assert wheel.filename == "Some_Pkg-1.0+cpu-py3-none-any.whl"
    assert wheel.size == 7


def test_uv_resolves_for_the_image_bounded_in_time(index: Index) -> None:
    index.files = ("pkg-1.0-py3-none-any.whl",)
    keep = [WheelPin("pkg", "0.9", SHA256)]
    moves = [Move("numpy"), Move("scipy", "1.18")]
    (found,) = pip.resolve(CPU, AS_OF, keep=keep, moves=moves)
    assert (found.pin.name, found.pin.version) == ("pkg", "1.0")
    asked = " ".join(index.argv)
    for option in (
        "--python-version 3.13",
        "--python-platform x86_64-manylinux_2_28",
        "--only-binary :all:",
        f"--python {sys.executable} --no-python-downloads",
        "--exclude-newer 2026-11-20T00:00:00+00:00",
        "--upgrade-package numpy",
        "--upgrade-package scipy==1.18",
    ):
        assert option in asked
    assert [(row["name"], row["version"]) for row in index.preferred] == [("pkg", "0.9")]
    assert "tensorflow-cpu==2.21.0\n" in index.constraints


def test_a_gpu_lock_follows_the_cpus_and_its_toolkit(index: Index) -> None:
    index.files = ("pkg-1.0-py3-none-any.whl",)
    follow = [WheelPin("numpy", "2.5.0", SHA256), WheelPin("tensorflow-cpu", "2.21.0", SHA256)]
    pip.resolve(GPU, AS_OF, keep=(), constrain=follow)
    lines = index.constraints.splitlines()
    for pinned in (
        "tensorflow==2.21.0",
        "nvidia-cudnn-cu12==9.3.0.75",
        "nvidia-cublas-cu12==12.5.3.2",
        "numpy==2.5.0",
    ):
        assert pinned in lines
    assert "tensorflow-cpu==2.21.0" not in lines


def test_a_release_whose_parts_nobody_wrote_is_named(index: Index) -> None:
    new = dataclasses.replace(GPU, name="cu1299", cuda="12.99.0")
    with pytest.raises(LockError, match="an input is missing") as caught:
        pip.resolve(new, AS_OF, keep=())
    assert caught.value.where == "requirements/cuda-12.99.0.txt"
    assert "CONTRIBUTING" in caught.value.mend


def archive(place: str, name: str = "pkg") -> str:
    """Return a package that a person named by its place, as uv writes it."""
    kind = "url" if "://" in place else "path"
    hashes = f'hashes = {{sha256 = "{SHA256}"}}'
    return f'{{name = "{name}", version = "1.0", archive = {{{kind} = "{place}", {hashes}}}}}'


def test_a_wheel_by_url_keeps_its_place(index: Index) -> None:
    url = "https://a.example/pkg-1.0%2Bours-py3-none-any.whl"
    index.archives = [archive(f"{url}#sha256=0")]
    (found,) = pip.resolve(CPU, AS_OF, keep=[WheelPin("pkg", "0.9", SHA256, url)])
    assert found.pin == WheelPin("pkg", "1.0+ours", SHA256, url)
    assert found.filename == "pkg-1.0+ours-py3-none-any.whl"
    assert index.preferred == []  # the inputs alone say where it is


def test_a_wheel_by_path_is_named_from_the_projects_folder(
    index: Index, monkeypatch: pytest.MonkeyPatch, own_store: Path
) -> None:
    monkeypatch.setattr(store, "ROOT", own_store)
    index.archives = [archive("../../vendor/pkg-1.0-py3-none-any.whl")]
    (found,) = pip.locate([WheelPin("pkg", "1.0", SHA256)], CPU, AS_OF)
    assert found.pin.place == "./vendor/pkg-1.0-py3-none-any.whl"


@pytest.mark.parametrize(
    ("package", "said"),
    [
        (archive("https://a.example/pkg-1.0.tar.gz"), "pkg 1.0 has no wheel"),
        (archive("https://a.example/pkg-1.0-cp312-cp312-win32.whl"), "pkg 1.0 has no wheel"),
        (archive("https://me:secret@a.example/pkg-1.0-py3-none-any.whl"), "pkg 1.0 has no wheel"),
        ('{name = "pkg", vcs = {type = "git", url = "https://a.example"}}', "pkg is from a vcs"),
        ('{name = "pkg", directory = {path = "."}}', "pkg is from a directory"),
        (
            '{name = "pkg", version = "1.0", marker = "sys_platform == \'win32\'", wheels = []}',
            "not for this variant",
        ),
    ],
)
def test_what_is_no_wheel_that_fits_is_an_error(index: Index, package: str, said: str) -> None:
    index.archives = [package]
    with pytest.raises(LockError, match=said) as caught:
        pip.resolve(CPU, AS_OF, keep=())
    assert caught.value.where == "requirements/base.in, requirements/cpu.in, variants.toml"


def test_a_request_without_a_solution_names_the_inputs(index: Index) -> None:
    said = "its last lines were:\n    error: No solution found\n      cause: you require numpy==99"
    index.error = CommandError("uv failed", where="uv pip compile ...", mend=said)
    with pytest.raises(InputError, match="you require numpy==99") as caught:
        pip.resolve(GPU, AS_OF, keep=(), constrain=[WheelPin("numpy", "1", SHA256)])
    assert caught.value.where == (
        "requirements/base.in, requirements/gpu.in, requirements/cuda-12.5.1.txt, variants.toml, "
        "requirements/cpu.txt"
    )


def test_a_version_of_the_lock_to_follow_is_said_to_be_one(index: Index, project: Path) -> None:
    (project / "requirements/nlp.in").write_text("spacy\n")
    row = dataclasses.replace(CPU, name="nlp", extends="cpu", packages=("requirements/nlp.in",))
    said = "their last lines were:\n    error: No solution found\n      cause: Because spacy==3.7 "
    said += "depends on numpy<2 and you require numpy==2.5, this has no solution."
    index.error = CommandError("uv failed", where="uv pip compile ...", mend=said)
    follow = [WheelPin("numpy", "2.5", SHA256), WheelPin("spacy", "3.6", SHA256)]
    with pytest.raises(InputError) as caught:
        pip.resolve(row, AS_OF, keep=(), constrain=follow)
    assert "spacy==3.7 depends on numpy<2" in caught.value.what
    assert caught.value.what.splitlines()[-1] == "    numpy==2.5: so in cpu, which nlp follows"
    assert "requirements/nlp.in" in caught.value.where
    assert "./inv lock --update NAME" in caught.value.mend


def test_another_failure_names_them_too(index: Index) -> None:
    index.error = CommandError("uv failed", where="uv ...", mend="its last lines were:\n    dns")
    with pytest.raises(CommandError, match="uv failed") as caught:
        pip.resolve(CPU, AS_OF, keep=())
    assert caught.value.where.startswith("requirements/base.in")
