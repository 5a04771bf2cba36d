"""Wheel layers: what installing a wheel writes, the same bytes whatever is built beside it."""

from __future__ import annotations

import base64
import csv
import hashlib
import marshal
import posixpath
import random
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import CodeType

import pytest

from gradlock import store
from gradlock.command import Program
from gradlock.errors import ArtifactError
from gradlock.layers import cache, tar, wheels
from gradlock.locks.lockfile import WheelPin

pytestmark = pytest.mark.usefixtures("own_store")

HOST = Program((sys.executable,), {})
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
SITE = f"opt/conda/lib/python{PYTHON}/site-packages"
CACHE = f"__pycache__/{{}}.{sys.implementation.cache_tag}.pyc"

MakeWheel = Callable[..., Path]

#: A wheel with one of everything.
FILES: dict[str, str | bytes] = {
    "tool/__init__.py": "import os\nNAMES = {'a', 'b'}\ndef main():\n    return 'x' in {'x'}\n",
    "tool/inner/deep.py": "VALUE = ('shared', 1.5, b'bytes')\n",
    "tool/broken.py": "print 'the template of another Python'\n",
    "tool/data.txt": "text\n",
    "tool/lib.so": bytes(range(256)) * 20,
    "tool-1.0.data/scripts/run-tool": "#!python\nprint('shared')\n",
    "tool-1.0.data/scripts/native": b"\x7fELF native",
    "tool-1.0.data/data/share/tool/icon.svg": "<svg/>\n",
    "tool-1.0.data/platlib/plat.py": "PLAT = 'shared'\n",
}
OTHER = {"other/__init__.py": "'shared'\nNAMES = {'a', 'b', 'c'}\nTEXT = 'x' in {'x', 'y'}\n"}


def planned(*paths: Path, python: str = "host") -> tuple[wheels.Wheel, ...]:
    pins = [
        WheelPin(path.name.split("-")[0], path.name.split("-")[1], store.file_digest(path))
        for path in paths
    ]
    return wheels.plan(
        pins, {pin.sha256: path for pin, path in zip(pins, paths, strict=True)}, python
    )


def built(*paths: Path) -> list[Path]:
    """Build the layers of some wheels; return their tars."""
    plan = planned(*paths)
    wheels.build(plan, HOST, PYTHON)
    found = [cache.find(wheel.pin.name, wheel.key) for wheel in plan]
    return [layer.path for layer in found if layer]


@pytest.fixture
def tool(make_wheel: MakeWheel) -> Path:
    return make_wheel("tool", FILES, scripts="tool = tool:main\ntool-gui = tool.inner.deep:VALUE")


