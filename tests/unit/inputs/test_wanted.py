"""What is asked for: read plainly from what people wrote, and refused where it is malformed."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from gradlock.errors import InputError, LockError
from gradlock.inputs import wanted
from gradlock.inputs.variants import Variant

CPU = Variant("cpu", "3.13", "2.21.0")
GPU = dataclasses.replace(CPU, name="cu125", cuda="12.5.1", cudnn="9.3.0.75", driver="525.60.13")
SPECS = ("git", "graphviz", "python 3.13.* *_cp313", "tini")


def test_wheels_are_listed_plainly(project: Path) -> None:
    (project / "requirements/base.in").write_text("# what for\nnumpy   # arrays\n\npandas\n")
    assert wanted.wheels(CPU) == ("numpy", "pandas", "tensorflow-cpu")
    assert wanted.wheels(GPU) == ("numpy", "pandas", "tensorflow[and-cuda]")


def test_inputs_are_those_of_the_variant() -> None:
    assert [path.name for path in wanted.wheel_inputs(CPU)] == ["base.in", "cpu.in"]
    gpus = [path.name for path in wanted.wheel_inputs(GPU)]
    assert gpus == ["base.in", "gpu.in", "cuda-12.5.1.txt"]


def test_a_variant_has_its_own_tensorflow() -> None:
    for variant in (CPU, GPU):
        name = wanted.tensorflow(variant)
        assert name in wanted.TENSORFLOWS
        (asked,) = (each for each in wanted.wheels(variant) if each.startswith("tensorflow"))
        assert asked.partition("[")[0] == name


def test_debian_packages_are_read_without_comments(project: Path) -> None:
    (project / "requirements/apt.in").write_text("# what for\ngit\n\n  graphviz   # dot\n")
    assert wanted.debs() == ("git", "graphviz")


@pytest.mark.parametrize("name", ["requirements/apt.in", "requirements/base.in"])
def test_a_missing_input_is_named(project: Path, name: str) -> None:
    (project / name).unlink()
    with pytest.raises(LockError, match="an input is missing") as caught:
        wanted.debs(), wanted.wheels(CPU)
    assert caught.value.where == name
    assert "git checkout" in caught.value.mend


def ask_for(path: Path, specs: Any, channel: str = "conda-forge") -> None:
    """Have environment.yml ask for these specs."""
    path.write_text(json.dumps({"channels": [channel], "dependencies": specs}))


def test_the_table_adds_what_differs_by_variant() -> None:
    assert wanted.condas(CPU) == SPECS
    assert wanted.condas(GPU) == ("cuda-version 12.5", *SPECS)


@pytest.mark.parametrize(
    ("specs", "channel", "said"),
    [
        (["python 3.12.*"], "conda-forge", "variants.toml says which"),
        (["cuda-version 12.4"], "conda-forge", "variants.toml says which"),
        ([{"pip": ["numpy"]}], "conda-forge", "pip's belong in requirements"),
        (["https://a.example/git-1-0.conda"], "conda-forge", "not a conda spec"),
        (["other::git"], "conda-forge", "not a conda spec"),
        (["git[channel=other]"], "conda-forge", "not a conda spec"),
        (["git[version='>=2', channel=other]"], "conda-forge", "not a conda spec"),
        (["./git.conda"], "conda-forge", "not a conda spec"),
        (["Git"], "conda-forge", "not a conda spec"),
        ([7], "conda-forge", "not a conda spec"),
        (["git"], "defaults", r"channels must be \[conda-forge\]"),
        ("git", "conda-forge", "no list of dependencies"),
        ([], "conda-forge", "no list of dependencies"),
    ],
)
def test_a_malformed_environment_is_refused(
    project: Path, specs: Any, channel: str, said: str
) -> None:
    ask_for(project / "environment.yml", specs, channel)
    with pytest.raises(InputError, match=said):
        wanted.condas(CPU)


@pytest.mark.parametrize(
    ("text", "said"), [(None, "an input is missing"), ("a: [", "not YAML"), ("- a", "no list")]
)
def test_a_broken_environment_is_named(project: Path, text: str | None, said: str) -> None:
    path = project / "environment.yml"
    path.unlink()
    if text is not None:
        path.write_text(text)
    with pytest.raises((InputError, LockError), match=said) as caught:
        wanted.condas(CPU)
    assert caught.value.where == "environment.yml"


@pytest.mark.parametrize(
    ("spec", "name"),
    [("git", "git"), ("python 3.13.*", "python"), ("git>=2", "git"), ("_x", "_x"), ("=1", "")],
)
def test_a_specs_name_is_what_it_begins_with(spec: str, name: str) -> None:
    assert wanted.spec_name(spec) == name


def test_what_an_input_includes_is_an_input(project: Path) -> None:
    folder = project / "requirements"
    (folder / "base.in").write_text("-r team.in\n-c bounds.in # since\nnumpy\n-r again.in\n")
    (folder / "team.in").write_text("--requirement more/deep.in\nours @ https://a.example/o.whl\n")
    (folder / "bounds.in").write_text("scipy<2\n")
    (folder / "again.in").write_text("# what both include is read once\n")
    (folder / "more").mkdir()
    (folder / "more/deep.in").write_text("-r ../again.in\ntyping-tools[all]\n./vendor/own-1.whl\n")
    (project / "vendor").mkdir()
    (project / "vendor/own-1.whl").write_bytes(b"wheel")
    read = wanted.read_with(wanted.wheel_inputs(CPU))
    names = [path.relative_to(project).as_posix() for path in read]
    assert names == [
        "requirements/base.in",
        "requirements/team.in",
        "requirements/more/deep.in",
        "requirements/again.in",
        "vendor/own-1.whl",
        "requirements/bounds.in",
        "requirements/cpu.in",
    ]
    before = wanted.digests(read)
    (project / "vendor/own-1.whl").write_bytes(b"another")
    assert wanted.digests(read) != before
    assert wanted.wheels(CPU) == ("numpy", "ours", "own", "tensorflow-cpu", "typing-tools[all]")


@pytest.mark.parametrize("line", ["-r ../../etc/else.in", "-c https://a.example/bounds.txt"])
def test_what_is_outside_of_the_project_is_no_input(project: Path, line: str) -> None:
    (project / "requirements/base.in").write_text(f"numpy\n{line}\n")
    with pytest.raises(InputError, match="no file of the project") as caught:
        wanted.read_with(wanted.wheel_inputs(CPU))
    assert caught.value.where == "requirements/base.in:2"


def test_what_a_marker_leaves_out_is_not_asked_for(project: Path) -> None:
    (project / "requirements/base.in").write_text(
        "numpy ; python_version >= '3.10'\npywin ; sys_platform == 'win32'\n"
        "ours @ https://a.example/ours-1.0-py3-none-any.whl ; platform_machine == 'x86_64'\n"
        "https://a.example/bare-1.0-py3-none-any.whl?of=2026#sha256=00\n"
    )
    assert wanted.wheels(CPU) == ("bare", "numpy", "ours", "tensorflow-cpu")


@pytest.mark.parametrize("line", ["git=1:2.47", "git curl", "git-", "-o Debug=1", "Git", "./a.deb"])
def test_what_apt_would_not_take_for_a_name_is_named_with_its_line(
    project: Path, line: str
) -> None:
    (project / "requirements/apt.in").write_text(f"g++  # a compiler\n{line}\n")
    with pytest.raises(InputError, match="no name of a Debian package") as caught:
        wanted.debs()
    assert caught.value.where == "requirements/apt.in:2"


@pytest.mark.parametrize("place", ["requirements/base.in", "requirements/team.in"])
def test_a_link_that_leads_out_of_the_project_is_no_input(project: Path, place: str) -> None:
    outside = project.parent / "else.in"
    outside.write_text("numpy\n")
    (project / "requirements/base.in").write_text("scipy\n-r team.in\n")
    (project / place).unlink(missing_ok=True)
    (project / place).symlink_to(outside)
    with pytest.raises(InputError, match="no file of the project") as caught:
        wanted.read_with(wanted.wheel_inputs(CPU))
    assert caught.value.where.startswith("requirements/base.in")


def test_a_link_within_the_project_is_one(project: Path) -> None:
    base = project / "requirements/base.in"
    base.rename(project / "real.in").write_text("numpy\n")
    base.symlink_to("../real.in")
    assert wanted.wheels(CPU) == ("numpy", "tensorflow-cpu")


@pytest.mark.parametrize("last", ["base.in", "team.in", "deep.in"])
def test_a_circle_of_includes_is_named_with_its_line(project: Path, last: str) -> None:
    folder = project / "requirements"
    (folder / "base.in").write_text("-r team.in\n")
    (folder / "team.in").write_text("-c deep.in\n")
    (folder / "deep.in").write_text(f"# back\n-c {last}\n")
    with pytest.raises(InputError, match=f"deep.in includes requirements/{last}") as caught:
        wanted.read_with(wanted.wheel_inputs(CPU))
    assert caught.value.where == "requirements/deep.in:2"


def test_all_lines_of_an_input_that_may_not_be_are_named(project: Path) -> None:
    (project / "requirements/base.in").write_text("numpy\n--pre\n-e .\n")
    with pytest.raises(InputError) as caught:
        wanted.read_with(wanted.wheel_inputs(CPU))
    places = [error.where for error in caught.value.parts]
    assert places == ["requirements/base.in:2", "requirements/base.in:3"]


@pytest.mark.parametrize("line", ["-r gone.in", "./vendor/gone-1.whl"])
def test_an_include_that_is_missing_is_named(project: Path, line: str) -> None:
    (project / "requirements/base.in").write_text(f"numpy\n{line}\n")
    with pytest.raises(LockError, match="an input is missing"):
        wanted.read_with(wanted.wheel_inputs(CPU))


def test_line_ends_of_another_system_are_refused(project: Path) -> None:
    (project / "requirements/base.in").write_bytes(b"numpy\nscipy\r\n")
    with pytest.raises(InputError, match="carriage returns") as caught:
        wanted.wheels(CPU)
    assert caught.value.where == "requirements/base.in:2"
