"""The helpers of the suites that run inside an image: each can fail, and fails for a reason."""

from __future__ import annotations

import dataclasses
import importlib
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from gradlock.inputs import variants
from gradlock.inputs.platforms import PLATFORMS
from gradlock.layers import files
from gradlock.locks.lockfile import LockText

IMAGE_SUITES = Path(__file__).parents[1] / "image"


@pytest.fixture
def suite(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Return a function that imports a module of the image's suites."""
    monkeypatch.syspath_prepend(str(IMAGE_SUITES))
    return importlib.import_module


LOCK = """\
# gradlock lock; made by `invoke lock`, not by hand
absl-py==2.3.1 \\
    --hash=sha256:aaaa
    # via keras
typing_extensions==4.15.0 \\
    --hash=sha256:bbbb \\
    --hash=sha256:cccc
tensorflow[and-cuda]==2.21.0 --hash=sha256:dddd
"""


def test_lock_is_read(suite: Callable[[str], ModuleType]) -> None:
    """Comments, several hashes, extras, and names that are not normalised."""
    pins = suite("facts").parse_lock(LOCK)
    assert list(map(str, pins)) == [
        "absl-py==2.3.1",
        "typing-extensions==4.15.0",
        "tensorflow==2.21.0",
    ]


@pytest.mark.parametrize(
    "line", ["keras", "keras>=3 --hash=sha256:aa", "keras==3.15.1", "./keras.whl --hash=sha256:aa"]
)
def test_lock_refuses_what_is_not_pinned(suite: Callable[[str], ModuleType], line: str) -> None:
    """A requirement without a version or without a hash is no lock."""
    with pytest.raises(ValueError, match="not a pinned requirement"):
        suite("facts").parse_lock(f"{line}\n")


def test_differences_are_named(suite: Callable[[str], ModuleType]) -> None:
    """Missing, extra, of another version, twice: each is told from the lock."""
    facts = suite("facts")
    lock = [facts.Pin("keras", "3.15.1"), facts.Pin("numpy", "2.5.5"), facts.Pin("pip", "26.0")]
    assert facts.differences(lock, list(reversed(lock))) == []
    found = [
        facts.Pin("keras", "3.15.0"),
        facts.Pin("numpy", "2.5.5"),
        facts.Pin("numpy", "2.5.5"),
        facts.Pin("six", "1.17.0"),
    ]
    assert facts.differences(lock, found) == [
        "locked, not installed: keras==3.15.1",
        "locked, not installed: pip==26.0",
        "installed, not locked: keras==3.15.0",
        "installed, not locked: numpy==2.5.5",
        "installed, not locked: six==1.17.0",
    ]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_suite_reads_what_images_of_all_platforms_say(
    suite: Callable[[str], ModuleType],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    platform: str,
) -> None:
    """As the image's own layer says it: only one for another platform names that."""
    row = dataclasses.replace(variants.load().cpu, platform=platform)
    pip = LockText(tmp_path / "cpu.txt", "", "")
    for name, text in files.facts(row, "debian", (), pip).items():
        (tmp_path / Path(name).name).write_text(text)
    facts = suite("facts")
    monkeypatch.setattr(facts, "ETC", tmp_path)
    assert (facts.variant().name, facts.variant().platform) == (row.name, platform)


def test_facts_come_from_etc(
    suite: Callable[[str], ModuleType], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variant, its lock and what was requested are read from one directory."""
    facts = suite("facts")
    monkeypatch.setattr(facts, "ETC", tmp_path)
    (tmp_path / "variant.json").write_text(
        '{"name": "cpu", "python": "3.13", "tensorflow": "2.21.0",'
        ' "cuda": null, "cudnn": null, "driver": null, "channel": "debian"}'
    )
    (tmp_path / "requirements.txt").write_text(LOCK)
    (tmp_path / "requested.txt").write_text("tensorflow[and-cuda]\nabsl_py\n")
    assert facts.variant().cuda is None
    assert facts.requested() == ("tensorflow", "absl-py")
    assert facts.locked_version("absl-py") == "2.3.1"
    with pytest.raises(LookupError, match="holds no keras"):
        facts.locked_version("keras")


HARMLESS = """\
I0000 00:00:1795461311.214104    7061 cpu_feature_guard.cc:227] This TensorFlow binary is optimized
To enable the following instructions: AVX2 FMA, in other operations, rebuild TensorFlow.
2024-05-01 12:00:00.123456: I tensorflow/core/util/port.cc:153] oneDNN custom operations are on.
WARNING: All log messages before absl::InitializeLog() is called are written to STDERR
Epoch 1: ERROR-free
"""


def test_log_without_alarms(suite: Callable[[str], ModuleType]) -> None:
    """Information, and alarms on the list, are let pass."""
    logs = suite("smoke.logs")
    assert logs.unlisted(HARMLESS, logs.KNOWN) == []


@pytest.mark.parametrize(
    "line",
    [
        "W0000 00:00:1795461558.442170    7223 gpu_device.cc:2365] Cannot dlopen some libraries",
        "E0000 00:00:1795461558.442170    7223 cuda_platform.cc:52] failed call to cuInit: X (100)",
        "2024-05-01 12:00:00.123456: W tensorflow/core/x.cc:30] Allocation exceeds 10% of memory",
        "W0501 12:00:00.123456 140 trainer.py:12] no improvement",
        "WARNING:absl:the model was compiled without metrics",
        "ERROR:tornado.general:nothing answers",
        "/opt/x/keras/core.py:172: UserWarning: shapes do not match",
        "Traceback (most recent call last):",
    ],
)
def test_log_with_an_alarm(suite: Callable[[str], ModuleType], line: str) -> None:
    """Each format of an alarm is recognised, and no list covers it by accident."""
    logs = suite("smoke.logs")
    known = logs.KNOWN | logs.KNOWN_WITHOUT_A_DRIVER
    assert logs.unlisted(HARMLESS + line + "\n", known) == [line]


def test_missing_driver_is_known_only_without_one(suite: Callable[[str], ModuleType]) -> None:
    """That cuInit fails is no news on a machine without a driver, and is news on one with it."""
    logs = suite("smoke.logs")
    line = (
        "E0000 00:00:1795461358.442170    7223 cuda_platform.cc:52] failed call to cuInit: "
        "INTERNAL: CUDA error: Failed call to cuInit: UNKNOWN ERROR (303)"
    )
    assert logs.unlisted(line, logs.KNOWN_WITHOUT_A_DRIVER) == []
    assert logs.unlisted(line, logs.KNOWN) == [line]


@pytest.mark.parametrize(
    ("distribution", "pin", "answer"),
    [
        ("nvidia-cuda-runtime-cu12", "12.5.82", 12050),
        ("nvidia-cuda-runtime-cu12", "12.9.79", 12090),
        ("nvidia-cublas-cu12", "12.5.3.2", [120503, 12, 5, 3]),
        ("nvidia-cublas-cu12", "12.9.1.4", [120901, 12, 9, 1]),
        ("nvidia-cufft-cu12", "11.2.3.61", 11203),
        ("nvidia-cufft-cu12", "11.4.1.4", 11401),
        ("nvidia-curand-cu12", "10.3.6.82", 10306),
        ("nvidia-curand-cu12", "10.3.10.19", 10310),
        ("nvidia-cusolver-cu12", "11.6.3.83", 11603),
        ("nvidia-cusolver-cu12", "11.7.5.82", 11705),
        ("nvidia-cusparse-cu12", "12.5.1.3", [12, 5, 1]),
        ("nvidia-cusparse-cu12", "12.5.10.65", [12, 5, 10]),
        ("nvidia-cuda-nvrtc-cu12", "12.9.86", [12, 9]),
        ("nvidia-nvjitlink-cu12", "12.5.82", [12, 5]),
        ("nvidia-cudnn-cu12", "9.3.0.75", 90300),
        ("nvidia-cudnn-cu12", "9.24.0.43", 92400),
        ("nvidia-nccl-cu12", "2.32.3", 23203),
    ],
)
def test_version_rule(
    suite: Callable[[str], ModuleType], distribution: str, pin: str, answer: object
) -> None:
    """What each library was seen to answer is what the rule makes of its pin."""
    toolkit = suite("smoke.cuda.toolkit")
    assert toolkit.PARTS[distribution].expected(toolkit.numbers(pin)) == answer


@pytest.mark.parametrize("name", ["KERNEL.so", "missing.so"])
def test_a_library_that_does_not_load_says_why(
    suite: Callable[[str], ModuleType], tmp_path: Path, name: str
) -> None:
    """A library that is missing, or is none, is reported with its name."""
    (tmp_path / "KERNEL.so").write_bytes(b"not a library")
    assert name in suite("smoke.cuda.fresh").load(tmp_path / name)


def test_fresh_process_gets_no_help(
    suite: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fresh process is given no LD_LIBRARY_PATH, even where there is one."""
    monkeypatch.setenv("LD_LIBRARY_PATH", "/somewhere")
    shows = "import os; print([name for name in os.environ if name.startswith('LD_')])"
    assert suite("smoke.cuda.fresh").run(sys.executable, "-c", shows).stdout.strip() == "[]"


