"""The CUDA libraries are the lock's, load, answer, and compile; no GPU is needed for that."""

from __future__ import annotations

import importlib.metadata
import re
from pathlib import Path

import facts
import pytest
import tensorflow as tf

from smoke.cuda import fresh, toolkit

ELF_MACHINE_CUDA = 190
NVCC = "nvidia-cuda-nvcc-cu12"  # holds programs: asked by the tests of ptxas
PTXAS = toolkit.NVIDIA / "cuda_nvcc/bin/ptxas"


def shared_libraries(distribution: str) -> list[Path]:
    """Return the shared libraries that an installed distribution brought."""
    files = importlib.metadata.files(distribution) or []
    return [Path(str(file.locate())) for file in files if re.search(r"\.so(\.|$)", file.name)]


def architectures() -> list[str]:
    """Return the machine codes that TensorFlow carries, as `sm_80`; none on a CPU build."""
    codes = tf.sysconfig.get_build_info().get("cuda_compute_capabilities", [])
    return [code for code in codes if code.startswith("sm_")]


@pytest.mark.parametrize("distribution", [*toolkit.PARTS, NVCC])
def test_every_library_loads(distribution: str) -> None:
    """Each library loads, alone in a fresh process, with no LD_LIBRARY_PATH."""
    libraries = shared_libraries(distribution)
    assert libraries
    assert {str(path): said for path in libraries if (said := fresh.load(path))} == {}


def test_every_part_is_asked() -> None:
    """The lock holds the parts that these tests ask, and none that they do not."""
    locked = {pin.name for pin in facts.lock() if pin.name.startswith("nvidia-")}
    assert locked == {*toolkit.PARTS, NVCC}


@pytest.mark.parametrize("distribution", toolkit.PARTS)
def test_library_reports_the_locked_version(distribution: str) -> None:
    """What a library says of itself is what its pin implies."""
    pin = toolkit.numbers(facts.locked_version(distribution))
    assert fresh.ask("version", distribution) == toolkit.PARTS[distribution].expected(pin)


@pytest.mark.parametrize(
    "distribution",
    [*(name for name, part in toolkit.PARTS.items() if part.follows_release), NVCC],
)
def test_part_is_of_the_variants_release(cuda: facts.Variant, distribution: str) -> None:
    """The parts that are numbered as the toolkit is are of the variant's release."""
    release = toolkit.numbers(str(cuda.cuda))
    assert toolkit.numbers(facts.locked_version(distribution))[:2] == release[:2]


def test_cudnn_is_the_variants(cuda: facts.Variant) -> None:
    """The lock's cuDNN is the one that the variant names."""
    assert facts.locked_version("nvidia-cudnn-cu12") == cuda.cudnn


def test_cudnn_libraries_fit_one_another() -> None:
    """The libraries of cuDNN check each other's version and agree."""
    assert set(fresh.ask("status", "cudnn").values()) == {0}


def test_runtime_without_a_driver() -> None:
    """Without a driver the runtime fails as documented: 35, cudaErrorInsufficientDriver."""
    if facts.driver().loaded:
        pytest.skip(f"there is a driver: {facts.driver().why}")
    assert fresh.ask("status", "runtime") == {
        "cudaDriverGetVersion": 0,
        "driver version": 0,
        "cudaGetDeviceCount": 35,
        "cudaMalloc": 35,
    }


def test_handles_without_a_driver() -> None:
    """Without a driver cuBLAS and cuDNN answer NOT_INITIALIZED: 1 and 1001."""
    if facts.driver().loaded:
        pytest.skip(f"there is a driver: {facts.driver().why}")
    assert fresh.ask("status", "handles") == {"cublasCreate": 1, "cudnnCreate": 1001}


@pytest.mark.gpu
def test_runtime_and_handles_with_a_gpu() -> None:
    """With a GPU the same calls succeed; the driver is one for CUDA 12 or newer."""
    runtime = fresh.ask("status", "runtime")
    assert runtime.pop("driver version") >= 12_000
    assert set(runtime.values()) == {0}
    assert set(fresh.ask("status", "handles").values()) == {0}


def test_kernel_compiles_for_every_architecture(tmp_path: Path) -> None:
    """NVRTC compiles to PTX, which ptxas assembles, and to machine code by itself."""
    assert architectures()
    for architecture in architectures():
        ptx, cubin = tmp_path / "scale.ptx", tmp_path / "scale.cubin"
        assembly = toolkit.compile_kernel(architecture.replace("sm_", "compute_")).rstrip(b"\0")
        assert b".entry scale" in assembly
        ptx.write_bytes(assembly)
        finished = fresh.run(PTXAS, f"-arch={architecture}", ptx, "-o", cubin)
        assert finished.returncode == 0, finished.stderr
        for code in (cubin.read_bytes(), toolkit.compile_kernel(architecture)):
            assert code[:4] == b"\x7fELF"
            assert int.from_bytes(code[18:20], "little") == ELF_MACHINE_CUDA


def test_ptxas_is_the_locked_one() -> None:
    """`ptxas --version` says the lock's version, to the last number."""
    said = fresh.run(PTXAS, "--version").stdout
    assert f", V{facts.locked_version(NVCC)}" in said.splitlines()[-2]


def test_libdevice_is_there() -> None:
    """XLA's mathematical functions for GPUs lie where it looks, as LLVM bitcode."""
    libdevice = toolkit.NVIDIA / "cuda_nvcc/nvvm/libdevice/libdevice.10.bc"
    assert libdevice.read_bytes()[:4] == b"BC\xc0\xde"
