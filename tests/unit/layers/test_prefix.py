"""The prefix of the channel `debian`: exact bytes, and records that conda's relatives read."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from gradlock import store
from gradlock.inputs.platforms import DEFAULT, PLATFORMS, Platform
from gradlock.inputs.variants import Variant
from gradlock.layers import bindings, cache, overlap, prefix, tar
from gradlock.layers.bindings import Package
from gradlock.locks import lockfile
from gradlock.locks.freshness import Locks
from gradlock.locks.lockfile import LockText
from tests.unit.layers.test_bindings import CPU, DEBS, GPU

USUAL, ARM = PLATFORMS[DEFAULT], PLATFORMS["linux/arm64"]

pytestmark = pytest.mark.usefixtures("own_store")

#: The layer of the CPU variant; `python -m pytest tests/unit/layers/test_prefix.py` shows another
#: one. A change here moves every image's ID: change it only together with images.lock.
GOLDEN = "5391765dad2c01578b6af5627a01d64df568f1082deaedce5b5c5cd36b13ab30"


def locks(variant: Variant) -> Locks:
    """Return locks of which only the .debs matter."""
    none = LockText(store.ROOT / "conda-lock.yml", "0" * 64, "")
    apt = LockText(store.ROOT / "requirements/apt.lock", "0" * 64, lockfile.format_debs(DEBS))
    return Locks(variant, apt, none, none)


def layer(path: Path, packages: Sequence[Package], machine: Platform = USUAL) -> Path:
    with tar.writing(path) as (writer, _):
        prefix.write(writer, packages, machine)
    return path


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    """Unpack the CPU variant's layer; return the prefix."""
    path = layer(tmp_path / "layer.tar", prefix.packages(locks(CPU)))
    with tarfile.open(path) as source:
        source.extraction_filter = lambda member, _: member  # Debian 12's knows no argument
        source.extractall(tmp_path / "root")  # noqa: S202 - what this test has just written
    return tmp_path / "root/opt/conda"


def test_golden_digest_of_a_prefix(tmp_path: Path) -> None:
    path = layer(tmp_path / "layer.tar", prefix.packages(locks(CPU)))
    assert store.file_digest(path) == GOLDEN


def test_the_order_of_files_changes_no_byte(tmp_path: Path) -> None:
    packages = prefix.packages(locks(CPU))
    turned = [
        dataclasses.replace(
            package,
            files=dict(reversed(package.files.items())),
            links=dict(reversed(package.links.items())),
        )
        for package in reversed(packages)
    ]
    one, other = layer(tmp_path / "one", packages), layer(tmp_path / "other", turned)
    assert one.read_bytes() == other.read_bytes()


def test_every_file_is_in_its_packages_record(unpacked: Path) -> None:
    assert (unpacked / "conda-meta/history").read_bytes() == b""
    recorded = set()
    for path in unpacked.glob("conda-meta/*.json"):
        record = json.loads(path.read_text())
        assert path.stem == f"{record['name']}-{record['version']}-{record['build']}"
        assert record["fn"] == f"{path.stem}.conda"
        assert record["url"] == f"file:///debian/linux-64/{path.stem}.conda"
        assert record["files"] == [entry["_path"] for entry in record["paths_data"]["paths"]]
        for entry in record["paths_data"]["paths"]:
            file = unpacked / entry["_path"]
            data = str(file.readlink()).encode() if file.is_symlink() else file.read_bytes()
            assert entry["sha256"] == store.digest(data)
            assert entry["size_in_bytes"] == len(data)
            assert (entry["path_type"] == "softlink") == file.is_symlink()
        recorded |= set(record["files"])
    held = {
        path.relative_to(unpacked).as_posix()
        for path in unpacked.rglob("*")
        if path.is_symlink() or not path.is_dir()
    }
    assert held - recorded == {name for name in held if name.startswith("conda-meta/")}
    assert recorded <= held


#: Reads a prefix as tools do: py-rattler's reader is that of pixi and its relatives.
READ = """
import json, os, sys
from pathlib import Path
from rattler import PrefixRecord
found = {}
for path in sorted(Path(sys.argv[1]).glob("conda-meta/*.json")):
    record = PrefixRecord.from_path(path)
    files = sorted(map(str, record.files))
    found[record.name.normalized] = [str(record.version), record.channel, files]
print(json.dumps(found), flush=True)
os._exit(0)  # its threads may abort the end of a process
"""


def test_records_are_what_condas_relatives_read(unpacked: Path) -> None:
    argv = [sys.executable, "-c", READ, unpacked]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found == {
        package.name: [package.version, "file:///debian", sorted({*package.files, *package.links})]
        for package in prefix.packages(locks(CPU))
    }


def test_records_are_of_the_platform_and_nothing_else_is(tmp_path: Path) -> None:
    row = dataclasses.replace(CPU, platform=ARM.name)
    usual, other = prefix.packages(locks(CPU)), prefix.packages(locks(row))
    assert usual == other
    for package in other:
        record, theirs = prefix.record(package, ARM), prefix.record(package, USUAL)
        assert {key for key in record if record[key] != theirs[key]} == {"arch", "subdir", "url"}
        assert (record["arch"], record["subdir"]) == ("aarch64", "linux-aarch64")
        assert "/linux-aarch64/" in record["url"]
    one, two = (layer(tmp_path / m.debian, usual, m) for m in (USUAL, ARM))
    assert one.read_bytes() != two.read_bytes()


def test_a_gpu_variants_own_part_laid_over_the_shared_one_is_the_whole() -> None:
    shared, own = prefix.packages(locks(CPU)), prefix.packages(locks(GPU), locks(CPU))
    assert [package.name for package in own] == ["cuda-version"]
    parts = [
        cache.build(
            str(n), cache.key_of(str(n)), lambda writer, p=p: prefix.write(writer, p, USUAL)
        )
        for n, p in enumerate((shared, own, prefix.packages(locks(GPU))))
    ]
    overlap.check(parts[:2])
    first, second, whole = (set(cache.listing(part).files) for part in parts)
    assert first | second == whole


def test_the_key_moves_with_everything_in_the_layer() -> None:
    package = bindings.BINDINGS["tini"].make(CPU, "0.19.0")
    moved = [
        dataclasses.replace(package, version="0.20.0"),
        dataclasses.replace(package, links={"bin/tini": "/bin/tini"}),
        dataclasses.replace(package, files={"share/tini": "text"}),
        dataclasses.replace(package, extra={"constrains": ["x"]}),
    ]
    keys = {cache.key_of("", prefix.inputs([each], USUAL)) for each in (package, *moved)}
    assert len(keys | {cache.key_of("", prefix.inputs([package], ARM))}) == 6