def elf_file(entries: list[tuple[int, str | int]]) -> bytes:
    """Return a shared library that holds nothing but a dynamic section.

    A text stands in `entries` where the file has its offset in the string table. The library
    is loaded at 0x400000, so that addresses are no offsets in the file.
    """
    base, start = 0x400000, 64 + 2 * 56
    strings = bytearray(b"\0")
    table = []
    for tag, value in entries:
        if isinstance(value, str):
            table.append((tag, len(strings)))
            strings += value.encode() + b"\0"
        else:
            table.append((tag, value))
    size = 16 * (len(table) + 2)
    table += [(5, base + start + size), (0, 0)]  # DT_STRTAB, DT_NULL
    dynamic = b"".join(struct.pack("<qQ", *entry) for entry in table)
    total = start + size + len(strings)
    header = b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + struct.pack(
        "<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0
    )
    load = struct.pack("<IIQQQQQQ", 1, 4, 0, base, base, total, total, 4096)
    segment = struct.pack("<IIQQQQQQ", 2, 4, start, base + start, base + start, size, size, 8)
    return header + load + segment + dynamic + bytes(strings)


SONAME, RPATH, RUNPATH = 14, 15, 29


def test_elf_reader(suite: Callable[[str], ModuleType], tmp_path: Path) -> None:
    """The name and the RUNPATH are read; $ORIGIN is the library's directory; no repetitions."""
    library = tmp_path / "libcudart.so.12"
    library.write_bytes(
        elf_file(
            [
                (1, "libc.so.6"),
                (SONAME, "libcudart.so.12"),
                (RPATH, "/ignored"),
                (RUNPATH, "$ORIGIN/../a:/b:${ORIGIN}:/b:"),
            ]
        )
    )
    dynamic = suite("smoke.cuda.elf").dynamic(library)
    assert dynamic.soname == "libcudart.so.12"
    assert dynamic.runpath == (f"{tmp_path}/../a", "/b", f"{tmp_path}")


