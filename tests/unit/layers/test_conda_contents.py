"""Conda packages are checked before anything of them is installed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gradlock.errors import ArtifactError, GradlockError, LockError
from gradlock.inputs.platforms import DEFAULT, PLATFORMS
from gradlock.layers import conda
from tests.unit.layers.condas import entry, package

pytestmark = pytest.mark.usefixtures("own_store")

USUAL = PLATFORMS[DEFAULT]
CHANNEL = "https://example.org/forge"
Make = Callable[[Path, Path], Path]

#: Packages that would write, or read, outside of the prefix; `outside` is a file there.
REACHING: dict[str, Make] = {
    "dots in its list of paths": lambda folder, outside: package(
        folder, "bad", {"a": "a"}, paths=[entry(f"../../../{outside.name}", text="a")]
    ),
    "dots within a path": lambda folder, _: package(
        folder, "bad", {"a": "a"}, paths=[entry("lib/../../a", text="a")]
    ),
    "an absolute path in its list": lambda folder, outside: package(
        folder, "bad", {"a": "a"}, paths=[entry(str(outside), text="a")]
    ),
    "dots in its archive": lambda folder, outside: package(
        folder, "bad", {f"../../{outside.name}": "bad"}, paths=[]
    ),
    "dots in an archive of the old form": lambda folder, outside: package(
        folder, "bad", {f"../../{outside.name}": "bad"}, paths=[], ending=".tar.bz2"
    ),
    "an absolute path in its archive": lambda folder, outside: package(
        folder, "bad", {str(outside): "bad"}, paths=[]
    ),
    "a file behind a link": lambda folder, outside: package(
        folder,
        "bad",
        {f"share/{outside.name}": "bad"},
        links={"share": str(outside.parent)},
    ),
    "a listed path behind a link": lambda folder, outside: package(
        folder,
        "bad",
        {},
        links={"share": str(outside.parent)},
        paths=[entry(f"share/{outside.name}")],
    ),
    "a link that it calls a file": lambda folder, outside: package(
        folder, "bad", {}, links={"stolen": str(outside)}, paths=[entry("stolen")]
    ),
    "a record that is a link": lambda folder, outside: package(
        folder, "bad", {}, links={"conda-meta/x.json": str(outside)}
    ),
    "a command with dots": lambda folder, outside: package(
        folder,
        "bad",
        {},
        index={"noarch": "python"},
        commands=[f"../../../../{outside.name} = os:getcwd"],
    ),
    "a name with dots": lambda folder, _: package(
        folder, "bad", {"a": "a"}, index={"name": "../bad"}
    ),
    "a build with a slash": lambda folder, _: package(
        folder, "bad", {"a": "a"}, index={"build": "x/../../0"}
    ),
    "site-packages with dots": lambda folder, _: package(
        folder, "bad", {"a": "a"}, index={"python_site_packages_path": "../../x"}
    ),
}


def stage(packages: list[Path], target: Path) -> None:
    conda.stage_prefix(packages, target, CHANNEL, USUAL)


@pytest.mark.parametrize("fault", REACHING)
def test_what_leads_out_of_the_prefix_is_refused_before_anything_is_written(
    fault: str, tmp_path: Path
) -> None:
    outside = tmp_path / "precious.txt"
    outside.write_text("precious")
    bad = REACHING[fault](tmp_path / "channel", outside)
    good = package(tmp_path / "channel", "good", {"bin/good": "good"})
    with pytest.raises(ArtifactError) as raised:
        stage([good, bad], tmp_path / "stage")
    assert bad.name in str(raised.value)
    assert not (tmp_path / "stage").exists()
    assert outside.read_text() == "precious"


def test_a_link_through_which_another_package_writes_is_refused(tmp_path: Path) -> None:
    link = package(tmp_path, "one", {}, links={"share": str(tmp_path)})
    file = package(tmp_path, "two", {"share/file": "x"})
    with pytest.raises(LockError, match=r"one-1-0.conda and two-1-0.conda hold a link and"):
        stage([file, link], tmp_path / "stage")
    assert not (tmp_path / "file").exists()


@pytest.mark.parametrize("turned", [False, True])
def test_two_packages_with_one_file_are_named_in_one_order(turned: bool, tmp_path: Path) -> None:
    packages = [package(tmp_path, name, {"bin/tool": name}) for name in ("one", "two")]
    with pytest.raises(LockError) as raised:
        stage(packages[::-1] if turned else packages, tmp_path / "stage")
    assert raised.value.what.startswith("the conda packages one-1-0.conda and two-1-0.conda hold")
    assert raised.value.where == "bin/tool"


def test_a_file_is_looked_for_where_the_prefix_has_it(tmp_path: Path) -> None:
    site = "lib/python3.13/site-packages"
    python = package(
        tmp_path,
        "python",
        {"bin/python": "", f"{site}/there.py": "a"},
        index={"version": "3.13.5"},
    )
    noarch = package(
        tmp_path,
        "noarch",
        {"site-packages/there.py": "b"},
        index={"noarch": "python"},
        commands=["python = there:main"],
    )
    with pytest.raises(LockError) as raised:
        stage([python, noarch], tmp_path / "stage")
    assert f"where: {site}/there.py" in str(raised.value)
    assert "where: bin/python" in str(raised.value)


def test_packages_share_folders_and_links_may_lead_anywhere(tmp_path: Path) -> None:
    one = package(tmp_path, "one", {"share/one": "1"}, links={"share/host": "/etc/hostname"})
    two = package(tmp_path, "two", {"share/two": "2"}, ending=".tar.bz2")
    stage([one, two], tmp_path / "stage")
    prefix = tmp_path / "stage/opt/conda"
    assert (prefix / "share/host").readlink() == Path("/etc/hostname")
    assert (prefix / "share/two").read_text() == "2"
    record = json.loads((prefix / "conda-meta/one-1-0.json").read_text())
    host = next(path for path in record["paths_data"]["paths"] if path["_path"] == "share/host")
    assert "sha256_in_prefix" not in host, "it tells what this machine has at /etc/hostname"


@pytest.mark.parametrize("ending", [".conda", ".tar.bz2"])
@pytest.mark.parametrize("part", [0.02, 0.3, 0.6, 0.95])
def test_a_truncated_package_is_named(ending: str, part: float, tmp_path: Path) -> None:
    good = package(tmp_path, "good", {"bin/good": "good"})
    short = package(tmp_path, "short", {"bin/short": "short" * 99}, ending=ending)
    whole = short.read_bytes()
    short.write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(ArtifactError) as raised:
        stage([good, short], tmp_path / "stage")
    assert raised.value.where == short.name
    assert "Traceback" not in str(raised.value)


@pytest.mark.parametrize("text", ["{", "[]", '{"name": 1}'])
def test_a_package_whose_index_is_damaged_is_named(text: str, tmp_path: Path) -> None:
    bad = package(tmp_path, "bad", {"info/index.json": text}, ending=".tar.bz2", paths=[])
    with pytest.raises(GradlockError, match="bad-1-0"):
        stage([bad], tmp_path / "stage")


def test_a_script_to_be_run_before_linking_is_refused_by_name(tmp_path: Path) -> None:
    bad = package(tmp_path, "tool", {"bin/.tool-pre-link.sh": "#!/bin/sh\n"})
    with pytest.raises(LockError, match="tool has a script to be run before it is installed"):
        stage([bad], tmp_path / "stage")
