"""Wheel layers: what installing a wheel writes, and which of its files get bytecode."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import posixpath
import random
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from gradlock import store
from gradlock.errors import ArtifactError
from gradlock.layers import tar, wheels

PYTHON = "3.13"
SITE = f"opt/conda/lib/python{PYTHON}/site-packages"
#: The layer of FILES; `python -m pytest tests/unit/layers/test_wheels.py` shows another one. A
#: change here moves every wheel's layer, and so the images' IDs: change it only together with
#: images.lock.
GOLDEN = "fed8c5d2d8b8d6df90f0a0fb8019083f27220c503473ff5dfa59845151cc8027"

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

#: Bytecode is given: what a Python compiles is another one's with each release.
BYTECODE = {f"{SITE}/tool/__pycache__/__init__.cpython-313.pyc": b"bytecode of tool"}


def built(wheel: Path, bytecode: Mapping[str, bytes] = BYTECODE) -> Path:
    """Write the layer of a wheel; return its tar."""
    path = wheel.with_suffix(".tar")
    with tar.writing(path) as (writer, _):
        wheels.write(writer, wheel, PYTHON, lambda: bytecode)
    return path


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
    path = built(tool)
    found = {name: mode for name, mode in modes(path).items() if name in contents(path)}
    plain = [
        *(f"{SITE}/tool/{name}" for name in ("__init__.py", "inner/deep.py", "broken.py")),
        *(f"{SITE}/tool/{name}" for name in ("data.txt", "lib.so")),
        *(f"{SITE}/plat.py", *BYTECODE),
        *(
            f"{SITE}/tool-1.0.dist-info/{name}"
            for name in ("METADATA", "WHEEL", "RECORD", "INSTALLER", "entry_points.txt")
        ),
        "opt/conda/share/tool/icon.svg",
    ]
    programs = [f"opt/conda/bin/{name}" for name in ("tool", "tool-gui", "run-tool", "native")]
    assert found == {**dict.fromkeys(plain, 0o644), **dict.fromkeys(programs, 0o755)}


def test_files_are_what_the_wheel_holds(tool: Path) -> None:
    found = contents(built(tool))
    for name in ("tool/lib.so", "tool/data.txt", "tool/broken.py", "tool/__init__.py"):
        data = FILES[name]
        assert found[f"{SITE}/{name}"] == (data if isinstance(data, bytes) else data.encode())
    assert found["opt/conda/bin/native"] == b"\x7fELF native"


def test_scripts_run_with_the_prefixes_python(tool: Path) -> None:
    found = contents(built(tool))
    for name in ("tool", "tool-gui", "run-tool"):
        assert found[f"opt/conda/bin/{name}"].startswith(b"#!/opt/conda/bin/python\n")
    assert b"from tool import main" in found["opt/conda/bin/tool"]


def test_record_names_every_file_with_its_hash_and_size(tool: Path) -> None:
    found = contents(built(tool))
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


def test_golden_digest_of_a_layer(tool: Path) -> None:
    assert store.file_digest(built(tool)) == GOLDEN


def test_the_order_of_bytecode_changes_nothing(tool: Path) -> None:
    many = {f"{SITE}/tool/__pycache__/{n}.pyc": bytes(n) for n in range(9)}
    first = built(tool, many).read_bytes()
    assert built(tool, dict(reversed(many.items()))).read_bytes() == first


def test_modules_get_bytecode_and_scripts_do_not(tool: Path) -> None:
    found = wheels.sources(tool, PYTHON)
    modules = ("tool/__init__.py", "tool/inner/deep.py", "tool/broken.py", "plat.py")
    assert set(found) == {f"{SITE}/{name}" for name in modules}
    assert found[f"{SITE}/plat.py"] == b"PLAT = 'shared'\n"
    layer = contents(built(tool))
    assert found == {name: layer[name] for name in found}


@pytest.mark.parametrize(
    ("name", "compiled"),
    [
        ("tool/tests/test_a.py", False),
        ("tool/inner/tests/data/helper.py", False),
        ("tool-1.0.data/purelib/tool/tests/a.py", False),
        ("tool/tests.py", True),
        ("tool/testing/a.py", True),
        ("tool/test/a.py", True),  # TensorFlow's API has such folders
        ("tests/a.py", True),  # a package of that name
    ],
)
def test_only_the_suites_of_packages_get_no_bytecode(
    make_wheel: MakeWheel, name: str, compiled: bool
) -> None:
    wheel = make_wheel("tool", {"tool/__init__.py": "", name: "x = 1\n"})
    place = name.removeprefix("tool-1.0.data/purelib/")
    assert (f"{SITE}/{place}" in wheels.sources(wheel, PYTHON)) == compiled
    assert f"{SITE}/{place}" in contents(built(wheel))


def rewritten(wheel: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """Write a wheel anew, each file as `change` returns it, or without it."""
    with zipfile.ZipFile(wheel) as archive:
        files = {info.filename: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            changed = change(name, data)
            if changed is not None:
                archive.writestr(zipfile.ZipInfo(name), changed, zipfile.ZIP_DEFLATED)
    return wheel


def record_without(*ending: str) -> Callable[[str, bytes], bytes]:
    """Return a change that takes hashes and sizes from RECORD's lines for some files."""

    def change(name: str, data: bytes) -> bytes:
        if not name.endswith("/RECORD"):
            return data
        rows = csv.reader(data.decode().splitlines())
        kept = [[row[0], "", ""] if row[0].endswith(ending) else row for row in rows]
        return "".join(f"{','.join(row)}\n" for row in kept).encode()

    return change


