"""The base layer: the same in every room and from every shell, and the same as mmdebstrap's."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from gradlock import command, store
from gradlock.artifacts import fetcher
from gradlock.engine import containers
from gradlock.engine.engine import Engine
from gradlock.engine.room import THROWN_AWAY, InContainers
from gradlock.errors import CommandError
from gradlock.images import pins
from gradlock.inputs import variants
from gradlock.layers import base, chroot, deb, tar
from gradlock.layers.chroot import Chroot
from gradlock.layers.room import Room
from gradlock.locks import lockfile, paths
from gradlock.locks.pins import DebPin

Locked = tuple[Sequence[DebPin], Mapping[str, Path]]

needs_root = pytest.mark.skipif(not chroot.usable(), reason="only root can change root")


@pytest.fixture(scope="module")
def locked() -> Locked:
    """Return the locked .debs: pins, and files by sha256."""
    debs = lockfile.parse_debs(lockfile.read(paths.APT))
    return debs, fetcher.fetch(debs)


@pytest.fixture(scope="module")
def unpacked(locked: Locked, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return their root before anything is configured."""
    path = tmp_path_factory.mktemp("unpacked") / "root.tar"
    base.unpack(*locked, path)
    return path


def layer(room: Room, root: Path, home: Path) -> Path:
    """Make the base layer in a room."""
    with room.open(root) as opened:
        opened.configure(base.CONFIGURE, base.ENV, home / "configured.tar")
    with tar.writing(home / "layer.tar") as (writer, _):
        base.write(writer, home / "configured.tar")
    return home / "layer.tar"


@pytest.fixture(scope="module")
def pinned(cpu_image: str) -> Path:
    """Return the layer as it is in the pinned image: that was built in a shell like any other."""
    pin = pins.find("debian", variants.load().cpu.name)
    assert pin is not None
    assert pin.id == cpu_image
    return store.folder("layers") / f"{pin.layers['base'].removeprefix('sha256:')}.tar"


def digest(path: Path) -> str:
    return store.file_digest(path)


#: A shell in which much is set that programs listen to.
HOSTILE = {
    "PATH": command.PATH,
    "LC_ALL": "C",
    "TZ": "Pacific/Kiritimati",
    "PYTHONUTF8": "0",
    "PYTHONCOERCECLOCALE": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "7",
    "PERL_UNICODE": "SDA",
    "DPKG_FORCE": "all",
    "DEBIAN_FRONTEND": "teletype",
    "XZ_DEFAULTS": "--memlimit=1",
    "TAR_OPTIONS": "--mtime=@7",
    "HOME": "/nonexistent",
}
IN_A_HOSTILE_SHELL = """
import json, os, sys
from pathlib import Path
os.umask(0o077)
from gradlock.engine import engine
from gradlock.engine.room import InContainers
from gradlock.layers import base
from gradlock.layers.chroot import Chroot
from gradlock.locks import lockfile
from tests.e2e.test_base import layer
kind, apt, home, files = sys.argv[1:]
pins = lockfile.parse_debs(lockfile.read(Path(apt)))
files = {sha256: Path(path) for sha256, path in json.loads(files).items()}
base.unpack(pins[::-1], files, Path(home) / "root.tar")
room = Chroot() if kind == "chroot" else InContainers(engine.find())
layer(room, Path(home) / "root.tar", Path(home))
"""