def contents(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as source:
        files = {member.name: source.extractfile(member) for member in source if member.isfile()}
        return {name: stream.read() for name, stream in files.items() if stream}


def modes(path: Path) -> dict[str, int]:
    with tarfile.open(path) as source:
        return {member.name: member.mode for member in source}


def test_every_kind_of_file_has_its_place_and_mode(tool: Path) -> None:
    (path,) = built(tool)
    found = {name: mode for name, mode in modes(path).items() if name in contents(path)}
    plain = [
        *(f"{SITE}/tool/{name}" for name in ("__init__.py", "inner/deep.py", "broken.py")),
        *(f"{SITE}/tool/{name}" for name in ("data.txt", "lib.so")),
        *(f"{SITE}/{CACHE.format('plat')}", f"{SITE}/plat.py"),
        *(f"{SITE}/tool/{CACHE.format('__init__')}", f"{SITE}/tool/inner/{CACHE.format('deep')}"),
        *(
            f"{SITE}/tool-1.0.dist-info/{name}"
            for name in ("METADATA", "WHEEL", "RECORD", "INSTALLER", "entry_points.txt")
        ),
        "opt/conda/share/tool/icon.svg",
    ]
    programs = [f"opt/conda/bin/{name}" for name in ("tool", "tool-gui", "run-tool", "native")]
    assert found == {**dict.fromkeys(plain, 0o644), **dict.fromkeys(programs, 0o755)}


def test_files_are_what_the_wheel_holds(tool: Path) -> None:
    found = contents(built(tool)[0])
    for name in ("tool/lib.so", "tool/data.txt", "tool/broken.py", "tool/__init__.py"):
        data = FILES[name]
        assert found[f"{SITE}/{name}"] == (data if isinstance(data, bytes) else data.encode())
    assert found["opt/conda/bin/native"] == b"\x7fELF native"


def test_scripts_run_with_the_prefixes_python(tool: Path) -> None:
    found = contents(built(tool)[0])
    for name in ("tool", "tool-gui", "run-tool"):
        assert found[f"opt/conda/bin/{name}"].startswith(b"#!/opt/conda/bin/python\n")
    assert b"from tool import main" in found["opt/conda/bin/tool"]


def test_record_names_every_file_with_its_hash_and_size(tool: Path) -> None:
    found = contents(built(tool)[0])
    record = f"{SITE}/tool-1.0.dist-info/RECORD"
    rows = list(csv.reader(found[record].decode().splitlines()))
    recorded = {}
    for name, digest, size in rows:
        recorded[posixpath.normpath(f"{SITE}/{name}")] = (digest, size)
    assert len(recorded) == len(rows)
    assert recorded.pop(record) == ("", "")
    assert recorded == {
        name: (f"sha256={_urlsafe(data)}", str(len(data)))
        for name, data in found.items()
        if name != record and not name.endswith(".pyc")
    }


def _urlsafe(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")


def test_bytecode_names_the_image_and_is_not_checked_against_times(tool: Path) -> None:
    found = contents(built(tool)[0])
    data = found[f"{SITE}/tool/{CACHE.format('__init__')}"]
    assert int.from_bytes(data[4:8], "little") == 0b01  # by hash (PEP 552), unchecked
    code: CodeType = marshal.loads(data[16:])  # noqa: S302 - what this test has just compiled
    assert code.co_filename == f"/{SITE}/tool/__init__.py"


def test_the_same_bytes_whatever_is_built_beside_it(
    tool: Path, make_wheel: MakeWheel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    others = [
        make_wheel(
            f"other{n}", {name.replace("other", f"other{n}"): text for name, text in OTHER.items()}
        )
        for n in range(3)
    ]
    digests = set()
    for number, beside in enumerate([[tool], [tool, *others], [*others, tool]]):
        monkeypatch.setenv("GRADLOCK_STORE", str(tmp_path / f"store{number}"))
        monkeypatch.setenv("PYTHONHASHSEED", str(number))
        digests.add(store.file_digest(built(*beside)[beside.index(tool)]))
    assert len(digests) == 1


@pytest.mark.parametrize("member", ["../../../../../../etc/cron.d/x", "../../../../../etc/x.py"])
def test_a_wheel_that_writes_outside_of_its_prefix_is_refused(
    make_wheel: MakeWheel, tmp_path: Path, member: str
) -> None:
    evil = make_wheel("evil", {"evil/__init__.py": "", member: "pass\n"})
    with pytest.raises(ArtifactError, match="outside of its prefix") as caught:
        built(evil)
    assert member in caught.value.what
    (wheel,) = planned(evil)
    assert cache.find("evil", wheel.key) is None
    assert not list(tmp_path.rglob("x.py"))


def test_a_key_moves_with_the_wheel_and_the_interpreter(tool: Path, make_wheel: MakeWheel) -> None:
    other = make_wheel("tool", {**FILES, "tool/data.txt": "moved\n"}, version="2.0")
    keys = {planned(path, python=python)[0].key for path in (tool, other) for python in "ab"}
    assert len(keys) == 4
    assert planned(tool)[0].key == planned(tool)[0].key


def test_only_large_wheels_have_a_layer_of_their_own_in_images(make_wheel: MakeWheel) -> None:
    big = make_wheel("big", {"big.bin": bytes(wheels.LARGE)})
    small = make_wheel("small", {"small.bin": bytes(100)})
    assert [wheel.large for wheel in planned(big, small)] == [True, False]


def test_a_merged_layer_holds_what_its_wheels_hold(make_wheel: MakeWheel, tool: Path) -> None:
    plan = planned(tool, make_wheel("other", OTHER))
    wheels.build(plan, HOST, PYTHON)
    layers = [layer for wheel in plan if (layer := cache.find(wheel.pin.name, wheel.key))]
    merged = wheels.merged("wheels", layers)
    assert contents(merged.path) == contents(layers[0].path) | contents(layers[1].path)
    assert wheels.merged("wheels", layers) == merged
    with tarfile.open(merged.path) as source:
        folders = [member.name for member in source if member.isdir()]
    assert len(folders) == len(set(folders))


def test_a_wheel_with_noise_is_read_to_its_end(make_wheel: MakeWheel) -> None:
    noise = random.Random(0).randbytes(3 << 20)
    path = make_wheel("noise", {"noise.bin": noise})
    with zipfile.ZipFile(path) as archive:
        assert archive.getinfo("noise.bin").file_size == len(noise)
    assert contents(built(path)[0])[f"{SITE}/noise.bin"] == noise


def test_members_have_no_time_and_no_owner(tool: Path) -> None:
    with tarfile.open(built(tool)[0]) as source:
        assert {(m.mtime, m.uid, m.gid) for m in source} == {(tar.MTIME, 0, 0)}