@pytest.mark.parametrize(
    "change",
    [
        record_without(".so", ".py"),
        lambda name, data: data.replace(b"sha256=", b"sha512=") if name.endswith("D") else data,
        lambda name, data: data.replace(b",5120", b",5121") if name.endswith("D") else data,
    ],
    ids=["no-hashes", "other-hashes", "another-size"],
)
def test_what_record_does_not_know_is_hashed(
    tool: Path, change: Callable[[str, bytes], bytes]
) -> None:
    before = contents(built(tool))
    after = contents(built(rewritten(tool, change)))
    record = f"{SITE}/tool-1.0.dist-info/RECORD"
    assert after == before
    assert f"sha256={_urlsafe(bytes(FILES['tool/lib.so']))},5120" in after[record].decode()


def test_records_own_hash_serves(tool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wheel was hashed whole, so that each file in it need not be."""

    def never(*_: object) -> None:
        raise AssertionError("hashed again")

    monkeypatch.setattr(wheels.HashingReader, "read", never)
    assert f"{SITE}/tool/lib.so" in contents(built(tool))


def test_bytecode_in_a_wheel_is_left_out(make_wheel: MakeWheel) -> None:
    stale = "tool/__pycache__/__init__.cpython-313.pyc"
    found = contents(built(make_wheel("tool", {"tool/__init__.py": "", stale: "old"}), {}))
    assert f"{SITE}/{stale}" not in found
    assert stale not in found[f"{SITE}/tool-1.0.dist-info/RECORD"].decode()


@pytest.mark.parametrize("member", ["../../../../../../etc/cron.d/x", "../../../../../etc/x.py"])
def test_a_wheel_that_writes_outside_of_its_prefix_is_refused(
    make_wheel: MakeWheel, tmp_path: Path, member: str
) -> None:
    evil = make_wheel("evil", {"evil/__init__.py": "", member: "pass\n"})
    with pytest.raises(ArtifactError, match="outside of its prefix") as caught:
        built(evil)
    assert member in caught.value.what
    if member.endswith(".py"):
        with pytest.raises(ArtifactError, match="outside of its prefix"):
            wheels.sources(evil, PYTHON)
    assert not list(tmp_path.rglob("x*"))


FAULTS: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "half": lambda data: data[: len(data) // 2],
    "no-end": lambda data: data[:-1],
    "no-zip": lambda data: b"<html>not found</html>",
    "another-start": lambda data: b"PK" + bytes(98) + data[100:],
    "zeros-within": lambda data: data[:2000] + bytes(2000) + data[4000:],
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_wheel_is_named_and_to_be_fetched_again(tool: Path, fault: str) -> None:
    tool.write_bytes(FAULTS[fault](tool.read_bytes()))
    with pytest.raises(ArtifactError, match=r"tool-1\.0-py3-none-any\.whl") as caught:
        built(tool)
    assert "fetched again" in caught.value.mend
    assert caught.value.where == str(tool)


def test_no_byte_can_change_and_pass_or_end_in_a_traceback(tool: Path) -> None:
    """Flip one of each few bits: the layer is the same, or the wheel is refused."""
    rewritten(tool, lambda name, data: data)
    whole, before = tool.read_bytes(), built(tool).read_bytes()
    chance, refused, changed = random.Random(7), 0, []
    for place in range(0, len(whole), 7):
        data = bytearray(whole)
        data[place] ^= 1 << chance.randrange(8)
        tool.write_bytes(data)
        try:
            wheels.sources(tool, PYTHON)
            if built(tool).read_bytes() != before:
                changed.append(place)
        except ArtifactError:
            refused += 1
    assert refused > len(whole) // 7 // 3
    # What a zip guards with no checksum: modes, and names that are the same in both places.
    assert all(_attributes(whole, place) for place in changed)


def _attributes(data: bytes, place: int) -> bool:
    """Tell whether a byte of a zip is one of a member's attributes in the central directory."""
    start = data.rindex(b"PK\x01\x02", 0, place + 1)
    return 38 <= place - start < 42


def test_a_full_disk_is_no_fault_of_the_wheel(tool: Path) -> None:
    class Full(io.RawIOBase):
        def write(self, data: object) -> int:
            raise OSError(28, "No space left on device")

    writer = tar.LayerWriter(tar.HashingWriter(Full()))  # type: ignore[arg-type]
    with pytest.raises(OSError, match="No space") as caught:
        wheels.write(writer, tool, PYTHON, dict)
    assert not isinstance(caught.value, ArtifactError)


def test_a_wheel_without_a_record_is_no_wheel(tool: Path) -> None:
    rewritten(tool, lambda name, data: None if name.endswith("/RECORD") else data)
    with pytest.raises(ArtifactError, match="cannot be read as a wheel"):
        built(tool)


def test_a_wheel_with_noise_is_read_to_its_end(make_wheel: MakeWheel) -> None:
    noise = random.Random(0).randbytes(3 << 20)
    path = make_wheel("noise", {"noise.bin": noise})
    assert contents(built(path, {}))[f"{SITE}/noise.bin"] == noise


def test_wheels_are_inflated_by_the_faster_library(
    make_wheel: MakeWheel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes is the same either way: only this tells where a Python has its inflater now."""
    data = random.Random(3).randbytes(1 << 16) * 300  # longer than one read
    wheel = rewritten(
        make_wheel("tool", {**FILES, "tool/large.bin": data}), lambda _, content: content
    )
    asked: list[int] = []
    inflater = wheels.isal_zlib.decompressobj

    def counted(bits: int) -> object:
        asked.append(bits)
        return inflater(bits)

    monkeypatch.setattr(wheels.isal_zlib, "decompressobj", counted)
    assert contents(built(wheel))[f"{SITE}/tool/large.bin"] == data
    assert set(asked) == {-15}
    assert len(asked) > len(FILES)


def test_members_have_no_time_and_no_owner(tool: Path) -> None:
    with tarfile.open(built(tool)) as source:
        assert {(m.mtime, m.uid, m.gid) for m in source} == {(tar.MTIME, 0, 0)}
