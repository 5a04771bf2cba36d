"""The channel `debian`: conda packages made from the apt lock, and what may be asked of it."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest

from gradlock import store
from gradlock.errors import InputError, LockError
from gradlock.inputs import wanted
from gradlock.inputs.variants import Variant
from gradlock.layers import bindings
from gradlock.locks.pins import DebPin

CPU = Variant("cpu", "3.13", "2.21.0")
GPU = dataclasses.replace(CPU, name="cu125", cuda="12.5.1", cudnn="9.3.0.75", driver="525.60.13")


def deb(name: str, version: str) -> DebPin:
    """Make a pin whose name and version are all that matters."""
    return DebPin(name, version, "amd64", 1, "0" * 64, "debian", f"pool/{name}.deb")


DEBS = (
    deb("git", "1:2.47.3-0+deb13u1"),
    deb("graphviz", "2.42.4-3"),
    deb("python3.13", "3.13.5-2+deb13u5"),
    deb("tini", "0.19.0-3+b8"),
)


def ask_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *specs: str) -> None:
    """Have environment.yml ask for these specs."""
    path = tmp_path / "environment.yml"
    path.write_text(json.dumps({"channels": ["conda-forge"], "dependencies": specs}))
    monkeypatch.setattr(wanted, "ENVIRONMENT", path)


def test_the_projects_own_environment_is_bound() -> None:
    asked = {wanted.spec_name(spec) for spec in wanted.condas(GPU)}
    assert asked <= bindings.BINDINGS.keys()


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1:2.47.3-0+deb13u1", "2.47.3"),
        ("3.13.5-2+deb13u5", "3.13.5"),
        ("25.1.1+dfsg-1", "25.1.1"),
        ("1.0-rc-2", "1.0-rc"),
        ("3.14.0~rc1-1", "3.14.0rc1"),
        ("20250419", "20250419"),
    ],
)
def test_upstream_version(version: str, expected: str) -> None:
    assert bindings.upstream(version) == expected


def test_a_gpu_variant_takes_the_cpu_variants_packages_and_its_own() -> None:
    cpu = bindings.packages(CPU, DEBS)
    gpu = bindings.packages(GPU, tuple(reversed(DEBS)))
    assert [(package.name, package.version, package.build) for package in cpu] == [
        ("git", "2.47.3", "debian_0"),
        ("graphviz", "2.42.4", "debian_0"),
        ("python", "3.13.5", "debian_0_cp313"),
        ("tini", "0.19.0", "debian_0"),
    ]
    assert (gpu[0].name, gpu[0].version) == ("cuda-version", "12.5")
    assert gpu[1:] == cpu


def test_python_is_an_isolated_environment_over_debians_interpreter() -> None:
    package = bindings.interpreter(CPU, "3.13.5")
    config = dict(line.split(" = ") for line in package.files["pyvenv.cfg"].splitlines())
    assert config["home"] == "/usr/bin"
    assert config["include-system-site-packages"] == "false"
    assert package.links["bin/python3.13"] == "/usr/bin/python3.13"
    assert package.extra["python_site_packages_path"] == "lib/python3.13/site-packages"


def test_cuda_version_has_conda_forges_constraints() -> None:
    package = bindings.cuda_version(GPU, "12.5")
    assert package.extra["constrains"] == ["__cuda >=12", "cudatoolkit 12.5|12.5.*"]


@pytest.mark.parametrize(
    "specs",
    [
        ("git", "python"),
        ("git >=2.40,<3", "python"),
        ("git=2.47", "python"),
        ("git 2.47.*", "git >2", "python"),
        ("git[version='>=2.40']", "python"),
    ],
)
def test_what_the_base_layer_has_is_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, specs: tuple[str, ...]
) -> None:
    ask_for(monkeypatch, tmp_path, *specs)
    assert [package.name for package in bindings.packages(CPU, DEBS)] == ["git", "python"]


@pytest.mark.parametrize(
    "spec", ["git >=2.50", "git <2.47.3", "git=2.46", "git * conda_*", "git 2.47.3 h0_1"]
)
def test_another_version_than_the_base_layers_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, spec: str
) -> None:
    ask_for(monkeypatch, tmp_path, spec, "tini", "python")
    with pytest.raises(InputError, match="git") as caught:
        bindings.packages(CPU, DEBS)
    assert "2.47.3" in caught.value.what
    assert spec in caught.value.what
    assert "--channel conda-forge" in caught.value.mend


def test_a_python_that_debian_does_not_have_is_refused() -> None:
    debs = [deb("python3.13", "3.14.1-1"), *(pin for pin in DEBS if pin.name != "python3.13")]
    with pytest.raises(InputError, match=r"python 3\.13"):
        bindings.packages(CPU, debs)


@pytest.mark.parametrize("spec", ["git >>2", "git =", "git [[version]]"])
def test_what_is_no_spec_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, spec: str
) -> None:
    ask_for(monkeypatch, tmp_path, spec, "python")
    with pytest.raises(InputError, match="not a conda spec") as caught:
        bindings.packages(CPU, DEBS)
    assert caught.value.where == "environment.yml"


def test_all_that_is_refused_is_named_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ask_for(monkeypatch, tmp_path, "git >=9", "tini >=9", "python")
    with pytest.raises(InputError, match="2 problems") as caught:
        bindings.packages(CPU, DEBS)
    assert "git >=9" in str(caught.value)
    assert "tini >=9" in str(caught.value)


def test_an_unbound_package_is_named_with_the_bound_ones(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ask_for(monkeypatch, tmp_path, "nodejs >=20", "python")
    with pytest.raises(InputError, match="no 'nodejs': it binds cuda-version, git") as caught:
        bindings.packages(CPU, DEBS)
    assert "--channel conda-forge" in caught.value.mend


def test_a_bound_package_that_is_not_locked_is_named() -> None:
    with pytest.raises(LockError, match=r"python3\.13") as caught:
        bindings.packages(CPU, DEBS[:2] + DEBS[3:])
    assert "apt.in" in caught.value.mend


def test_checking_specs_starts_no_threads() -> None:
    """A solve would: threads of py-rattler may abort the end of the process that they are in."""
    code = """
import os
from rattler import BuildString, MatchSpec, PackageRecord
record = PackageRecord("git", "2.47.3", BuildString("debian_0"), 0, "linux-64")
assert MatchSpec("git >=2").matches(record)
assert not MatchSpec("git <2").matches(record)
print(len(os.listdir("/proc/self/task")))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=store.ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "1\n"
