"""What a container sees of its GPU and of TensorFlow's libraries; prints it as JSON.

It runs inside: by Python's own library alone, in a second, without importing TensorFlow. Nothing
of gradlock is there.
"""

from __future__ import annotations

import ctypes
import importlib.util
import json
import os
from pathlib import Path
from typing import Any


def probe() -> dict[str, Any]:
    """Return what is there: device files, the driver's library, TensorFlow's build, cuDNN."""
    return {
        "devices": sorted(path.name for path in Path("/dev").glob("nvidia*")),
        "library_path": os.environ.get("LD_LIBRARY_PATH", ""),
        "visible": os.environ.get("CUDA_VISIBLE_DEVICES"),
        "module": Path("/proc/driver/nvidia/version").exists(),
        "driver": driver(),
        "tensorflow": tensorflow(),
        "kills": kills(),
    }


def driver() -> dict[str, Any]:
    """Return how the driver's library loads, and answers: its CUDA, its GPUs."""
    try:
        library = ctypes.CDLL("libcuda.so.1")
    except OSError as error:
        return {"error": str(error)}
    started = library.cuInit(0)
    release, count = ctypes.c_int(), ctypes.c_int()
    library.cuDriverGetVersion(ctypes.byref(release))
    if started == 0:
        library.cuDeviceGetCount(ctypes.byref(count))
    return {"init": started, "release": release.value, "count": count.value}


def tensorflow() -> dict[str, Any]:
    """Return TensorFlow's build, and which of NVIDIA's libraries beside it do not load."""
    spec = importlib.util.find_spec("tensorflow")
    if spec is None or spec.origin is None:
        return {"error": "no module named tensorflow"}
    home = Path(spec.origin).parent
    text = (home / "python/platform/build_info.py").read_text(encoding="utf-8")
    cuda = "'is_cuda_build': True" in text or '"is_cuda_build": True' in text
    libraries = sorted((home.parent / "nvidia").glob("*/lib/*.so*"))
    return {"cuda": cuda, "broken": unloadable(libraries) if cuda else {}, "count": len(libraries)}


def unloadable(libraries: list[Path]) -> dict[str, str]:
    """Return which of the libraries that TensorFlow opens first do not load, and why."""
    wanted = ("libcudart.so", "libcudnn.so", "libcublas.so", "libcublasLt.so")
    found = {}
    for path in libraries:
        if path.name.startswith(wanted):
            try:
                ctypes.CDLL(str(path))
            except OSError as error:
                found[path.name] = str(error)
    return found


def kills() -> int:
    """Return how many processes of the container were killed for memory."""
    try:
        lines = Path("/sys/fs/cgroup/memory.events").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))


if __name__ == "__main__":
    print(json.dumps(probe()))
