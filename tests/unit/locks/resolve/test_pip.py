"""Wheels: the one that pip, too, would choose; a second resolver that must agree."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from packaging import tags as packaging_tags
from packaging.tags import Tag
from packaging.utils import parse_wheel_filename

from gradlock import command
from gradlock.command import Program
from gradlock.errors import LockError
from gradlock.inputs import wanted
from gradlock.inputs.variants import Variant
from gradlock.locks.lockfile import WheelPin
from gradlock.locks.resolve import pip

pytestmark = pytest.mark.usefixtures("own_store")

CPU = Variant("cpu", "3.13", "2.21.0")
GPU = dataclasses.replace(CPU, name="cu125", cuda="12.5.1", cudnn="9.3.0.75", driver="525.60.13")
AS_OF = datetime(2026, 11, 20, tzinfo=UTC)
IMAGE = Program(("image-python",), {"PYTHONHOME": "/image"})
SHA256 = "0" * 64


def sha256(name: str) -> str:
    return name.encode().hex().ljust(64, "0")[:64]


class Index:
    """A uv and a pip-compile that answer from a list of wheels, and keep what they were asked."""

    def __init__(self, *files: str) -> None:
        self.files = files
        self.compiled = ""
        self.argv: list[str] = []
        self.env: dict[str, str] = {}
        self.constraints = ""
        self.start = ""

    def run(self, argv: Sequence[str | Path], **options: Any) -> str:
        """Take the place of `command.run`."""
        line = [str(part) for part in argv]
        target = Path(line[line.index("--output-file") + 1])
        if target.name == "pylock.toml":
            target.write_text(self.pylock())
            return ""
        self.argv, self.env = line, options.get("env") or {}
        constraints = [Path(line[n + 1]) for n, part in enumerate(line) if part == "--constraint"]
        self.constraints = "".join(path.read_text() for path in constraints)
        self.start = target.read_text()
        target.write_text(self.compiled or self.start)
        return ""

    def pylock(self) -> str:
        """Return the index's offers as uv writes them."""
        packages: dict[tuple[str, str], list[str]] = {}
        for file in self.files:
            name, version = file.removesuffix(".tar.gz").split("-")[:2]
            packages.setdefault((name, version), []).append(file)
        text = 'lock-version = "1.0"\npackages = ['
        for (name, version), files in packages.items():
            offers = "".join(
                f'{{url = "https://index.example/{file}", size = 7, '
                f'hashes = {{sha256 = "{sha256(file)}"}}}}, '
                for file in files
                if file.endswith("whl")
            )
            text += f'\n{{name = "{name}", version = "{version}", wheels = [{offers}]}}, '
        return text + "]\n"


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Index:
    made = Index()
    monkeypatch.setattr(command, "run", made.run)
    return made


def chosen(index: Index, *files: str) -> list[str]:
    index.files = files
    return [wheel.filename for wheel in pip.locate([("pkg", "1.0")], CPU, AS_OF)]


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
    with pytest.raises(LockError, match="2 problems") as caught:
        pip.locate([("good", "1.0"), ("pkg", "1.0"), ("other", "2.0")], CPU, AS_OF)
    for name in ("pkg 1.0", "other 2.0"):
        assert f"{name} has no wheel for Python 3.13 on manylinux_2_28_x86_64" in str(caught.value)


def test_a_wheel_is_described_as_the_lock_needs_it(index: Index) -> None:
    index.files = ("Some_Pkg-1.0%2Bcpu-py3-none-any.whl",)
    (wheel,) = pip.locate([("some-pkg", "1.0+cpu")], CPU, AS_OF)
    assert wheel.pin.name == "some-pkg"
    assert wheel.pin.sha256 == sha256("Some_Pkg-1.0%2Bcpu-py3-none-any.whl")
    assert wheel.filename == "Some_Pkg-1.0+cpu-py3-none-any.whl"
    assert wheel.size == 7


def test_uv_resolves_for_the_image_bounded_in_time(index: Index) -> None:
    index.compiled = "pkg==1.0\n"
    index.files = ("pkg-1.0-py3-none-any.whl",)
    pins = pip.resolve(CPU, AS_OF, keep=[WheelPin("pkg", "0.9", SHA256)], upgrade=["numpy"])
    assert [(pin.name, pin.version) for pin in pins] == [("pkg", "1.0")]
    asked = " ".join(index.argv)
    for option in (
        "--python-version 3.13",
        "--python-platform x86_64-manylinux_2_28",
        "--only-binary :all:",
        "--exclude-newer 2026-11-20T00:00:00+00:00",
        "--upgrade-package numpy",
    ):
        assert option in asked
    assert "pkg==0.9" in index.start
    assert "tensorflow-cpu==2.21.0\n" in index.constraints


def test_a_gpu_lock_follows_the_cpus_and_its_toolkit(index: Index) -> None:
    index.files = ("pkg-1.0-py3-none-any.whl",)
    index.compiled = "pkg==1.0\n"
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


PINS = (WheelPin("numpy", "2.5.0", SHA256), WheelPin("pandas", "3.0", SHA256))


def test_a_referee_that_agrees_says_nothing(index: Index) -> None:
    pip.referee(CPU, AS_OF, IMAGE, PINS)
    assert index.argv[:4] == ["image-python", "-m", "piptools", "compile"]
    assert index.env["PYTHONHOME"] == "/image"
    assert "numpy==2.5.0\npandas==3.0\n" in index.start


def test_a_referee_that_disagrees_names_every_pin(index: Index) -> None:
    index.compiled = "numpy==2.4.9\nscipy==1.0\n"
    with pytest.raises(LockError, match="uv and pip-compile disagree") as caught:
        pip.referee(GPU, AS_OF, IMAGE, PINS)
    for difference in (
        "numpy: uv 2.5.0, pip-compile 2.4.9",
        "pandas: uv 3.0, pip-compile absent",
        "scipy: uv absent, pip-compile 1.0",
    ):
        assert difference in caught.value.what
    assert "cu125" in caught.value.where
    assert caught.value.mend


def test_the_tools_lock_starts_from_what_there_is(index: Index) -> None:
    index.compiled = "ruff==1.0 \\\n    --hash=sha256:0\n"
    body = pip.resolve_tools(wanted.TOOLS, AS_OF, keep="ruff==0.9\n", upgrade=["ruff"])
    assert body == index.compiled
    assert index.start == "ruff==0.9\n"
    asked = " ".join(index.argv)
    assert "--universal" in asked
    assert "--generate-hashes" in asked
    assert "--exclude-newer 2026-11-20" in asked


def test_tools_follow_the_pins_of_another_lock(index: Index) -> None:
    pip.resolve_tools(wanted.DESK, AS_OF, keep="", follow="ruff==0.9 \\\n    --hash=sha256:0\n")
    assert index.constraints == "ruff==0.9 \\\n    --hash=sha256:0\n"
    assert index.argv[-1] == str(wanted.DESK)
