"""Causes: what containers leave behind, as engines, Python and programs really write it."""

from __future__ import annotations

import pytest

from gradlock.doctor import causes
from gradlock.doctor.causes import End

#: A status, the engine's error, the last lines, and words of the cause.
ENDS = [
    (64, "", "gradlock: JUPYTER_TOKEN is empty: anyone who reaches", "refuses to serve without"),
    (64, "", "gradlock: Jupyter does not run as a root that has capabilities: leave", "as root"),
    (
        73,
        "",
        "gradlock: nothing can be saved in /home/gradlock/work: Read-only file system; mount a",
        "nothing can be saved in /home/gradlock/work",
    ),
    (1, "", "[C ServerApp] Running as root is not recommended. Use --allow-root", "as root"),
    (
        128,
        "driver failed programming external connectivity on endpoint x: Bind for 127.0.0.1:8888 "
        "failed: port is already allocated",
        "",
        "port is taken",
    ),
    (
        1,
        "",
        "[C 2026-11-24 17:00:00.000 ServerApp] ERROR: the Jupyter server could not be started "
        "because port 8888 is not available.",
        "port is taken",
    ),
    (128, "driver failed: iptables: No chain/target/match by that name.", "", "publish the port"),
    (128, "the moon is full: unknown", "", "the engine says: the moon is full"),
    (128, 'could not select device driver "" with capabilities: [[gpu]]', "", "GPU"),
    (1, "", "exec /opt/conda/bin/tini: exec format error", "another processor"),
    (
        127,
        'OCI runtime create failed: exec: "trian": executable file not found in $PATH: unknown',
        "",
        "trian",
    ),
    (1, "", "OSError: [Errno 28] No space left on device: '/home/gradlock/work/a'", "disk is full"),
    (1, "", "OSError: [Errno 30] Read-only file system: '/data/out'", "/data/out"),
    (
        1,
        "",
        "PermissionError: [Errno 13] Permission denied: '/home/gradlock/work/model.keras'",
        "/home/gradlock/work/model.keras",
    ),
    (1, "", "touch: cannot touch '/home/gradlock/work/a': Permission denied", "work/a"),
    (1, "", "[E ServerApp] Permission denied: Untitled.ipynb", "Untitled.ipynb"),
    (1, "", "ModuleNotFoundError: No module named 'torch'", "torch"),
    (
        2,
        "",
        "/opt/conda/bin/python: can't open file '/home/gradlock/work/train.py': [Errno 2] No such "
        "file or directory",
        "/home/gradlock/work/train.py",
    ),
    (1, "", "FileNotFoundError: [Errno 2] No such file or directory: 'data.csv'", "data.csv"),
    (127, "", "/bin/bash: line 1: trian: command not found", "trian"),
    (1, "", "tensorflow ResourceExhaustedError: OOM when allocating tensor", "memory is full"),
    (1, "", "RuntimeError: can't start new thread", "process or thread"),
    (1, "", "numpy MemoryError: Unable to allocate 74.5 GiB for an array", "no more memory"),
    (1, "", "socket.gaierror: [Errno -3] Temporary failure in name resolution", "no network"),
    (132, "", "", "AVX"),
    (139, "", "", "SIGSEGV"),
    (135, "", "", "shared memory"),
    (137, "", "", "killed"),
    (3, "", "ValueError: shapes (2,3) and (4,) not aligned", "ValueError: shapes"),
    (77, "", "", "status 77"),
]


@pytest.mark.parametrize(("status", "error", "line", "words"), ENDS)
def test_an_end_has_its_cause(status: int, error: str, line: str, words: str) -> None:
    lines = ("starting", *([line] if line else []))
    cause = causes.likely(End(status, False, error, lines))
    assert cause is not None
    assert words in cause.what
    assert cause.mend


@pytest.mark.parametrize("status", causes.ASKED)
def test_what_was_asked_to_end_has_none(status: int) -> None:
    assert causes.likely(End(status, False, "", ("bye",))) is None


def test_the_kernels_kill_is_told_with_the_limit() -> None:
    cause = causes.likely(End(137, True, "", ("allocating",), limit=256 * 10**6))
    assert cause is not None
    assert "256 MB" in cause.what
    assert "--memory" in cause.mend


def test_the_last_that_is_said_counts() -> None:
    lines = (
        "ModuleNotFoundError: No module named 'a'",
        "PermissionError: [Errno 13] Permission denied: '/b'",
    )
    cause = causes.likely(End(1, False, "", lines))
    assert cause is not None
    assert "/b" in cause.what


def test_a_log_tells_each_trouble_once() -> None:
    died = "[W] AsyncIOLoopKernelRestarter: restarting kernel (1/5), keep random ports"
    found = list(causes.troubles([died, "fine", died, "fork: retry: Resource temporarily"]))
    assert ["kernel died" in row.what for row in found] == [True, False]


def test_an_ordinary_log_tells_of_none() -> None:
    log = [
        "[I 2026-11-24 17:00:00.000 ServerApp] Serving notebooks from local directory: /home",
        "[I 2026-11-24 17:00:00.000 ServerApp] Kernel started: 4c1e",
        "2026-11-24 17:00:00.0: I tensorflow/core/platform/cpu_feature_guard.cc:210] This "
        "TensorFlow binary is optimized to use available CPU instructions",
        "[I 2026-11-24 ServerApp] 302 GET /?token=... (@172.17.0.1) 0.70ms",
    ]
    assert list(causes.troubles(log)) == []


def test_every_saying_is_met_by_some_end() -> None:
    """A pattern that nothing matches would be no check."""
    import re

    said = [f"{error}\n{line}" for _, error, line, _ in ENDS] + [
        "bind source path does not exist: /gone",
        "CUDA_ERROR_UNSUPPORTED_PTX_VERSION",
        "failed call to cuInit: INTERNAL: CUDA error: Failed call to cuInit",
        "Failed to initialize NVML: Unknown Error",
        "kernel 4c1e died",
        "Illegal instruction (core dumped)",
        "[W 2026-11-24 17:00:00.000 ServerApp] 403 GET /api/status (@172.17.0.1) 1.05ms",
    ]
    for saying in causes.SAYINGS:
        assert any(re.search(saying.pattern, text) for text in said), saying.cause
