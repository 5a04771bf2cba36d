"""The files whose functions must be run: TensorFlow's gradients, Keras's optimizers and layers.

Beside them stand those that they call, which nobody must run whole, but mutants are made of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from itertools import chain
from pathlib import Path, PurePosixPath

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
        f"python/{name}.py"
        for name in (
            *("eager/tape", "eager/polymorphic_function/*", "framework/indexed_slices"),
            *(f"ops/{name}_ops" for name in ("array", "bincount", "bitwise", "clip", "list")),
            *(f"ops/{name}_ops" for name in ("candidate_sampling", "control_flow", "ctc", "map")),
            *(f"ops/{name}_ops" for name in ("embedding", "functional", "linalg", "manip", "math")),
            *(f"ops/{name}_ops" for name in ("nn", "sort")),
            *(f"ops/{name}_ops" for name in ("resource_variable", "sparse", "special_math")),
            *(f"ops/{name}_ops" for name in ("stateless_random", "tensor_array")),
            *("ops/array_ops_stack", "ops/image_ops_impl", "ops/nn_impl", "ops/variables"),
            *("ops/cond", "ops/map_fn", "ops/while_loop", "ops/control_flow_util_v2"),
            *("ops/gradients_impl", "ops/gradients_util", "ops/unconnected_gradients"),
            *("ops/parallel_for/*", "ops/tensor_getitem_override"),
            *("ops/linalg/linalg_impl", "ops/linalg/linear_operator*", "ops/linalg/sparse/*"),
            *("ops/losses/*", "ops/ragged/*", "ops/signal/*"),
        )
    ),
    "keras": (
        *(f"src/{group}/*.py" for group in ("activations", "callbacks", "constraints", "metrics")),
        *(f"src/{group}/*.py" for group in ("dtype_policies", "initializers", "models", "ops")),
        *(f"src/{group}/*.py" for group in ("quantizers", "random", "regularizers", "tree")),
        *(f"src/{group}/*.py" for group in ("backend/common", "backend/tensorflow", "utils")),
        *(f"src/{group}/*.py" for group in ("trainers", "trainers/data_adapters")),
        *(f"src/{group}/*.py" for group in ("layers", "layers/preprocessing", "layers/reshaping")),
        "src/layers/preprocessing/image_preprocessing/*.py",
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


def everything() -> dict[str, Path]:
    """Return every file in scope and every helper: its path by its name."""
    return dict(chain(files(), files(HELPERS)))


def holds(name: str) -> bool:
    """Return whether a file is in scope, or a helper, by its name from the package on."""
    return _named(name, PATTERNS) or helps(name)


def helps(name: str) -> bool:
    """Return whether a file is a helper, by its name from the package on."""
    return _named(name, HELPERS) and not _named(name, PATTERNS)


def _named(name: str, patterns: Mapping[str, Sequence[str]]) -> bool:
    package, _, below = name.partition("/")
    return any(PurePosixPath(below).match(pattern) for pattern in patterns.get(package, ()))
