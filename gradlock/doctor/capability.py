"""A GPU against TensorFlow: natively, by PTX from some driver on, or not at all."""

from __future__ import annotations

from dataclasses import dataclass

from gradlock.doctor.findings import Finding, broken, fine, unseen, warning
from gradlock.inputs.variants import Variant

#: A compute capability, or a release of CUDA: two numbers.
Pair = tuple[int, int]


@dataclass(frozen=True)
class Build:
    """What TensorFlow's own kernels are compiled for, and by which CUDA.

    Machine code for X.Y runs on every X.Z with Z >= Y; PTX is compiled by the driver, for every
    capability that is later than its own. For its own there is machine code beside it.
    """

    code: tuple[Pair, ...]
    ptx: Pair
    cuda: Pair


_OLD = ((6, 0), (7, 0), (8, 0), (8, 9))
#: By TensorFlow's release; read from the wheels: `build_info`'s `cuda_compute_capabilities`, of
#: which `compute_90` stands for machine code and PTX (TensorFlow's configure.py; the libraries of
#: 2.21 hold both), and `cuda_version`.
BUILDS: dict[Pair, Build] = {
    (2, 14): Build(((3, 5), (5, 0), (6, 0), (7, 0), (7, 5)), (8, 0), (11, 8)),
    (2, 15): Build(((5, 0), (6, 0), (7, 0), (7, 5)), (8, 0), (12, 2)),
    (2, 16): Build(_OLD, (9, 0), (12, 3)),
    (2, 17): Build(_OLD, (9, 0), (12, 3)),
    (2, 18): Build(_OLD, (9, 0), (12, 5)),
    (2, 19): Build(_OLD, (9, 0), (12, 5)),
    (2, 20): Build(_OLD, (9, 0), (12, 5)),
    (2, 21): Build(_OLD, (9, 0), (12, 5)),
}
#: The first driver that compiles the PTX that a CUDA release writes: minor version compatibility
#: of drivers does not cover PTX. CUDA's release notes, "CUDA Toolkit and Corresponding Driver
#: Versions"; "PTX ISA", "Release Notes" (7.8, 8.2, 8.3, 8.5).
COMPILES: dict[Pair, str] = {
    (11, 8): "520.61.05",
    (12, 2): "535.54.03",
    (12, 3): "545.23.06",
    (12, 5): "555.42.02",
}
#: The first CUDA whose libraries have code for a GPU's generation (CUDA's release notes).
LIBRARIES: dict[int, Pair] = {10: (12, 8), 12: (12, 8)}


def judge(name: str, capability: Pair, driver: str, variant: Variant) -> Finding:
    """Say whether a variant's TensorFlow computes on a GPU with this driver."""
    release = numbers(variant.tensorflow)[:2]
    gpu = f"{name}, compute capability {shown(capability)}"
    build = BUILDS.get((release[0], release[1]))
    if build is None:
        return unseen(
            f"{gpu}: it is not known which GPUs TensorFlow {variant.tensorflow} is built for",
            mend="./inv suite smoke --variant " + variant.name + " --gpu-required tries it",
        )
    native = (*build.code, build.ptx)
    if any(code[0] == capability[0] and code[1] <= capability[1] for code in native):
        return _libraries(gpu, capability, variant) or fine(
            f"{gpu}: TensorFlow {variant.tensorflow} has machine code for it"
        )
    if capability < build.ptx:
        least = shown(min(build.code))
        older = [shown(key) for key, each in BUILDS.items() if min(each.code) <= capability]
        return broken(
            f"{gpu}: TensorFlow {variant.tensorflow} has no code for it (it begins at {least})",
            "the GPU is listed, and every kernel fails: no kernel image is available",
            "compute on the CPU: ./inv lab"
            + (f"; or a row of your own with TensorFlow {older[-1]}" if older else "")
            + "; or another GPU",
        )
    needed = COMPILES[build.cuda]
    if numbers(driver) < numbers(needed):
        return warning(
            f"{gpu}: TensorFlow {variant.tensorflow} has only PTX for it, written by CUDA "
            f"{shown(build.cuda)}, and driver {driver} is older than {needed}",
            "the driver may not be able to compile it: kernels fail with an unsupported PTX",
            f"install driver {needed} or newer",
        )
    return _libraries(gpu, capability, variant) or fine(
        f"{gpu}: by PTX, which driver {driver} compiles (the first run takes minutes)"
    )


def _libraries(gpu: str, capability: Pair, variant: Variant) -> Finding | None:
    """Return what is wrong with the variant's CUDA on a GPU that is newer than it."""
    first = LIBRARIES.get(capability[0])
    if first is None or variant.cuda is None or numbers(variant.cuda)[:2] >= first:
        return None
    return warning(
        f"{gpu}: the libraries of CUDA {variant.cuda} are older than this GPU",
        f"cuBLAS, cuDNN and others have code for it from CUDA {shown(first)} on; before, they are "
        "compiled from PTX where they have any, or fail",
        "take a variant with a newer CUDA: ./inv variants lists them",
    )


def numbers(release: str) -> tuple[int, ...]:
    """Return a release as numbers, which can be compared."""
    return tuple(int(part) for part in release.split(".") if part.isdecimal())


def shown(pair: Pair) -> str:
    """Return two numbers as people write them: 8.9."""
    return f"{pair[0]}.{pair[1]}"