def test_elf_reader_without_a_runpath(suite: Callable[[str], ModuleType], tmp_path: Path) -> None:
    """A library that names no directory searches none of its own; an old RPATH counts."""
    library = tmp_path / "plain.so"
    library.write_bytes(elf_file([]))
    dynamic = suite("smoke.cuda.elf").dynamic(library)
    assert (dynamic.soname, dynamic.runpath) == (None, ())
    library.write_bytes(elf_file([(RPATH, "/old")]))
    assert suite("smoke.cuda.elf").dynamic(library).runpath == ("/old",)


@pytest.mark.parametrize(
    "content", [b"", b"#!/bin/sh\n" * 20, elf_file([]).replace(b"\x7fELF\x02", b"\x7fELF\x01")]
)
def test_elf_reader_refuses_other_files(
    suite: Callable[[str], ModuleType], tmp_path: Path, content: bytes
) -> None:
    """A script, an empty file and a 32-bit library are no libraries that it can read."""
    (tmp_path / "other").write_bytes(content)
    with pytest.raises(ValueError, match="is no 64-bit little-endian ELF file"):
        suite("smoke.cuda.elf").dynamic(tmp_path / "other")


def test_cuda_files_are_found(suite: Callable[[str], ModuleType], tmp_path: Path) -> None:
    """Parts of CUDA are found by name wherever they lie; what only sounds like them is not."""
    parts = [
        "libcudart.so.12", "libcuda.so.1", "libcublasLt.so.12", "libcudnn_engines.so.9",
        "libnccl.so.2.32.3", "libnvrtc-builtins.so.12.5", "libnvrtc.alt.so.12", "libcudart-1a2b.so",
        "libcufft_static.a", "libnvJitLink.so.12", "libcudart.so", "ptxas", "libdevice.10.bc",
    ]  # fmt: skip
    others = ["libcups.so.2", "libcurl.so.4", "cuda.py", "libcudart.txt", "libnvme.so.1", "nvccx"]
    (tmp_path / "deep/er").mkdir(parents=True)
    for name in parts + others:
        (tmp_path / "deep/er" / name).touch()
    found = suite("smoke.test_cpu_only").cuda_files(tmp_path)
    assert sorted(path.name for path in found) == sorted(parts)


