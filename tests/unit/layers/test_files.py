"""The top layer: the project's own files, and what the image says of itself."""

from __future__ import annotations

import dataclasses
import json
import tarfile
from pathlib import Path

import pytest

from gradlock import store
from gradlock.errors import InputError
from gradlock.inputs.variants import Variant
from gradlock.layers import files, tar
from gradlock.locks.lockfile import LockText

pytestmark = pytest.mark.usefixtures("own_store")

CPU = Variant("cpu", "3.13", "2.21.0")
GPU = dataclasses.replace(CPU, name="cu125", cuda="12.5.1", cudnn="9.3.0.75", driver="525.60.13")
LOCK = LockText(store.ROOT / "requirements/cpu.txt", "0" * 64, "numpy==2.5\n")


@pytest.fixture
def rootfs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Files to lay over the image, made up."""
    root = tmp_path / "rootfs"
    (root / "usr/local/bin").mkdir(parents=True)
    (root / "usr/local/bin/entry").write_text("#!/bin/sh\n")
    (root / "usr/local/bin/entry").chmod(0o755)
    monkeypatch.setattr(files, "ROOTFS", root)
    return root


def facts_of(variant: Variant) -> dict[str, object]:
    text = files.facts(variant, "debian", [], LOCK)["etc/gradlock/variant.json"]
    return json.loads(text)  # type: ignore[no-any-return]


def test_an_image_says_what_it_is() -> None:
    assert facts_of(GPU) == {**GPU.to_dict(), "channel": "debian"}
    facts = files.facts(CPU, "debian", ["numpy", "tensorflow"], LOCK)
    assert facts["etc/gradlock/requested.txt"] == "numpy\ntensorflow\n"
    assert facts["etc/gradlock/requirements.txt"] == LOCK.body


def test_only_gpu_images_have_links_to_cuda() -> None:
    assert files.links(CPU) == {}
    assert files.links(GPU)
    for name, target in files.links(GPU).items():
        assert name.startswith("opt/conda/lib/python3.13/site-packages/nvidia/")
        assert target.startswith("../")


def test_the_layer_holds_files_facts_and_links(rootfs: Path, tmp_path: Path) -> None:
    with tar.writing(tmp_path / "layer.tar") as (writer, _):
        files.write(writer, {"etc/gradlock/fact": "yes\n"}, {"opt/link": "../target"})
    with tarfile.open(tmp_path / "layer.tar") as source:
        entry = source.getmember("usr/local/bin/entry")
        assert entry.mode == 0o755
        assert source.getmember("opt/link").linkname == "../target"
        fact = source.extractfile("etc/gradlock/fact")
        assert fact is not None
        assert fact.read() == b"yes\n"


def test_the_key_moves_with_everything_in_the_layer(rootfs: Path) -> None:
    seen = [files.inputs({}, {})]

    def moved() -> bool:
        seen.append(files.inputs({}, {}))
        return seen[-1] not in seen[:-1]

    (rootfs / "usr/local/bin/entry").write_text("#!/bin/bash\n")
    assert moved()
    (rootfs / "usr/local/bin/entry").chmod(0o644)
    assert moved()
    (rootfs / "more").write_text("")
    assert moved()
    (rootfs / "more").rename(rootfs / "renamed")
    assert moved()
    assert files.inputs({"fact": ""}, {}) not in seen
    assert files.inputs({}, {"link": ""}) not in seen


def test_the_projects_own_files_are_those_of_git() -> None:
    found = [path for path in files.ROOTFS.rglob("*") if path.is_file()]
    assert found
    assert not [path for path in found if "__pycache__" in path.parts or path.name.endswith("~")]


def test_what_an_interpreter_left_is_no_part_of_the_layer(rootfs: Path, tmp_path: Path) -> None:
    before = files.inputs({}, {})
    (rootfs / "usr/local/bin/__pycache__").mkdir()
    (rootfs / "usr/local/bin/__pycache__/entry.cpython-311.pyc").write_bytes(b"bytecode")
    assert files.inputs({}, {}) == before
    with tar.writing(tmp_path / "layer.tar") as (writer, _):
        files.write(writer, {}, {})
    with tarfile.open(tmp_path / "layer.tar") as source:
        assert [member.name for member in source if member.isfile()] == ["usr/local/bin/entry"]


@pytest.mark.parametrize(
    "name", [".DS_Store", "usr/.entry.swp", ".git/HEAD", "entry~", "old.pyc", "entry.orig"]
)
def test_a_stray_file_is_refused(rootfs: Path, name: str) -> None:
    (rootfs / name).parent.mkdir(exist_ok=True)
    (rootfs / name).write_text("left")
    with pytest.raises(InputError, match="stray") as caught:
        files.inputs({}, {})
    assert caught.value.where in (f"docker/rootfs/{name}", "docker/rootfs/.git")


def test_a_link_to_nowhere_is_refused(rootfs: Path) -> None:
    (rootfs / "link").symlink_to("nowhere")
    with pytest.raises(InputError, match="stray"):
        files.inputs({}, {})
