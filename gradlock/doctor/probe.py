"""What a container sees of its GPU and of TensorFlow's libraries; prints it as JSON.

It runs inside: by Python's own library alone, in a second, without importing TensorFlow. Nothing
of gradlock is there.
"""

from __future__ import annotations

import ctypes
import importlib.util
import json
import os
import runpy
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
        "shadows": shadows(os.environ.get("LD_LIBRARY_PATH", "")),
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
    build = runpy.run_path(str(home / "python/platform/build_info.py"))["build_info"]
    cuda = bool(build["is_cuda_build"])
    libraries = sorted((home.parent / "nvidia").glob("*/lib/*.so*"))
    return {"cuda": cuda, "broken": unloadable(libraries) if cuda else {}, "count": len(libraries)}


def unloadable(libraries: list[Path]) -> dict[str, str]:
    """Return which of the libraries that TensorFlow opens first do not load, and why."""
    wanted = ("libcudart.so", "libcudnn.so")  # small ones: the others take seconds from a cold disk
    found = {}
    for path in libraries:
        if path.name.startswith(wanted):
            try:
                ctypes.CDLL(str(path))
            except OSError as error:
                found[path.name] = str(error)
    return found


def shadows(folders: str) -> list[str]:
    """Return the libraries in the folders of LD_LIBRARY_PATH that hide TensorFlow's own."""
    names = (
        "cudart",
        "cudnn",
        "cublas",
        "cufft",
        "curand",
        "cusolver",
        "cusparse",
        "nccl",
        "nvrtc",
    )
    own = tuple(f"lib{name}" for name in names)
    paths = (path for folder in folders.split(":") if folder for path in Path(folder).glob("lib*"))
    return sorted(str(path) for path in paths if path.name.startswith(own))


if __name__ == "__main__":
    print(json.dumps(probe()))
