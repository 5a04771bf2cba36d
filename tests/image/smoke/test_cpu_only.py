"""A CPU image carries no part of CUDA, by whatever road it might have come in."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import facts
import pytest

CUDA_FILE = re.compile(
    r"lib(cuda|cudart|cublas|cublasLt|nvblas|cudnn|cufft|cufftw|cupti|curand|cusolver|cusolverMg"
    r"|cusparse|nccl|npp|nvJitLink|nvinfer|nvptxcompiler|nvrtc|nvshmem|nvvm)"
    r"([_.-].*)?\.(so|a)(\..*)?|ptxas|nvcc|nvlink|fatbinary|libdevice.*\.bc"
)
OUTSIDE_THE_IMAGE = frozenset({"/proc", "/sys", "/dev"})


def cuda_files(root: Path) -> Iterator[Path]:
    """Yield every file below a directory that is named as a part of CUDA is."""
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if str(Path(folder, name)) not in OUTSIDE_THE_IMAGE]
        yield from (Path(folder, name) for name in files if CUDA_FILE.fullmatch(name))


@pytest.fixture
def cpu_variant() -> facts.Variant:
    """Return the variant; skip where it is one with CUDA."""
    variant = facts.variant()
    if variant.cuda is not None:
        pytest.skip(f"variant {variant.name} has CUDA {variant.cuda}")
    return variant


def test_no_cuda_file(cpu_variant: facts.Variant) -> None:
    """No file of the image is named as a part of CUDA is."""
    assert list(cuda_files(Path("/"))) == []


def test_no_nvidia_distribution(cpu_variant: facts.Variant) -> None:
    """No wheel of NVIDIA's is installed."""
    assert [str(pin) for pin in facts.installed() if pin.name.startswith("nvidia-")] == []