SESSION = """
import sys, types
tensorflow = types.ModuleType("tensorflow")
tensorflow.config = types.SimpleNamespace(list_physical_devices=lambda kind: {devices})
sys.modules["tensorflow"] = tensorflow
import pytest
sys.exit(pytest.main(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("devices", "options", "cuda", "status", "says"),
    [
        ([], [], None, 0, ": variant without CUDA"),
        ([], [], "12.5.1", 0, "no GPU: no CUDA driver: libcuda.so.1"),
        ([], ["--gpu-required"], None, 1, "--gpu-required: TensorFlow lists no GPU in variant v"),
        ([], ["--gpu-required"], "12.5.1", 1, "TensorFlow lists no GPU in variant v"),
        (["GPU:0"], ["--gpu-required"], None, 0, "1 skipped"),
    ],
)
def test_gpu_is_skipped_or_required(
    tmp_path: Path,
    devices: list[str],
    options: list[str],
    cuda: str | None,
    status: int,
    says: str,
) -> None:
    """Without a GPU a test of one is a skip that says why; where one was promised, a failure."""
    for name in ("conftest.py", "facts.py", "pytest.ini"):
        (tmp_path / name).write_text((IMAGE_SUITES / name).read_text(encoding="utf-8"))
    facts = (tmp_path / "facts.py").read_text(encoding="utf-8")
    (tmp_path / "facts.py").write_text(facts.replace('"libcuda.so.1"', '"libcuda.so.1.none"'))
    (tmp_path / "test_it.py").write_text(
        "import pytest\n\n@pytest.mark.gpu\ndef test_it() -> None:\n    raise AssertionError\n"
    )
    quoted = "null" if cuda is None else f'"{cuda}"'
    (tmp_path / "variant.json").write_text(
        f'{{"name": "v", "python": "3.13", "tensorflow": "2.21.0", "cuda": {quoted},'
        ' "cudnn": null, "driver": null, "channel": "debian"}'
    )
    finished = subprocess.run(
        [sys.executable, "-c", SESSION.format(devices=devices), str(tmp_path), *options],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"GRADLOCK_ETC": str(tmp_path), "PATH": "/usr/bin:/bin"},
        check=False,
    )
    assert says in finished.stdout + finished.stderr
    assert finished.returncode == status
