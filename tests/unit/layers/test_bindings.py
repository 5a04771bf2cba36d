"""The channel `debian`: conda packages from the apt lock, the same bytes everywhere."""

from __future__ import annotations

import dataclasses
import io
import json
import tarfile
import zipfile
from pathlib import Path

import pytest
import zstandard

from gradlock import store
from gradlock.errors import InputError, LockError
from gradlock.inputs import wanted
from gradlock.inputs.variants import Variant
from gradlock.layers import bindings as debian
from gradlock.layers import packages as archive
from gradlock.locks.lockfile import DebPin

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

#: The sha256 of the package `python` over Debian's 3.13.5.
GOLDEN = "5917cb3513ff7bac37d8eb2baf05bc852332cf02e62a08aefb06e627c796ec53"


@pytest.fixture(autouse=True)
def own_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the user's store out of the tests."""
    monkeypatch.setenv("GRADLOCK_STORE", str(tmp_path / "store"))


def ask_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *specs: str) -> None:
    """Have environment.yml ask for these specs."""
    path = tmp_path / "environment.yml"
    path.write_text(json.dumps({"channels": ["conda-forge"], "dependencies": specs}))
    monkeypatch.setattr(wanted, "ENVIRONMENT", path)


def info_of(package: Path, name: str) -> dict[str, object]:
    """Read one file of a package's metadata, with a zstd library."""
    with zipfile.ZipFile(package) as outer:
        packed = outer.read(f"info-{package.stem}.tar.zst")
    data = zstandard.ZstdDecompressor().decompress(packed)
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        member = tar.extractfile(f"info/{name}")
        assert member
        return dict(json.load(member))


def test_the_projects_own_environment_is_bound() -> None:
    asked = {wanted.spec_name(spec) for spec in wanted.condas(GPU)}
    assert asked <= debian.BINDINGS.keys()


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
    assert debian.upstream(version) == expected


def test_a_gpu_variant_takes_the_cpu_variants_files_and_its_own(tmp_path: Path) -> None:
    cpu = debian.packages_for(CPU, DEBS, tmp_path / "cpu")
    gpu = debian.packages_for(GPU, tuple(reversed(DEBS)), tmp_path / "gpu")
    assert [path.name for path in cpu] == [
        "git-2.47.3-debian_0.conda",
        "graphviz-2.42.4-debian_0.conda",
        "python-3.13.5-debian_0_cp313.conda",
        "tini-0.19.0-debian_0.conda",
    ]
    assert gpu[0].name == "cuda-version-12.5-debian_0.conda"
    assert [path.name for path in gpu[1:]] == [path.name for path in cpu]
    digests = {path.name: store.file_digest(path) for path in gpu}
    assert all(digests[path.name] == store.file_digest(path) for path in cpu)


def test_golden_digest_of_a_package(tmp_path: Path) -> None:
    # A change here moves the conda layer of every image of the channel, and so their IDs:
    # change it only together with images.lock. The new value is the one that pytest prints.
    package = debian.interpreter(CPU, "3.13.5")
    assert store.file_digest(archive.write(package, tmp_path)) == GOLDEN


def test_python_is_an_isolated_environment_over_debians_interpreter() -> None:
    package = debian.interpreter(CPU, "3.13.5")
    config = dict(line.split(" = ") for line in package.files["pyvenv.cfg"].splitlines())
    assert config["home"] == "/usr/bin"
    assert config["include-system-site-packages"] == "false"
    assert package.links["bin/python3.13"] == "/usr/bin/python3.13"
    assert package.index["python_site_packages_path"] == "lib/python3.13/site-packages"


def test_a_package_records_its_paths_and_its_name(tmp_path: Path) -> None:
    path = archive.write(debian.cuda_version(GPU, "12.5"), tmp_path)
    assert info_of(path, "index.json")["constrains"] == ["__cuda >=12", "cudatoolkit 12.5|12.5.*"]
    tini = archive.write(debian.BINDINGS["tini"].make(CPU, "0.19.0"), tmp_path)
    assert info_of(tini, "paths.json")["paths"] == [
        {
            "_path": "bin/tini",
            "path_type": "softlink",
            "sha256": store.digest(b"/usr/bin/tini"),
            "size_in_bytes": len("/usr/bin/tini"),
        }
    ]


@pytest.mark.parametrize("size", [0, 1, archive.BLOCK, archive.BLOCK + 1, 3 * archive.BLOCK])
def test_stored_frames_are_what_zstd_reads(size: int) -> None:
    data = bytes(number % 251 for number in range(size))
    assert zstandard.ZstdDecompressor().decompress(archive.stored_zstd(data)) == data


def test_an_unbound_package_is_named_with_the_bound_ones(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ask_for(monkeypatch, tmp_path, "nodejs >=20", "python")
    with pytest.raises(InputError, match="no 'nodejs': it binds cuda-version, git") as caught:
        debian.packages_for(CPU, DEBS, tmp_path / "channel")
    assert "--channel conda-forge" in caught.value.mend


def test_another_version_than_the_base_layers_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ask_for(monkeypatch, tmp_path, "git >=2.50", "python")
    with pytest.raises(InputError, match="git") as caught:
        debian.packages_for(CPU, DEBS, tmp_path / "channel")
    assert "2.47.3" in str(caught.value)


def test_a_bound_package_that_is_not_locked_is_named(tmp_path: Path) -> None:
    with pytest.raises(LockError, match=r"python3\.13") as caught:
        debian.packages_for(CPU, DEBS[:2] + DEBS[3:], tmp_path / "channel")
    assert "apt.in" in caught.value.mend
