"""NVIDIA's libraries: what each says about itself, and what its pin in the lock implies.

Run as a program it puts one question to one library, in a process of its own, and prints the
answer as JSON: `python toolkit.py version nvidia-cublas-cu12`, `python toolkit.py status cudart`.

Each rule was checked against the parts of CUDA 12.5.1 and 12.9.1.
"""

from __future__ import annotations

import ctypes
import json
import re
import sys
import sysconfig
from collections.abc import Callable, Mapping
from ctypes import byref, c_int, c_size_t, c_uint, c_uint32, c_void_p
from dataclasses import dataclass
from pathlib import Path

SITE_PACKAGES = Path(sysconfig.get_paths()["purelib"])
NVIDIA = SITE_PACKAGES / "nvidia"

Answer = int | list[int]


def library(path: str) -> ctypes.CDLL:
    """Load a library by its path below `nvidia/`, as nothing but its own RUNPATH finds the rest."""
    return ctypes.CDLL(str(NVIDIA / path))


def by_pointer(path: str, function: str, *kinds: type) -> list[int]:
    """Call a function that answers through pointers and returns a status that must be 0."""
    values = [kind() for kind in kinds]
    status = getattr(library(path), function)(*map(byref, values))
    if status != 0:
        raise RuntimeError(f"{function} answers status {status}")
    return [value.value for value in values]


def by_size(path: str, function: str) -> int:
    """Call a function that returns its answer as a `size_t`."""
    ask = getattr(library(path), function)
    ask.restype = c_size_t
    return int(ask())


def by_property(path: str, function: str) -> list[int]:
    """Ask for major, minor and patch level: properties 0, 1 and 2 in `library_types.h`."""
    ask = getattr(library(path), function)
    values = [c_int() for _ in range(3)]
    statuses = [ask(number, byref(value)) for number, value in enumerate(values)]
    if any(statuses):
        raise RuntimeError(f"{function} answers statuses {statuses}")
    return [value.value for value in values]


def cupti_header_version() -> int:
    """Return the API version in CUPTI's own header: it counts releases, by no rule."""
    header = NVIDIA / "cuda_cupti/include/cupti_version.h"
    match = re.search(r"#define CUPTI_API_VERSION (\d+)", header.read_text(encoding="utf-8"))
    if match is None:
        raise ValueError(f"{header} defines no CUPTI_API_VERSION")
    return int(match[1])


@dataclass(frozen=True)
class Part:
    """A distribution of the toolkit: how its library is asked, and what its pin implies.

    `expected` takes the pin's numbers: (12, 5, 3, 2) for 12.5.3.2. `follows_release` says that
    its pin starts with the toolkit's own major and minor version.
    """

    ask: Callable[[], Answer]
    expected: Callable[[tuple[int, ...]], Answer]
    follows_release: bool


PARTS: Mapping[str, Part] = {
    "nvidia-cuda-runtime-cu12": Part(
        lambda: by_pointer(
            "cuda_runtime/lib/libcudart.so.12", "cudaRuntimeGetVersion", c_int)[0],
        lambda pin: pin[0] * 1000 + pin[1] * 10,
        follows_release=True,
    ),
    "nvidia-cublas-cu12": Part(
        lambda: [
            by_size("cublas/lib/libcublasLt.so.12", "cublasLtGetVersion"),
            *by_property("cublas/lib/libcublas.so.12", "cublasGetProperty"),
        ],
        lambda pin: [pin[0] * 10_000 + pin[1] * 100 + pin[2], *pin[:3]],
        follows_release=True,
    ),
    "nvidia-cufft-cu12": Part(
        lambda: by_pointer("cufft/lib/libcufft.so.11", "cufftGetVersion", c_int)[0],
        lambda pin: pin[0] * 1000 + pin[1] * 100 + pin[2],
        follows_release=False,
    ),
    "nvidia-curand-cu12": Part(
        lambda: by_pointer("curand/lib/libcurand.so.10", "curandGetVersion", c_int)[0],
        lambda pin: pin[0] * 1000 + pin[1] * 100 + pin[2],
        follows_release=False,
    ),
    "nvidia-cusolver-cu12": Part(
        lambda: by_pointer("cusolver/lib/libcusolver.so.11", "cusolverGetVersion", c_int)[0],
        lambda pin: pin[0] * 1000 + pin[1] * 100 + pin[2],
        follows_release=False,
    ),
    "nvidia-cusparse-cu12": Part(
        lambda: by_property("cusparse/lib/libcusparse.so.12", "cusparseGetProperty"),
        lambda pin: [*pin[:3]],
        follows_release=False,
    ),
    "nvidia-cuda-nvrtc-cu12": Part(
        lambda: by_pointer("cuda_nvrtc/lib/libnvrtc.so.12", "nvrtcVersion", c_int, c_int),
        lambda pin: [*pin[:2]],
        follows_release=True,
    ),
    "nvidia-nvjitlink-cu12": Part(
        lambda: by_pointer(
            "nvjitlink/lib/libnvJitLink.so.12", "nvJitLinkVersion", c_uint, c_uint),
        lambda pin: [*pin[:2]],
        follows_release=True,
    ),
    "nvidia-cuda-cupti-cu12": Part(
        lambda: by_pointer("cuda_cupti/lib/libcupti.so.12", "cuptiGetVersion", c_uint32)[0],
        lambda pin: cupti_header_version(),
        follows_release=True,
    ),
    "nvidia-cudnn-cu12": Part(
        lambda: by_size("cudnn/lib/libcudnn.so.9", "cudnnGetVersion"),
        lambda pin: pin[0] * 10_000 + pin[1] * 100 + pin[2],
        follows_release=False,
    ),
    "nvidia-nccl-cu12": Part(
        lambda: by_pointer("nccl/lib/libnccl.so.2", "ncclGetVersion", c_int)[0],
        lambda pin: pin[0] * 10_000 + pin[1] * 100 + pin[2],
        follows_release=False,
    ),
}  # fmt: skip


