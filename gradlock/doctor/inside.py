"""Inside a container that runs: why TensorFlow sees no GPU there."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping
from typing import Any

from gradlock.doctor import probe
from gradlock.doctor.api import AnswerError, Api
from gradlock.doctor.findings import Finding, broken, fine, unseen, warning

#: What cuInit answers (CUDA driver API, `CUresult`), what it means, how it is mended.
ANSWERS = {
    3: ("the driver has not started", "nvidia-smi on the host; reboot it"),
    34: (
        "a stub of the driver's library is loaded in its place",
        "take the folder `stubs` out of LD_LIBRARY_PATH",
    ),
    100: (
        "the driver lists no GPU",
        "docker run --gpus all; CUDA_VISIBLE_DEVICES must be unset, or name one that is there",
    ),
    101: ("the GPU that is named does not exist", "unset CUDA_VISIBLE_DEVICES"),
    802: (
        "the GPU's fabric is not ready",
        "on the host: sudo systemctl start nvidia-fabricmanager",
    ),
    803: (
        "the driver's library in the container is of another release than the host's module",
        "start the container again: the toolkit mounts the library as it starts",
    ),
    804: (
        "a library for forward compatibility is loaded, which this GPU does not support",
        "take the folder `compat` out of LD_LIBRARY_PATH",
    ),
    999: (
        "the driver answers 'unknown': its device files may not be opened, or nvidia-uvm is not "
        "loaded",
        "start the container again; on the host: sudo nvidia-modprobe -c 0 -u",
    ),
}
UNUSED = "TensorFlow lists no GPU, and computes on the CPU"


def look(api: Api, name: str, known: Mapping[str, Any]) -> Iterator[Finding]:
    """Ask a container of a GPU image, or one that was given a GPU, what it sees."""
    labels = (known.get("Config") or {}).get("Labels") or {}
    given = bool((known.get("HostConfig") or {}).get("DeviceRequests"))
    if not given and not labels.get("io.gradlock.cuda"):
        return
    printed = ""
    try:
        printed = api.run(str(known["Id"]), ["python", "-I", "-c", inspect.getsource(probe)])
        seen = json.loads(printed.splitlines()[-1])
    except (AnswerError, OSError, ValueError, IndexError) as error:
        said = printed.strip().splitlines()[-1:] or [str(error)]
        yield unseen(f"{name}: what it sees of a GPU could not be asked ({said[0][:200]})")
        return
    yield from judge(name, seen, given=given)


def judge(name: str, seen: Mapping[str, Any], *, given: bool) -> Iterator[Finding]:
    """Say from what the probe saw why TensorFlow has no GPU, or that it has."""
    build, driver = seen["tensorflow"], seen["driver"]
    if not given and not seen["devices"]:
        yield warning(
            f"{name} was started without a GPU",
            UNUSED,
            "docker run --gpus all; ./inv lab --gpu, ./inv shell --gpu",
        )
        return
    if "error" in build:
        yield broken(f"{name}: {build['error']}", "its Python is not the image's", "python of PATH")
        return
    if not build["cuda"]:
        yield broken(
            f"{name}: its TensorFlow is built for the CPU",
            UNUSED,
            "run a GPU variant's image: ./inv variants; ./inv lab --gpu",
        )
        return
    shadows, broken_libraries = seen["shadows"], dict(build["broken"])
    mend = (
        f"LD_LIBRARY_PATH is {seen['library_path']!r}: leave it unset, TensorFlow finds its own"
        if seen["library_path"]
        else "./inv suite smoke --gpu says whether the image is whole"
    )
    for library, why in broken_libraries.items():
        yield broken(f"{name}: {library} does not load: {why}", UNUSED, mend)
    if shadows:
        yield warning(
            f"{name}: LD_LIBRARY_PATH brings {', '.join(shadows[:3])}, before TensorFlow's own",
            "libraries of another release: TensorFlow lists no GPU, or breaks in `fit`",
            mend,
        )
    if "error" in driver:
        yield broken(
            f"{name}: the driver's library is not in the container ({driver['error']})",
            UNUSED,
            "docker run --gpus all, with NVIDIA_DRIVER_CAPABILITIES=compute,utility; the NVIDIA "
            "Container Toolkit mounts it: ./inv doctor --gpu",
        )
    elif driver["init"]:
        meaning, mend = ANSWERS.get(driver["init"], ("", "nvidia-smi, on the host and inside"))
        if seen["visible"] is not None and driver["init"] in (100, 101):
            meaning += f" (CUDA_VISIBLE_DEVICES is {seen['visible']!r})"
        yield broken(
            f"{name}: the driver answers {driver['init']}" + (f": {meaning}" if meaning else ""),
            UNUSED,
            mend,
        )
    elif not broken_libraries:
        cuda = f"{driver['release'] // 1000}.{driver['release'] % 1000 // 10}"
        yield fine(f"{name}: the driver (CUDA {cuda}) shows {driver['count']} GPU")
