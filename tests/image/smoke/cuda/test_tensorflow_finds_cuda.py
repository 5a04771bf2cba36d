"""TensorFlow is built for the variant's CUDA, and finds its libraries without help."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import facts
import numpy as np
import pytest
import tensorflow as tf

from smoke.cuda import elf, fresh, toolkit

TENSORFLOW = toolkit.SITE_PACKAGES / "tensorflow"
FRAMEWORK = TENSORFLOW / "libtensorflow_framework.so.2"

# What TensorFlow 2.21 opens by name at run time.
OPENED = ("cublas", "cublasLt", "cudart", "cudnn", "cufft", "cupti", "cusolver", "cusparse", "nccl")


def names(libraries: list[str]) -> list[str]:
    """Return the bare names of libraries: `cudart` for `libcudart.so.12`."""
    return sorted(re.sub(r"^lib|\.so.*$", "", library) for library in libraries)


def test_built_for_the_variants_cuda(cuda: facts.Variant) -> None:
    """TensorFlow was built with this major release of CUDA and cuDNN, and no newer one."""
    info = tf.sysconfig.get_build_info()
    built, ours = toolkit.numbers(info["cuda_version"]), toolkit.numbers(str(cuda.cuda))
    assert built[0] == ours[0]
    assert built <= ours
    assert toolkit.numbers(info["cudnn_version"])[0] == toolkit.numbers(str(cuda.cudnn))[0]


def test_runpath_reaches_every_library() -> None:
    """TensorFlow's RUNPATHs together reach every library that it opens by name.

    Necessary, not sufficient: the loader heeds only the RUNPATH of the library that calls
    `dlopen`. What that finds is the next test's question.
    """
    folders = [
        Path(folder)
        for library in (FRAMEWORK, TENSORFLOW / "libtensorflow_cc.so.2")
        for folder in elf.dynamic(library).runpath
    ]
    assert folders
    reached = {path.name: path for folder in folders for path in folder.glob("lib*.so.*")}
    assert set(OPENED) <= set(names(list(reached)))
    answered = {name: elf.dynamic(path).soname for name, path in reached.items()}
    assert {name: soname for name, soname in answered.items() if soname != name} == {}


def test_own_loader_opens_every_library() -> None:
    """TensorFlow's own loader opens every library, so that it would register a GPU.

    Where this fails, a machine with a GPU says `Cannot dlopen some GPU libraries` and
    TensorFlow uses none.
    """
    script = Path(__file__).with_name("open_libraries.py")
    finished = fresh.run(sys.executable, "-I", script, FRAMEWORK, TF_CPP_MAX_VLOG_LEVEL="3")
    assert finished.returncode == 0, finished.stderr
    log = finished.stderr
    assert re.findall(r"Could not load dynamic library '(\S+)'", log) == []
    assert names(re.findall(r"Successfully opened dynamic library (\S+)", log)) == sorted(OPENED)


def test_lists_every_gpu_of_the_driver() -> None:
    """TensorFlow lists as many GPUs as the driver has: none where there is no driver."""
    assert len(tf.config.list_physical_devices("GPU")) == facts.driver().gpus


@pytest.mark.gpu
def test_trains_on_the_gpu() -> None:
    """A convolutional model trains one epoch on the GPU: cuDNN, cuBLAS."""
    rng = np.random.default_rng(0)
    images, targets = rng.standard_normal((32, 8, 8, 1)), rng.standard_normal((32, 1))
    with tf.device("/GPU:0"):
        model = tf.keras.Sequential(
            [
                tf.keras.Input((8, 8, 1)),
                tf.keras.layers.Conv2D(4, 3, activation="relu"),
                tf.keras.layers.BatchNormalization(),
                tf.keras.layers.Flatten(),
                tf.keras.layers.Dense(1),
            ]
        )
        model.compile(optimizer="adam", loss="mse")
        losses = model.fit(images, targets, epochs=1, verbose=0).history["loss"]
    assert np.isfinite(losses).all()
    assert all("GPU:0" in variable.value.device for variable in model.trainable_variables)


@pytest.mark.gpu
def test_each_library_computes_on_the_gpu() -> None:
    """cuBLAS, cuFFT, cuSOLVER, cuSPARSE, and XLA through ptxas and libdevice agree with the CPU."""
    rng = np.random.default_rng(0)
    square = rng.standard_normal((16, 16))
    positive = square @ square.T + 16 * np.eye(16)
    computations = {
        "cublas": lambda: tf.matmul(square, square),
        "cufft": lambda: tf.abs(tf.signal.fft(tf.cast(square, tf.complex128))),
        "cusolver": lambda: tf.linalg.cholesky(positive),
        "cusparse": lambda: tf.sparse.sparse_dense_matmul(tf.sparse.from_dense(square), square),
        "xla": tf.function(lambda: tf.math.erf(tf.sin(square)), jit_compile=True),
    }
    for name, compute in computations.items():
        with tf.device("/GPU:0"):
            on_gpu = compute()
        assert "GPU:0" in on_gpu.device, name
        with tf.device("/CPU:0"):
            np.testing.assert_allclose(on_gpu, compute(), atol=1e-12, rtol=1e-12, err_msg=name)