@pytest.mark.parametrize("kind", [pytest.param("chroot", marks=needs_root), "containers"])
def test_neither_the_room_nor_the_callers_shell_has_a_part_in_it(
    kind: str, pinned: Path, locked: Locked, docker_engine: Engine, tmp_path: Path
) -> None:
    files = json.dumps({sha256: str(path) for sha256, path in locked[1].items()})
    store_of_its_own = {"GRADLOCK_STORE": str(tmp_path / "store")}
    done = subprocess.run(
        [sys.executable, "-c", IN_A_HOSTILE_SHELL, kind, str(paths.APT), str(tmp_path), files],
        env={
            **HOSTILE,
            **store_of_its_own,
            "PYTHONPATH": str(store.ROOT),
            "DOCKER_HOST": docker_engine.where,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert digest(tmp_path / "layer.tar") == digest(pinned)


def test_a_package_that_does_not_configure_is_named(
    unpacked: Path, docker_engine: Engine, tmp_path: Path
) -> None:
    breaks = "echo 'echo no room; exit 3' >/var/lib/dpkg/info/netbase.postinst\n"
    with (
        InContainers(docker_engine).open(unpacked) as opened,
        pytest.raises(CommandError, match="configuring the base layer") as caught,
    ):
        opened.configure(breaks + base.CONFIGURE, base.ENV, tmp_path / "configured.tar")
    assert "no room" in caught.value.mend
    assert "error processing package netbase" in caught.value.mend


@pytest.mark.parametrize("kind", [pytest.param("chroot", marks=needs_root), "containers"])
def test_the_images_python_runs_before_anything_is_configured_and_leaves_nothing(
    kind: str, unpacked: Path, docker_engine: Engine
) -> None:
    room = Chroot() if kind == "chroot" else InContainers(docker_engine)
    server = b"import sys\nfor line in sys.stdin.buffer: sys.stdout.buffer.write(line[::-1])\n"
    argv = [f"/usr/bin/python{variants.load().cpu.python}", "-S", "-s", "-B", "/gradlock/server.py"]
    files = {"/gradlock/server.py": server}
    sent = bytes(range(11, 256)) * 40_000
    with room.open(unpacked) as opened, opened.start(argv, {}, files) as pipes:
        pipes.stdin.write(sent + b"\n")
        pipes.stdin.close()
        assert pipes.stdout.read() == b"\n" + sent[::-1]
    own = f"{containers.OWNER}={containers.owned()[containers.OWNER]}"
    api = docker_engine.client.api
    assert not api.containers(all=True, filters={"label": own})
    assert not api.images(all=True, filters={"label": [own, THROWN_AWAY]})


# mmdebstrap

#: Where the layer is not what mmdebstrap's root gives, and why that is right.
DIFFERENCES = {
    r"etc/fstab": "mmdebstrap writes a comment there; an image mounts nothing by it",
    r"var/lib/dpkg/arch": "mmdebstrap names the one architecture, which dpkg knows by itself",
    r"etc/alternatives/which\...1\.gz": "links to manuals that neither image has",
    r"var/lib/dpkg/alternatives/builtins\.7\.gz": "a choice of manuals that neither image has",
}


def flat_repository(home: Path, locked: Locked) -> None:
    """Lay out a repository of exactly the locked .debs."""
    debs, files = locked
    stanzas = []
    for pin in debs:
        shutil.copy(files[pin.sha256], home / pin.filename)
        text = deb.read(files[pin.sha256]).control["control"].decode().rstrip("\n")
        stanzas.append(
            f"{text}\nFilename: ./{pin.filename}\nSize: {pin.size}\nSHA256: {pin.sha256}\n"
        )
    store.write_text(home / "Packages", "\n".join(stanzas))


@pytest.mark.skipif(os.getuid() != 0, reason="mmdebstrap is run as root")
@pytest.mark.skipif(shutil.which("mmdebstrap") is None, reason="mmdebstrap is not installed")
def test_it_is_what_mmdebstrap_makes_but_for_what_is_explained(
    pinned: Path, locked: Locked, tmp_path: Path
) -> None:
    repository, root = tmp_path / "repository", tmp_path / "root.tar"
    repository.mkdir()
    flat_repository(repository, locked)
    subprocess.run(
        [
            *("mmdebstrap", "--quiet", "--variant=custom", "--format=tar"),
            "--architectures=amd64",
            f"--include={','.join(pin.name for pin in locked[0])}",
            '--customize-hook=rm -f "$1/etc/apt/sources.list"',
            variants.load().debian,
            str(root),
            f"deb [trusted=yes] copy:{repository} ./",
        ],
        env=command.plain(**base.ENV, TMPDIR=str(tmp_path)),
        check=True,
    )
    with tar.writing(tmp_path / "theirs.tar") as (writer, _):
        base.write(writer, root)
    ours, theirs = contents(pinned), contents(tmp_path / "theirs.tar")
    differing = {name for name in ours | theirs if ours.get(name) != theirs.get(name)}
    explained = {
        name: pattern
        for name in differing
        for pattern in DIFFERENCES
        if re.fullmatch(pattern, name)
    }
    assert sorted(differing - explained.keys()) == []
    assert set(explained.values()) == DIFFERENCES.keys()  # what is explained is still so


def contents(path: Path) -> dict[str, tuple[object, ...]]:
    """Return all that a layer says of each of its files."""
    with tar.reading(path) as source:
        return {
            member.name: (
                *(member.type, member.mode, member.uid, member.gid, member.linkname),
                (source.extractfile(member) or io.BytesIO()).read() if member.isreg() else b"",
            )
            for member in source
        }
