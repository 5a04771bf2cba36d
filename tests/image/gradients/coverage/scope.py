"""The files whose functions must be run: TensorFlow's gradients, Keras's optimizers and layers.

Beside them stand those that they call, which nobody must run whole, but mutants are made of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatch
from importlib.util import find_spec
from pathlib import Path

#: By package, the files below its folder.
PATTERNS = {
    "tensorflow": (
        "python/ops/*_grad.py",
        "python/ops/custom_gradient.py",
        "python/ops/cond_v2.py",
        "python/ops/while_v2.py",
        "python/eager/backprop.py",
        "python/eager/backprop_util.py",
        "python/eager/forwardprop.py",
        "python/eager/polymorphic_function/concrete_function.py",
    ),
    "keras": (
        "src/optimizers/*.py",
        "src/optimizers/schedules/*.py",
        "src/losses/*.py",
        *(f"src/layers/{group}/*.py" for group in ("activations", "attention", "convolutional")),
        *(f"src/layers/{group}/*.py" for group in ("core", "merging", "normalization")),
        *(f"src/layers/{group}/*.py" for group in ("pooling", "regularization", "rnn")),
    ),
}
#: By package, the files that those call.
HELPERS = {
    "tensorflow": tuple(
        f"python/ops/{name}.py"
        for name in (
            *("array_ops", "clip_ops", "embedding_ops", "image_ops_impl", "math_ops", "nn_impl"),
            *("nn_ops", "special_math_ops", "tensor_array_ops", "linalg/linalg_impl"),
        )
    ),
    "keras": (
        "src/backend/tensorflow/*.py",
        *("src/backend/common/masking.py", "src/backend/common/variables.py"),
        *("src/trainers/compile_utils.py", "src/trainers/trainer.py"),
        "src/trainers/data_adapters/data_adapter_utils.py",
    ),
}
#: Tests that Keras ships beside its code.
TESTS = "_test.py"


def files(patterns: Mapping[str, Sequence[str]] = PATTERNS) -> Iterator[tuple[str, Path]]:
    """Yield every file in scope, or of `patterns`: its name from the package on, and its path.

    The packages are found, not imported: importing takes seconds, and runs code.
    """
    for package, below in patterns.items():
        spec = find_spec(package)
        assert spec is not None, f"{package} is not installed"
        assert spec.origin is not None, f"{package} has no file"
        root = Path(spec.origin).parent
        for pattern in below:
            for path in sorted(root.glob(pattern)):
                if not path.name.endswith(TESTS) and path.name != "__init__.py":
                    yield path.relative_to(root.parent).as_posix(), path


def helps(name: str) -> bool:
    """Return whether a file is a helper, by its name from the package on."""
    package, _, below = name.partition("/")
    return any(fnmatch(below, pattern) for pattern in HELPERS.get(package, ()))
