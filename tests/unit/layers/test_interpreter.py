"""The image's own Python on this machine: how it is started, and what it leaves."""

from __future__ import annotations

import dataclasses
import platform
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from gradlock import store
from gradlock.errors import InputError
from gradlock.inputs.variants import Variant
from gradlock.layers import base, interpreter, tar
from gradlock.locks.pins import DebPin
from tests.unit.layers import debs

pytestmark = pytest.mark.usefixtures("own_store")

ROW = Variant("cpu", "3.13", "2.21.0")
ARM = dataclasses.replace(ROW, name="arm", platform="linux/arm64")
LOADER = "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"


@pytest.fixture(autouse=True)
def debian(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be of the usual kind of machine; unpack a root with what a Python needs, and other files."""

    def unpack(_: Sequence[DebPin], __: Mapping[str, Path], target: Path) -> None:
        with tar.writing(target) as (writer, _stream):
            for machine in (ROW.machine, ARM.machine):
                writer.file(f"{machine.libraries}/{machine.loader}", b"loader", mode=0o755)
            writer.file("usr/bin/python3.13", b"debian's", mode=0o755)
            writer.symlink("etc/alternatives/python", "/usr/bin/python3.13")
            writer.file("home/gradlock/.profile", b"", uid=1000, gid=1000)

    monkeypatch.setattr(base, "unpack", unpack)
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")


def test_it_is_started_by_the_images_own_loader_and_libraries() -> None:
    with interpreter.unpacked((), {}, ROW) as python:
        loader, option, libraries, binary = python.argv
        root = Path(loader.removesuffix(LOADER))
        assert Path(loader).read_bytes() == b"loader"
        assert (option, libraries) == ("--library-path", str(Path(loader).parent))
        assert Path(binary).read_bytes() == b"debian's"
        assert python.env["PYTHONHOME"] == f"{root}/usr"
        assert root.is_relative_to(store.store())
        assert (root / "etc/alternatives/python").is_symlink()
    assert not root.exists()


def test_what_it_needs_is_unpacked_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    needs = {"python3.13": "libc6, media-types | mime", "libc6": "libgcc-s1", "libgcc-s1": "libc6"}
    pins, files = [], {}
    for name in (*needs, "media-types", "gcc"):
        path = files[name] = tmp_path / f"{name}.deb"
        depends = f"Depends: {needs[name]}\n" if name in needs else ""
        path.write_bytes(debs.deb(name, fields=depends))
        pins.append(DebPin(name, "1", "amd64", 1, name, "debian", f"pool/{path.name}"))
    asked: list[str] = []
    unpack = base.unpack
    monkeypatch.setattr(
        base, "unpack", lambda got, *rest: (asked.extend(p.name for p in got), unpack(got, *rest))
    )
    with interpreter.unpacked(pins, files, ROW):
        assert sorted(asked) == ["libc6", "libgcc-s1", "media-types", "python3.13"]


def test_owners_of_other_users_need_no_root(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr("os.chown", refuse)
    monkeypatch.setattr("os.lchown", refuse)
    monkeypatch.setattr("tarfile.TarFile.chown", lambda *_: None)  # as it is for who is not root
    with interpreter.unpacked((), {}, ROW) as python:
        assert Path(python.argv[-1]).exists()


def test_a_python_that_debian_lacks_is_named() -> None:
    with (
        pytest.raises(InputError, match=r"no Python 3\.12"),
        interpreter.unpacked((), {}, dataclasses.replace(ROW, python="3.12")),
    ):
        pass


def test_a_python_for_another_machine_runs_through_an_emulator(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name, **_: f"/usr/bin/{name}")
    with interpreter.unpacked((), {}, ARM) as python:
        emulator, loader, *_ = python.argv
        assert emulator == "/usr/bin/qemu-aarch64-static"
        assert loader.endswith("usr/lib/aarch64-linux-gnu/ld-linux-aarch64.so.1")


def test_without_an_emulator_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with (
        pytest.raises(InputError, match=r"the Python of arm.* is for aarch64") as caught,
        interpreter.unpacked((), {}, ARM),
    ):
        pass
    assert "qemu-user-static" in caught.value.mend


@pytest.mark.parametrize("machine", ["arm64", "aarch64"])
def test_a_machine_of_its_kind_needs_no_emulator(
    monkeypatch: pytest.MonkeyPatch, machine: str
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    with interpreter.unpacked((), {}, ARM) as python:
        assert python.argv[0].endswith("ld-linux-aarch64.so.1")