def numbers(version: str) -> tuple[int, ...]:
    """Return a version's numbers: (12, 5, 3, 2) for 12.5.3.2."""
    return tuple(int(number) for number in version.split("."))


def cudnn_version_checks() -> dict[str, int]:
    """Return the status of each check that cuDNN's libraries make of one another."""
    cudnn = library("cudnn/lib/libcudnn.so.9")
    names = ("Graph", "Ops", "Cnn", "Adv")
    return {name: getattr(cudnn, f"cudnn{name}VersionCheck")() for name in names}


def runtime_status() -> dict[str, int]:
    """Return what the CUDA runtime answers when it needs the driver."""
    cudart = library("cuda_runtime/lib/libcudart.so.12")
    version, count, memory = c_int(-1), c_int(-1), c_void_p()
    return {
        "cudaDriverGetVersion": cudart.cudaDriverGetVersion(byref(version)),
        "driver version": version.value,
        "cudaGetDeviceCount": cudart.cudaGetDeviceCount(byref(count)),
        "cudaMalloc": cudart.cudaMalloc(byref(memory), c_size_t(1024)),
    }


def handle_status() -> dict[str, int]:
    """Return what cuBLAS and cuDNN answer when asked for a handle."""
    handle = c_void_p()
    create_blas = library("cublas/lib/libcublas.so.12").cublasCreate_v2
    create_dnn = library("cudnn/lib/libcudnn.so.9").cudnnCreate
    return {
        "cublasCreate": create_blas(byref(handle)),
        "cudnnCreate": create_dnn(byref(handle)),
    }


KERNEL = b"""
extern "C" __global__ void scale(float *values, float factor) {
    values[blockIdx.x * blockDim.x + threadIdx.x] *= sinf(factor);
}
"""


def compile_kernel(architecture: str) -> bytes:
    """Compile a kernel with NVRTC: to PTX for `compute_80`, to machine code for `sm_80`."""
    nvrtc = library("cuda_nvrtc/lib/libnvrtc.so.12")
    program, size = c_void_p(), c_size_t()
    kind = "PTX" if architecture.startswith("compute_") else "CUBIN"

    def call(function: str, *arguments: object) -> None:
        status = getattr(nvrtc, function)(*arguments)
        if status != 0:
            raise RuntimeError(f"{function} answers status {status} for {architecture}")

    options = (ctypes.c_char_p * 1)(f"--gpu-architecture={architecture}".encode())
    call("nvrtcCreateProgram", byref(program), KERNEL, b"scale.cu", 0, None, None)
    call("nvrtcCompileProgram", program, 1, options)
    call(f"nvrtcGet{kind}Size", program, byref(size))
    code = ctypes.create_string_buffer(size.value)
    call(f"nvrtcGet{kind}", program, code)
    call("nvrtcDestroyProgram", byref(program))
    return code.raw


STATUS: Mapping[str, Callable[[], dict[str, int]]] = {
    "cudnn": cudnn_version_checks,
    "handles": handle_status,
    "runtime": runtime_status,
}


def main(question: str, subject: str) -> None:
    """Answer one question on standard output, as JSON."""
    answer = PARTS[subject].ask() if question == "version" else STATUS[subject]()
    print(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
